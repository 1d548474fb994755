#include "broker_agent/core/text.h"

#include <algorithm>

namespace waypost::agent {

std::string format_elapsed(base::Duration elapsed) {
  using std::chrono::duration_cast;
  using std::chrono::microseconds;
  using std::chrono::seconds;
  elapsed = std::max(elapsed, base::Duration{0});
  if (elapsed < std::chrono::milliseconds(1)) {
    return std::to_string(duration_cast<microseconds>(elapsed).count()) + "us";
  }
  if (elapsed < seconds(1)) return std::to_string(base::to_ms(elapsed)) + "ms";
  if (elapsed < seconds(60)) {
    const auto tenths = (base::to_ms(elapsed) + 50) / 100;
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) +
           "s";
  }
  const auto whole = duration_cast<seconds>(elapsed).count();
  return std::to_string(whole / 60) + "m " + std::to_string(whole % 60) + "s";
}

std::string format_count(std::size_t count, std::string_view noun) {
  std::string text = std::to_string(count) + " " + std::string(noun);
  if (count != 1) text += 's';
  return text;
}

std::string format_bytes_seen(std::string_view bytes, std::size_t max) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes.substr(0, max)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\r') {
      text += "\\r";
    } else if (c == '\n') {
      text += "\\n";
    } else if (c == '\\') {
      text += "\\\\";
    } else if (byte >= 0x20 && byte < 0x7f) {
      text += c;
    } else {
      text += "\\x";
      text += kDigits[byte >> 4U];
      text += kDigits[byte & 0xfU];
    }
  }
  if (bytes.size() > max) text += "...";
  return text;
}

}  // namespace waypost::agent
