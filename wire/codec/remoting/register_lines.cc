#include "wire/codec/remoting/register_lines.h"

#include <array>

#include "wire/codec/remoting/big_endian.h"
#include "wire/codec/remoting/bodies.h"
#include "wire/codec/remoting/body_reader.h"
#include "wire/codec/remoting/inflater.h"
#include "wire/codec/remoting/java_text.h"
#include "wire/codec/remoting/utf8.h"

namespace waypost::remoting {
namespace {

constexpr std::string_view kWhat = "deflated registration body";

base::Error fault(base::ErrorCode code, std::string_view why) {
  return {code, std::string(kWhat) + ": " + std::string(why), ""};
}

// "name read write permission filterType [attributes]"
bool parse_line(std::string_view line, model::TopicConfig& topic) {
  std::array<std::string_view, 5> fields;
  for (std::string_view& field : fields) {
    const std::size_t blank = line.find(' ');
    field = line.substr(0, blank);
    line.remove_prefix(blank == std::string_view::npos ? line.size()
                                                       : blank + 1);
  }
  const auto read_queues = java_int(fields[1]);
  const auto write_queues = java_int(fields[2]);
  const auto permission = java_int(fields[3]);
  const bool filter = fields[4] == "SINGLE_TAG" || fields[4] == "MULTI_TAG";
  if (!read_queues || !write_queues || !permission || !filter) return false;
  topic.name = model::TopicName(std::string(fields[0]));
  topic.queues = {model::from_java_int(*read_queues),
                  model::from_java_int(*write_queues),
                  {model::from_java_int(*permission)},
                  0};
  return true;
}

class LinesDecoder {
 public:
  LinesDecoder(std::string_view deflated, const RegisterBodyLimits& limits)
      : inflater_(deflated, limits.frame_max_bytes * CopyBudget::kExpansion),
        budget_(limits.frame_max_bytes) {}

  base::Result<RegisterBody> decode() {
    if (take_data_version() && take_topics() && take_filter_servers() &&
        take_mappings()) {
      return std::move(body_);
    }
    if (budget_.exceeded() || inflater_.too_large()) {
      return tl::unexpected(fault(base::ErrorCode::kTooLarge,
                                  "it unfolds to more than four times the "
                                  "frame limit"));
    }
    return tl::unexpected(fault(base::ErrorCode::kMalformed, problem_));
  }

 private:
  bool fail(std::string_view problem) {
    problem_ = problem;
    return false;
  }

  bool take_number(std::int32_t& number) {
    if (!inflater_.read(4, item_)) return false;
    number = load_i32(item_.data());
    return true;
  }

  // The next item into item_, as valid UTF-8.
  bool take_item() {
    std::int32_t size = 0;
    if (!take_number(size)) return false;
    if (size < 0) return fail("an item of negative length");
    if (!inflater_.read(static_cast<std::size_t>(size), item_)) return false;
    if (!is_utf8(item_)) item_ = repair_utf8(item_);
    return true;
  }

  bool take_data_version() {
    if (!take_item()) return false;
    auto version = decode_data_version(item_);
    if (!version) return fail("its data version is wrong");
    body_.data_version = *version;
    return true;
  }

  bool take_topics() {
    std::int32_t count = 0;
    if (!take_number(count)) return false;
    for (std::int32_t i = 0; i < count; ++i) {
      if (!take_item()) return false;
      if (!budget_.grow(body_.topics) || !budget_.take(item_.size())) {
        return false;
      }
      if (!parse_line(item_, body_.topics.emplace_back())) {
        return fail("a topic's line is wrong");
      }
    }
    return true;
  }

  // Java goes on without those that it cannot read.
  bool take_filter_servers() {
    if (!take_item()) return false;
    BodyReader reader(item_, budget_);
    reader.texts(body_.filter_servers);
    if (!reader.finish(kWhat)) body_.filter_servers.clear();
    return !budget_.exceeded();
  }

  // Brokers of 4.x end before.
  bool take_mappings() {
    std::int32_t count = 0;
    if (inflater_.at_end()) return true;
    if (!take_number(count)) return false;
    for (std::int32_t i = 0; i < count; ++i) {
      if (!take_item()) return false;
      BodyReader reader(item_, budget_);
      auto* mapping = reader.add(body_.mappings);
      if (mapping == nullptr || !read_mapping(reader, *mapping) ||
          !reader.finish(kWhat)) {
        return fail("a topic queue mapping is wrong");
      }
    }
    return true;
  }

  Inflater inflater_;
  CopyBudget budget_;
  RegisterBody body_;
  std::string item_;
  std::string_view problem_ = "the stream is cut off or broken";
};

}  // namespace

base::Result<RegisterBody> decode_register_lines(
    std::string_view deflated, const RegisterBodyLimits& limits) {
  return LinesDecoder(deflated, limits).decode();
}

}  // namespace waypost::remoting
