#include "namesrv/handlers/remoting/java_properties.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace waypost::handlers {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\f'; }
bool is_line_end(char c) { return c == '\n' || c == '\r'; }

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  while (at < text.size() && is_blank(text[at])) ++at;
  return at;
}

void append_utf8(std::string& out, std::uint32_t point) {
  const auto put = [&](std::uint32_t byte) {
    out += static_cast<char>(static_cast<unsigned char>(byte));
  };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xc0U | (point >> 6U));
    put(0x80U | (point & 0x3fU));
  } else if (point < 0x10000) {
    put(0xe0U | (point >> 12U));
    put(0x80U | ((point >> 6U) & 0x3fU));
    put(0x80U | (point & 0x3fU));
  } else {
    put(0xf0U | (point >> 18U));
    put(0x80U | ((point >> 12U) & 0x3fU));
    put(0x80U | ((point >> 6U) & 0x3fU));
    put(0x80U | (point & 0x3fU));
  }
}

// UTF-16 units, as Java has them, to UTF-8; halves without their other half
// become U+FFFD.
class Utf16Sink {
 public:
  void put(std::uint16_t unit) {
    constexpr std::uint32_t kReplacement = 0xfffd;
    const bool high = unit >= 0xd800 && unit < 0xdc00;
    const bool low = unit >= 0xdc00 && unit < 0xe000;
    if (high_ && low) {
      append_utf8(out_,
                  0x10000U + ((*high_ - 0xd800U) << 10U) + (unit - 0xdc00U));
      high_.reset();
      return;
    }
    if (high_) append_utf8(out_, kReplacement);
    high_.reset();
    if (high) {
      high_ = unit;
    } else {
      append_utf8(out_, low ? kReplacement : unit);
    }
  }
  std::string take() {
    if (high_) append_utf8(out_, 0xfffd);
    high_.reset();
    return std::move(out_);
  }

 private:
  std::optional<std::uint32_t> high_;
  std::string out_;
};

std::optional<std::uint16_t> hexadecimal(std::string_view digits) {
  if (digits.size() != 4) return std::nullopt;
  unsigned value = 0;
  for (const char c : digits) {
    value <<= 4U;
    if (c >= '0' && c <= '9') {
      value |= static_cast<unsigned>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      value |= static_cast<unsigned>(c - 'a' + 10);
    } else if (c >= 'A' && c <= 'F') {
      value |= static_cast<unsigned>(c - 'A' + 10);
    } else {
      return std::nullopt;
    }
  }
  return static_cast<std::uint16_t>(value);
}

// Takes the escapes out; none for a malformed one.
std::optional<std::string> unescape(std::string_view text) {
  Utf16Sink sink;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '\\' && i + 1 < text.size()) {
      c = text[++i];
      if (c == 'u') {
        const auto unit = hexadecimal(text.substr(i + 1, 4));
        if (!unit) return std::nullopt;
        sink.put(*unit);
        i += 4;
        continue;
      }
      if (c == 't') c = '\t';
      if (c == 'n') c = '\n';
      if (c == 'r') c = '\r';
      if (c == 'f') c = '\f';
    }
    sink.put(static_cast<unsigned char>(c));
  }
  return sink.take();
}

// Joins continued lines; skips blank ones and comments.
class LogicalLines {
 public:
  explicit LogicalLines(std::string_view text) : text_(text) {}

  // Empty at the end.
  std::optional<std::string> next() {
    while (at_ < text_.size()) {
      number_ = lines_ + 1;
      std::string_view line = natural_line();
      line.remove_prefix(skip_blanks(line, 0));
      if (line.empty() || line[0] == '#' || line[0] == '!') continue;
      std::string logical(line);
      while (continues(logical)) {
        logical.pop_back();
        std::string_view more = natural_line();
        more.remove_prefix(skip_blanks(more, 0));
        logical += more;
      }
      return logical;
    }
    return std::nullopt;
  }
  // Of the line that next() gave last, from 1.
  std::size_t number() const { return number_; }

 private:
  std::string_view natural_line() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && !is_line_end(text_[at_])) ++at_;
    const std::string_view line = text_.substr(begin, at_ - begin);
    if (at_ < text_.size()) {
      const bool both = text_[at_] == '\r' && at_ + 1 < text_.size() &&
                        text_[at_ + 1] == '\n';
      at_ += both ? 2U : 1U;
    }
    ++lines_;
    return line;
  }
  static bool continues(std::string_view line) {
    std::size_t backslashes = 0;
    while (backslashes < line.size() &&
           line[line.size() - 1 - backslashes] == '\\') {
      ++backslashes;
    }
    return backslashes % 2 == 1;
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  std::size_t lines_ = 0;
  std::size_t number_ = 0;
};

std::size_t end_of_key(std::string_view line) {
  std::size_t at = 0;
  while (at < line.size() && line[at] != '=' && line[at] != ':' &&
         !is_blank(line[at])) {
    at += line[at] == '\\' ? 2U : 1U;
  }
  return std::min(at, line.size());
}

}  // namespace

base::Result<JavaProperties> parse_java_properties(std::string_view text) {
  JavaProperties properties;
  LogicalLines lines(text);
  while (const auto line = lines.next()) {
    const std::string_view all = *line;
    const std::size_t key_end = end_of_key(all);
    std::size_t value = skip_blanks(all, key_end);
    if (value < all.size() && (all[value] == '=' || all[value] == ':')) {
      value = skip_blanks(all, value + 1);
    }
    auto key_text = unescape(all.substr(0, key_end));
    auto value_text = unescape(all.substr(value));
    if (!key_text || !value_text) {
      return base::fail(base::ErrorCode::kMalformed,
                        "line " + std::to_string(lines.number()) +
                            ": \\u is not followed by four hexadecimal digits",
                        "write a backslash as \\\\");
    }
    properties.emplace_back(std::move(*key_text), std::move(*value_text));
  }
  return properties;
}

}  // namespace waypost::handlers
