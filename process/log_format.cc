#include "process/log_format.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <cstdio>
#include <ctime>

namespace waypost::process {
namespace {

// One character of UTF-8 at the front of some text. `length` is 1 and `valid`
// false for a byte that starts none.
struct Character {
  std::uint32_t code = 0;
  std::size_t length = 1;
  bool valid = false;
};

Character next_character(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i]));
  };
  const std::uint32_t first = byte(0);
  if (first < 0x80) return {first, 1, true};
  const std::size_t length = first >= 0xf0   ? 4
                             : first >= 0xe0 ? 3
                             : first >= 0xc2 ? 2
                                             : 0;
  if (length == 0 || first > 0xf4 || text.size() < length) return {first};
  std::uint32_t code = first & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return {first};
    code = (code << 6U) | (byte(i) & 0x3fU);
  }
  constexpr std::array<std::uint32_t, 5> kSmallest = {0, 0, 0x80, 0x800,
                                                      0x10000};
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code < kSmallest[length] || surrogate || code > 0x10ffff) return {first};
  return {code, length, true};
}

// True for what a terminal or a log viewer would act upon instead of showing:
// control characters, line separators, and marks that turn text around.
bool is_active(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code <= 0x9f) ||
         (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2066 && code <= 0x2069) || code == 0x200e ||
         code == 0x200f || code == 0xfeff;
}

template <typename... Arguments>
void append_format(std::string& text, const char* format,
                   Arguments... arguments) {
  std::array<char, 48> buffer{};
  const int length =
      std::snprintf(buffer.data(), buffer.size(), format, arguments...);
  text.append(buffer.data(), static_cast<std::size_t>(std::max(length, 0)));
}

const char* short_escape(std::uint32_t code) {
  switch (code) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      return nullptr;
  }
}

// Adds `text` with what is active or no UTF-8 escaped as in C, and quotes and
// backslashes too when it will stand in quotes.
void append_text(std::string& line, std::string_view text, bool in_quotes) {
  while (!text.empty()) {
    const Character next = next_character(text);
    const bool mark =
        in_quotes && (text.front() == '"' || text.front() == '\\');
    if (!next.valid) {
      append_format(line, "\\x%02x", next.code);
    } else if (const char* escape = short_escape(next.code)) {
      line += escape;
    } else if (is_active(next.code)) {
      append_format(line, next.code < 0x100 ? "\\x%02x" : "\\u%04x", next.code);
    } else {
      if (mark) line += '\\';
      line += text.substr(0, next.length);
    }
    text.remove_prefix(next.length);
  }
}

void append_json_string(std::string& line, std::string_view text) {
  line += '"';
  while (!text.empty()) {
    const Character next = next_character(text);
    if (!next.valid) {
      line += "\\ufffd";
    } else if (next.code == '"' || next.code == '\\') {
      line += '\\';
      line += static_cast<char>(next.code);
    } else if (const char* escape = short_escape(next.code)) {
      line += escape;
    } else if (is_active(next.code)) {
      append_format(line, "\\u%04x", next.code);
    } else {
      line += text.substr(0, next.length);
    }
    text.remove_prefix(next.length);
  }
  line += '"';
}

bool is_plain(std::string_view value) {
  return !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
    return c > ' ' && c < 0x7f && c != '"' && c != '\\' && c != '=';
  });
}

void append_time(std::string& line, base::WallTime time) {
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  const auto whole = std::chrono::floor<seconds>(time);
  const auto part = std::chrono::floor<milliseconds>(time - whole).count();
  const std::time_t count = whole.time_since_epoch().count();
  std::tm civil{};
  gmtime_r(&count, &civil);
  append_format(line, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
                civil.tm_year + 1900, civil.tm_mon + 1, civil.tm_mday,
                civil.tm_hour, civil.tm_min, civil.tm_sec,
                static_cast<int>(part));
}

}  // namespace

std::string format_text_line(base::WallTime time, base::LogLevel level,
                             base::LogComponent component,
                             std::string_view message, base::LogFields fields) {
  std::string line;
  append_time(line, time);
  std::string level_name(base::log_level_name(level));
  for (char& c : level_name) c = static_cast<char>(std::toupper(c));
  append_format(line, " %-5s", level_name.c_str());
  append_format(line, " %-9s ",
                std::string(base::log_component_name(component)).c_str());
  append_text(line, message, false);
  for (const base::LogField& field : fields) {
    line += ' ';
    append_text(line, field.key, false);
    line += '=';
    if (!field.quoted || is_plain(field.value)) {
      line += field.value;
      continue;
    }
    line += '"';
    append_text(line, field.value, true);
    line += '"';
  }
  return line;
}

std::string format_json_line(base::WallTime time, base::LogLevel level,
                             base::LogComponent component,
                             std::string_view message, base::LogFields fields) {
  std::string line = R"({"time":")";
  append_time(line, time);
  line += R"(","level":")";
  line += base::log_level_name(level);
  line += R"(","component":")";
  line += base::log_component_name(component);
  line += R"(","message":)";
  append_json_string(line, message);
  for (const base::LogField& field : fields) {
    line += ',';
    append_json_string(line, field.key);
    line += ':';
    if (field.quoted) {
      append_json_string(line, field.value);
    } else {
      line += field.value;
    }
  }
  line += '}';
  return line;
}

}  // namespace waypost::process
