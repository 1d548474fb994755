#include "namesrv/etcd/http_response.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace waypost::etcd {
namespace {

tl::unexpected<base::Error> malformed(std::string what) {
  return base::fail(base::ErrorCode::kMalformed,
                    "no HTTP answer: " + std::move(what));
}

tl::unexpected<base::Error> too_large(const char* what, std::size_t most) {
  return base::fail(base::ErrorCode::kTooLarge,
                    std::string("the answer's ") + what + " is longer than " +
                        std::to_string(most) + " bytes");
}

bool equal_words(std::string_view one, std::string_view other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](unsigned char a, unsigned char b) {
                      return std::tolower(a) == std::tolower(b);
                    });
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

template <typename Number>
bool read_number(std::string_view text, int base, Number& value) {
  if (text.empty()) return false;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc() && end == text.data() + text.size();
}

// A chunk's size line, with extensions that nobody uses.
constexpr std::size_t kChunkLineMax = 256;

}  // namespace

std::string post_request(const base::Endpoint& host,
                         const HttpRequest& request) {
  std::string text = "POST " + request.path + " HTTP/1.1\r\n";
  text += "Host: " + host.to_string() + "\r\n";
  text += "Content-Type: application/json\r\n";
  if (!request.authorization.empty()) {
    text += "Authorization: " + request.authorization + "\r\n";
  }
  text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  text += "Connection: close\r\n\r\n";
  text += request.body;
  return text;
}

base::Result<bool> HttpReader::feed(std::string_view bytes) {
  if (part_ == Part::kDone) return true;
  waiting_ += bytes;
  return go_on();
}

base::Result<bool> HttpReader::end() {
  if (part_ == Part::kBody && !length_known_) part_ = Part::kDone;
  if (part_ == Part::kDone) return true;
  return base::fail(base::ErrorCode::kUnavailable,
                    "the connection was closed before the answer was whole");
}

base::Result<bool> HttpReader::go_on() {
  while (part_ != Part::kDone) {
    const auto moved = step();
    if (!moved) return moved;
    if (!*moved) return false;
  }
  waiting_.clear();
  return true;
}

// Whether there was enough to get on.
base::Result<bool> HttpReader::step() {
  switch (part_) {
    case Part::kHead: {
      const auto end = waiting_.find("\r\n\r\n");
      if (std::min(end, waiting_.size()) > limits_.head_bytes_max) {
        return too_large("head", limits_.head_bytes_max);
      }
      if (end == std::string::npos) return false;
      if (auto head = read_head(std::string_view(waiting_).substr(0, end + 2));
          !head) {
        return tl::unexpected(head.error());
      }
      waiting_.erase(0, end + 4);
      return true;
    }
    case Part::kBody: {
      const std::size_t count =
          length_known_ ? std::min(left_, waiting_.size()) : waiting_.size();
      if (auto taken = take_body(count); !taken) {
        return tl::unexpected(taken.error());
      }
      if (!length_known_) return false;
      left_ -= count;
      if (left_ == 0) part_ = Part::kDone;
      return left_ == 0;
    }
    case Part::kChunkSize: {
      const auto end = waiting_.find("\r\n");
      if (std::min(end, waiting_.size()) > kChunkLineMax) {
        return malformed("a chunk without a size");
      }
      if (end == std::string::npos) return false;
      const std::string_view line = std::string_view(waiting_).substr(0, end);
      if (!read_number(trimmed(line.substr(0, line.find(';'))), 16, left_)) {
        return malformed("a chunk of size '" + std::string(line.substr(0, 40)) +
                         "'");
      }
      waiting_.erase(0, end + 2);
      // What trails the last chunk says nothing to us.
      part_ = left_ == 0 ? Part::kDone : Part::kChunk;
      return true;
    }
    case Part::kChunk: {
      const std::size_t count = std::min(left_, waiting_.size());
      if (auto taken = take_body(count); !taken) {
        return tl::unexpected(taken.error());
      }
      left_ -= count;
      if (left_ == 0) part_ = Part::kChunkEnd;
      return left_ == 0;
    }
    case Part::kChunkEnd:
      if (waiting_.size() < 2) return false;
      if (!waiting_.starts_with("\r\n")) {
        return malformed("a chunk longer than its size");
      }
      waiting_.erase(0, 2);
      part_ = Part::kChunkSize;
      return true;
    case Part::kDone:
      break;
  }
  return true;
}

base::Status HttpReader::take_body(std::size_t count) {
  if (response_.body.size() + count > limits_.body_bytes_max) {
    return too_large("body", limits_.body_bytes_max);
  }
  response_.body.append(waiting_, 0, count);
  waiting_.erase(0, count);
  return {};
}

// The status line and the fields, each with its line end.
base::Status HttpReader::read_head(std::string_view head) {
  std::string_view line = head.substr(0, head.find("\r\n"));
  if (!line.starts_with("HTTP/1.") || line.size() < 12 || line[8] != ' ' ||
      !read_number(line.substr(9, 3), 10, response_.status)) {
    return malformed("it begins with '" + std::string(line.substr(0, 40)) +
                     "'");
  }
  head.remove_prefix(line.size() + 2);
  while (!head.empty()) {
    line = head.substr(0, head.find("\r\n"));
    if (auto field = read_field(line); !field) return field;
    head.remove_prefix(line.size() + 2);
  }
  if (chunked_) {
    part_ = Part::kChunkSize;
  } else if (length_known_ && left_ == 0) {
    part_ = Part::kDone;
  } else {
    part_ = Part::kBody;
  }
  return {};
}

base::Status HttpReader::read_field(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) {
    return malformed("a header field without a colon");
  }
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (equal_words(name, "Transfer-Encoding")) {
    if (!equal_words(value, "chunked")) {
      return malformed("its transfer encoding is '" +
                       std::string(value.substr(0, 40)) + "'");
    }
    chunked_ = true;
  } else if (equal_words(name, "Content-Length")) {
    if (!read_number(value, 10, left_)) {
      return malformed("its length is '" + std::string(value.substr(0, 40)) +
                       "'");
    }
    length_known_ = true;
    if (left_ > limits_.body_bytes_max) {
      return too_large("body", limits_.body_bytes_max);
    }
  }
  return {};
}

}  // namespace waypost::etcd
