#include "wire/codec/remoting/java_text.h"

#include <algorithm>
#include <charconv>

namespace waypost::remoting {
namespace {

template <typename Number>
std::optional<Number> parse(std::string_view text) {
  // from_chars knows '-' only; "+-1" stays wrong.
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') {
    text.remove_prefix(1);
  }
  const char* end = text.data() + text.size();
  Number number = 0;
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return number;
}

}  // namespace

std::optional<std::int64_t> java_long(std::string_view text) {
  return parse<std::int64_t>(text);
}

std::optional<std::int32_t> java_int(std::string_view text) {
  return parse<std::int32_t>(text);
}

bool java_boolean(std::string_view text) {
  constexpr std::string_view kTrue = "true";
  return std::equal(text.begin(), text.end(), kTrue.begin(), kTrue.end(),
                    [](char c, char lower) {
                      return c == lower ||
                             (c >= 'A' && c <= 'Z' && c - 'A' + 'a' == lower);
                    });
}

}  // namespace waypost::remoting
