#include "wire/codec/remoting/json_writer.h"

#include <array>
#include <charconv>
#include <cstddef>

#include "wire/codec/remoting/utf8.h"

namespace waypost::remoting {
namespace {

constexpr std::size_t kDecimalMaxBytes = 20;

void append_decimal(std::string& out, std::int64_t value) {
  std::array<char, kDecimalMaxBytes> digits;
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out.append(digits.data(), end.ptr);
}

void append_unit(std::string& out, char32_t unit) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) {
    out.push_back(kDigits[unit >> shift & 0xFU]);
  }
}

void append_escaped(std::string& out, char32_t code_point) {
  if (code_point < 0x10000) return append_unit(out, code_point);
  const char32_t above = code_point - 0x10000;
  append_unit(out, 0xD800 + (above >> 10U));
  append_unit(out, 0xDC00 + (above & 0x3FFU));
}

// The letter after the backslash; '\0' where there is none.
char short_escape(char32_t c, JsonDialect dialect) {
  switch (c) {
    case '"':
    case '\\':
      return static_cast<char>(c);
    case '/':
      return dialect == JsonDialect::kStandard ? '/' : '\0';
    case '\b':
      return 'b';
    case '\t':
      return 't';
    case '\n':
      return 'n';
    case '\f':
      return 'f';
    case '\r':
      return 'r';
    default:
      return '\0';
  }
}

bool is_escaped(char32_t c, JsonDialect dialect) {
  if (c < 0x20) return true;
  if (dialect == JsonDialect::kStandard) return c >= 0x7F;
  return (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029;
}

// Bytes that stand for themselves in both dialects.
constexpr std::array<bool, 256> make_plain_table() {
  std::array<bool, 256> plain{};
  for (std::size_t c = 0x20; c < 0x7F; ++c) plain[c] = true;
  plain['"'] = plain['\\'] = plain['/'] = false;
  return plain;
}
constexpr std::array<bool, 256> kPlain = make_plain_table();

std::size_t plain_run(std::string_view text) {
  std::size_t run = 0;
  while (run < text.size() && kPlain[static_cast<unsigned char>(text[run])]) {
    ++run;
  }
  return run;
}

}  // namespace

void JsonWriter::separate() {
  if (!first_) out_.push_back(',');
  first_ = false;
}

void JsonWriter::quoted(std::string_view value) {
  out_.push_back('"');
  while (true) {
    const std::size_t run = plain_run(value);
    out_.append(value.substr(0, run));
    value.remove_prefix(run);
    if (value.empty()) break;
    const Utf8Character character = read_utf8(value);
    const char32_t c = character.code_point;
    if (const char letter = short_escape(c, dialect_); letter != '\0') {
      out_.push_back('\\');
      out_.push_back(letter);
    } else if (is_escaped(c, dialect_)) {
      append_escaped(out_, c);
    } else {
      append_utf8(out_, c);
    }
    value.remove_prefix(character.bytes);
  }
  out_.push_back('"');
}

JsonWriter& JsonWriter::begin_object() {
  separate();
  out_.push_back('{');
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::end_object() {
  out_.push_back('}');
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::begin_array() {
  separate();
  out_.push_back('[');
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::end_array() {
  out_.push_back(']');
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  quoted(name);
  out_.push_back(':');
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::number_key(std::int64_t number) {
  const bool bare = dialect_ == JsonDialect::kFastjson;
  separate();
  if (!bare) out_.push_back('"');
  append_decimal(out_, number);
  if (!bare) out_.push_back('"');
  out_.push_back(':');
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::text(std::string_view value) {
  separate();
  quoted(value);
  return *this;
}

JsonWriter& JsonWriter::number(std::int64_t value) {
  separate();
  append_decimal(out_, value);
  return *this;
}

JsonWriter& JsonWriter::boolean(bool value) {
  return raw(value ? "true" : "false");
}

JsonWriter& JsonWriter::null() { return raw("null"); }

JsonWriter& JsonWriter::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

}  // namespace waypost::remoting
