// nlohmann's tree does not remember lines, so the file is read by its event
// parser, over an iterator that counts them.

#include "broker_agent/sidecar/topic_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace waypost::agent {
namespace {

using nlohmann::json;

// How far the parser has read. A number ends only with the byte after it, so
// one newline just behind does not count.
struct Position {
  std::size_t newlines = 0;
  char last = 0;

  std::size_t line() const {
    return 1 + newlines - (last == '\n' && newlines > 0 ? 1 : 0);
  }
};

class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, Position* position)
      : at_(at), position_(position) {}

  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    position_->last = *at_;
    if (*at_ == '\n') ++position_->newlines;
    ++at_;
    return *this;
  }
  friend bool operator==(const CountingIterator& a, const CountingIterator& b) {
    return a.at_ == b.at_;
  }

 private:
  const char* at_;
  Position* position_;
};

// Takes the parser's events; each returns false to stop, with error_ set.
class TopicReader {
 public:
  using number_integer_t = json::number_integer_t;
  using number_unsigned_t = json::number_unsigned_t;
  using number_float_t = json::number_float_t;
  using string_t = json::string_t;
  using binary_t = json::binary_t;

  TopicReader(std::string file, const Position& position)
      : file_(std::move(file)), position_(position) {}

  std::vector<model::TopicConfig> topics;
  std::map<std::string, std::size_t> lines;  // of each name

  const std::string& error() const { return error_; }
  bool saw_topics() const { return saw_topics_; }

  bool start_object(std::size_t) {
    if (place_ == Place::kStart) return enter(Place::kFile);
    if (place_ != Place::kTopics) return unexpected("an object");
    topic_ = {};
    topic_.queues = {4, 4, {}, 0};
    has_name_ = false;
    return enter(Place::kTopic);
  }
  bool end_object() {
    if (place_ != Place::kTopic) return enter(Place::kEnd);
    if (!has_name_) return fail("a topic without \"name\"");
    if (auto ok = model::check_topic(topic_); !ok) {
      return fail(ok.error().message);
    }
    const auto [first, is_new] =
        lines.emplace(topic_.name.value(), position_.line());
    if (!is_new) {
      return fail("topic " + topic_.name.value() +
                  " is named twice, first in line " +
                  std::to_string(first->second));
    }
    topics.push_back(topic_);
    return enter(Place::kTopics);
  }
  bool start_array(std::size_t) {
    if (place_ != Place::kFile || key_ != "topics") {
      return unexpected("a list");
    }
    saw_topics_ = true;
    return enter(Place::kTopics);
  }
  bool end_array() { return enter(Place::kFile); }

  bool key(string_t& key) {
    key_ = key;
    if (place_ == Place::kFile) {
      if (key_ != "topics") return fail("unknown key \"" + key_ + "\"");
      if (saw_topics_) return fail("\"topics\" is there twice");
      return true;
    }
    if (key_ == "name" || key_ == "read_queues" || key_ == "write_queues" ||
        key_ == "permission") {
      return true;
    }
    return fail("unknown key \"" + key_ +
                "\", a topic has name, read_queues, write_queues, permission");
  }

  bool string(string_t& text) {
    if (place_ == Place::kTopic && key_ == "name") {
      has_name_ = true;
      topic_.name = model::TopicName(text);
      return true;
    }
    if (place_ == Place::kTopic && key_ == "permission") {
      const auto permission = model::parse_permission(text);
      if (!permission) {
        return fail("permission \"" + text + "\", allowed are rw, r, w, -");
      }
      topic_.queues.permission = *permission;
      return true;
    }
    return unexpected("a text");
  }
  bool number_unsigned(number_unsigned_t number) {
    if (place_ != Place::kTopic ||
        (key_ != "read_queues" && key_ != "write_queues")) {
      return unexpected("a number");
    }
    if (number > model::kQueuesMax) {
      return fail(key_ + " is " + std::to_string(number) + ", at most " +
                  std::to_string(model::kQueuesMax) + " are allowed");
    }
    (key_ == "read_queues" ? topic_.queues.read_queues
                           : topic_.queues.write_queues) =
        static_cast<std::uint32_t>(number);
    return true;
  }
  bool number_integer(number_integer_t number) {
    return unexpected("the negative number " + std::to_string(number));
  }
  bool number_float(number_float_t, const string_t& text) {
    return unexpected("the number " + text);
  }
  bool null() { return unexpected("null"); }
  bool boolean(bool value) { return unexpected(value ? "true" : "false"); }
  bool binary(binary_t&) { return unexpected("bytes"); }

  bool parse_error(std::size_t, const std::string& token,
                   const nlohmann::detail::exception& error) {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: why"
    std::string_view why = error.what();
    if (const auto at = why.find("column "); at != std::string_view::npos) {
      const auto colon = why.find(": ", at);
      if (colon != std::string_view::npos) why.remove_prefix(colon + 2);
    }
    static_cast<void>(token);
    return fail("not JSON: " + std::string(why.substr(0, 200)));
  }

 private:
  enum class Place { kStart, kFile, kTopics, kTopic, kEnd };

  bool enter(Place place) {
    place_ = place;
    return true;
  }
  bool unexpected(const std::string& what) {
    switch (place_) {
      case Place::kStart:
        return fail("the file is " + what + ", not {\"topics\": [...]}");
      case Place::kFile:
        return fail("\"topics\" must be a list of topics, not " + what);
      case Place::kTopics:
        return fail(
            "a topic must be an object like {\"name\": \"orders\"}, "
            "not " +
            what);
      case Place::kTopic:
        return fail("\"" + key_ + "\" cannot be " + what);
      case Place::kEnd:
        break;
    }
    return fail("nothing may follow");
  }
  bool fail(const std::string& why) {
    error_ = file_ + ":" + std::to_string(position_.line()) + ": " + why;
    return false;
  }

  const std::string file_;
  const Position& position_;
  Place place_ = Place::kStart;
  std::string key_;
  model::TopicConfig topic_;
  bool has_name_ = false;
  bool saw_topics_ = false;
  std::string error_;
};

tl::unexpected<base::Error> bad(std::string message) {
  return base::fail(base::ErrorCode::kInvalidArgument, std::move(message));
}

}  // namespace

base::Result<TopicList> parse_topics(std::string_view text,
                                     const std::string& file) {
  Position position;
  TopicReader reader(file, position);
  const CountingIterator begin(text.data(), &position);
  const CountingIterator end(text.data() + text.size(), &position);
  const bool read = json::sax_parse(begin, end, &reader,
                                    json::input_format_t::json, true, true);
  if (!read) return bad(reader.error());
  if (!reader.saw_topics()) return bad(file + ":1: \"topics\" is missing");
  auto topics = TopicList::make(std::move(reader.topics));
  if (!topics) return bad(file + ": " + topics.error().message);
  return topics;
}

base::Result<std::string> read_topic_text(const std::string& file) {
  const auto unreadable = [&file] {
    return base::fail(
        base::ErrorCode::kNotFound,
        "cannot read topic file " + file + ": " + std::strerror(errno));
  };
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return unreadable();
  std::string text;
  std::vector<char> piece(64 * 1024);
  while (stream.read(piece.data(), static_cast<std::streamsize>(piece.size())),
         stream.gcount() > 0) {
    text.append(piece.data(), static_cast<std::size_t>(stream.gcount()));
    if (text.size() > kTopicFileMaxBytes) {
      return base::fail(base::ErrorCode::kTooLarge,
                        "topic file " + file + " is larger than 64 MiB");
    }
  }
  if (stream.bad()) return unreadable();
  return text;
}

base::Result<TopicList> read_topic_file(const std::string& file) {
  const auto text = read_topic_text(file);
  if (!text) return tl::unexpected(text.error());
  return parse_topics(*text, file);
}

}  // namespace waypost::agent
