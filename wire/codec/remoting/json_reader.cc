#include "wire/codec/remoting/json_reader.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "wire/codec/remoting/json_writer.h"
#include "wire/codec/remoting/utf8.h"

namespace waypost::remoting {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' ||
         c == '\b';
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// What may stand in a key or word without quotes.
constexpr std::array<bool, 256> make_bare_table() {
  std::array<bool, 256> bare{};
  for (std::size_t c = ' ' + 1; c < bare.size(); ++c) bare[c] = true;
  for (const char c : std::string_view(":,{}[]\"'/\\")) {
    bare[static_cast<unsigned char>(c)] = false;
  }
  return bare;
}
constexpr std::array<bool, 256> kBare = make_bare_table();

bool is_bare(char c) { return kBare[static_cast<unsigned char>(c)]; }

bool begins_number(char c) { return is_digit(c) || c == '-' || c == '.'; }

// Java's mark for long, short, byte, float, double.
bool is_number_suffix(char c) {
  return c == 'L' || c == 'S' || c == 'B' || c == 'F' || c == 'D';
}

// The integer part of a decimal number that is written out in full.
bool parse_number(std::string_view text, std::int64_t& value) {
  if (!text.empty() && text[0] == '+') text.remove_prefix(1);
  const char* end = text.data() + text.size();
  const auto whole = std::from_chars(text.data(), end, value);
  if (whole.ec == std::errc{} && whole.ptr == end) return true;
  double number = 0;
  const auto real = std::from_chars(text.data(), end, number);
  if (real.ec != std::errc{} || real.ptr != end) return false;
  // The largest double below 2^63; also false for what is no number.
  constexpr double kLimit = 9223372036854774784.0;
  if (!(std::abs(number) <= kLimit)) return false;
  value = static_cast<std::int64_t>(number);
  return true;
}

}  // namespace

JsonReader::JsonReader(std::string_view text) : text_(text) {
  if (is_utf8(text)) return;
  repaired_ = repair_utf8(text);
  text_ = repaired_;
}

void JsonReader::fail(std::string_view problem) {
  if (failed()) return;
  problem_ = problem;
  problem_at_ = at_;
  at_ = text_.size();
}

base::Error JsonReader::error() const {
  return {base::ErrorCode::kMalformed,
          "JSON at byte " + std::to_string(problem_at_) + ": " +
              std::string(problem_),
          ""};
}

base::Status JsonReader::finish() {
  skip_blanks();
  if (!failed() && !at_end()) fail("something follows the value");
  if (failed()) return tl::unexpected(error());
  return {};
}

void JsonReader::skip_blanks() {
  // Everything that is skipped comes before '0', and '0' on is what mostly
  // comes.
  while (!at_end() && static_cast<unsigned char>(text_[at_]) <= '/') {
    if (is_blank(text_[at_])) {
      ++at_;
    } else if (text_[at_] != '/' || !skip_comment()) {
      return;
    }
  }
}

bool JsonReader::skip_comment() {
  const std::string_view rest = text_.substr(at_);
  if (rest.starts_with("//")) {
    const std::size_t line_end = rest.find('\n');
    at_ += line_end == std::string_view::npos ? rest.size() : line_end + 1;
    return true;
  }
  if (rest.starts_with("/*")) {
    const std::size_t close = rest.find("*/", 2);
    if (close != std::string_view::npos) {
      at_ += close + 2;
      return true;
    }
  }
  fail("a comment does not end");
  return false;
}

JsonReader::Kind JsonReader::peek() {
  skip_blanks();
  const char c = here();
  if (c == '"' || c == '\'') return Kind::kText;
  if (begins_number(c)) return Kind::kNumber;
  switch (c) {
    case '{':
      return Kind::kObject;
    case '[':
      return Kind::kArray;
    case 't':
    case 'f':
      return Kind::kBoolean;
    case 'n':
    case 'u':
    case 'N':
      return Kind::kNull;
    default:
      return Kind::kInvalid;
  }
}

// --- Objects and arrays ---

bool JsonReader::enter(char open) {
  if (peek() == Kind::kNull) {
    scan_null();
    return false;
  }
  if (here() != open) {
    fail(open == '{' ? "an object is expected" : "an array is expected");
    return false;
  }
  if (depth_ == kDepthMax) {
    fail("it nests too deep");
    return false;
  }
  ++at_;
  ++depth_;
  after_value_ = false;
  return true;
}

bool JsonReader::enter_object() { return enter('{'); }
bool JsonReader::enter_array() { return enter('['); }

bool JsonReader::next(char close) {
  skip_blanks();
  if (after_value_ && here() != ',' && here() != close) {
    fail("a comma or the end is expected");
  }
  while (here() == ',' && !at_end()) {
    ++at_;
    skip_blanks();
  }
  if (failed()) return false;
  if (at_end()) {
    fail("it ends in the middle");
    return false;
  }
  if (here() == close) {
    ++at_;
    --depth_;
    after_value_ = true;
    return false;
  }
  return true;
}

bool JsonReader::next_member(std::string_view& key) {
  if (!next('}') || !scan_key(key)) return false;
  skip_blanks();
  if (here() != ':') {
    fail("a colon is expected");
    return false;
  }
  ++at_;
  return true;
}

bool JsonReader::next_element() { return next(']'); }

bool JsonReader::scan_key(std::string_view& key) {
  if (here() == '"' || here() == '\'') return scan_text(key, key_scratch_);
  const std::size_t begin = at_;
  while (!at_end() && is_bare(text_[at_])) ++at_;
  if (at_ == begin) {
    fail("a key is expected");
    return false;
  }
  key = text_.substr(begin, at_ - begin);
  return true;
}

// --- Texts ---

bool JsonReader::scan_text(std::string_view& value, std::string& scratch) {
  const char quote = text_[at_];
  const std::size_t begin = ++at_;
  while (!at_end() && text_[at_] != quote && text_[at_] != '\\') ++at_;
  if (here() == quote && !at_end()) {
    value = text_.substr(begin, at_ - begin);
    ++at_;
    return true;
  }
  scratch.assign(text_.substr(begin, at_ - begin));
  while (!at_end() && text_[at_] != quote) {
    if (text_[at_] != '\\') {
      scratch.push_back(text_[at_++]);
    } else if (++at_; !scan_escape(scratch)) {
      return false;
    }
  }
  if (at_end()) {
    fail("a text does not end");
    return false;
  }
  ++at_;
  value = scratch;
  return true;
}

// What follows a backslash.
bool JsonReader::scan_escape(std::string& out) {
  const char c = here();
  constexpr std::string_view kFrom = "btnvfFr\"'/\\01234567";
  constexpr std::string_view kTo{"\b\t\n\v\f\f\r\"'/\\\0\1\2\3\4\5\6\7", 19};
  static_assert(kFrom.size() == kTo.size());
  if (at_end()) {
    fail("a text does not end");
    return false;
  }
  ++at_;
  if (const std::size_t i = kFrom.find(c); i != std::string_view::npos) {
    out.push_back(kTo[i]);
    return true;
  }
  char32_t unit = 0;
  if (c == 'x' && scan_hex(2, unit)) {
    append_utf8(out, unit);
    return true;
  }
  if (c != 'u' || !scan_hex(4, unit)) {
    fail("an escape that does not exist");
    return false;
  }
  const bool high = unit >= 0xD800 && unit < 0xDC00;
  char32_t low = 0;
  if (high && text_.substr(at_).starts_with("\\u")) {
    const std::size_t before = at_;
    at_ += 2;
    if (scan_hex(4, low) && low >= 0xDC00 && low < 0xE000) {
      append_utf8(out, 0x10000 + ((unit - 0xD800) << 10U) + (low - 0xDC00));
      return true;
    }
    at_ = before;
  }
  // Half a character: Java holds it and writes it as '?'.
  if (unit >= 0xD800 && unit < 0xE000) unit = '?';
  append_utf8(out, unit);
  return true;
}

bool JsonReader::scan_hex(std::size_t digits, char32_t& value) {
  if (text_.size() - at_ < digits) return false;
  const char* begin = text_.data() + at_;
  std::uint32_t number = 0;
  const auto read = std::from_chars(begin, begin + digits, number, 16);
  if (read.ec != std::errc{} || read.ptr != begin + digits) return false;
  at_ += digits;
  value = number;
  return true;
}

// --- Values ---

// A number or a word such as null.
bool JsonReader::scan_word(std::string_view& word) {
  const std::size_t begin = at_;
  while (!at_end() && is_bare(text_[at_])) ++at_;
  word = text_.substr(begin, at_ - begin);
  after_value_ = true;
  if (!word.empty()) return true;
  fail("a value is expected");
  return false;
}

// A number, true or false, as it is written.
bool JsonReader::scan_scalar(std::string_view& word) {
  if (!scan_word(word)) return false;
  if (word == "true" || word == "false") return true;
  std::string_view digits = word;
  if (is_number_suffix(digits.back())) digits.remove_suffix(1);
  constexpr std::string_view kDigits = "0123456789+-.eE";
  if (!digits.empty() && begins_number(digits[0]) &&
      digits.find_first_of(kDigits.substr(0, 10)) != std::string_view::npos &&
      digits.find_first_not_of(kDigits) == std::string_view::npos) {
    return true;
  }
  at_ -= word.size();
  fail("an unknown word");
  return false;
}

bool JsonReader::scan_null() {
  std::string_view word;
  if (!scan_word(word)) return false;
  if (word == "null" || word == "undefined" || word == "NaN") return true;
  at_ -= word.size();
  fail("an unknown word");
  return false;
}

// False for null and after a problem.
bool JsonReader::scan_integer(std::int64_t& value) {
  std::string_view word;
  switch (peek()) {
    case Kind::kNull:
      scan_null();
      return false;
    case Kind::kNumber:
      if (!scan_scalar(word)) return false;
      if (is_number_suffix(word.back())) word.remove_suffix(1);
      break;
    case Kind::kText:
      after_value_ = true;
      if (!scan_text(word, value_scratch_)) return false;
      if (word.empty() || word == "null") return false;
      break;
    case Kind::kBoolean: {
      bool boolean = false;
      if (!read(boolean)) return false;
      value = boolean ? 1 : 0;
      return true;
    }
    default:
      fail("a number is expected");
      return false;
  }
  if (parse_number(word, value)) return true;
  fail("a number is wrong or out of range");
  return false;
}

bool JsonReader::read(std::int64_t& value) {
  std::int64_t number = 0;
  if (!scan_integer(number)) return false;
  value = number;
  return true;
}

bool JsonReader::read(std::int32_t& value) {
  std::int64_t number = 0;
  if (!scan_integer(number)) return false;
  using Limits = std::numeric_limits<std::int32_t>;
  if (number < Limits::min() || number > Limits::max()) {
    fail("a number is beyond 32 bits");
    return false;
  }
  value = static_cast<std::int32_t>(number);
  return true;
}

bool JsonReader::read(bool& value) {
  std::string_view word;
  switch (peek()) {
    case Kind::kNull:
      scan_null();
      return false;
    case Kind::kText:
      after_value_ = true;
      if (!scan_text(word, value_scratch_)) return false;
      if (word.empty() || word == "null") return false;
      break;
    case Kind::kBoolean:
    case Kind::kNumber:
      if (!scan_word(word)) return false;
      break;
    default:
      break;
  }
  if (word == "true" || word == "1" || word == "TRUE") {
    value = true;
  } else if (word == "false" || word == "0" || word == "FALSE") {
    value = false;
  } else {
    fail("true or false is expected");
  }
  return !failed();
}

bool JsonReader::read(std::string_view& value) {
  switch (peek()) {
    case Kind::kText:
      after_value_ = true;
      return scan_text(value, value_scratch_);
    case Kind::kNull:
      scan_null();
      return false;
    default: {
      compact_.clear();
      JsonWriter writer(compact_);
      append_compact(writer);
      value = compact_;
      return !failed();
    }
  }
}

bool JsonReader::read(std::string& value) {
  std::string_view text;
  if (!read(text)) return false;
  value.assign(text);
  return true;
}

void JsonReader::skip() {
  std::string_view ignored;
  switch (peek()) {
    case Kind::kObject:
      enter_object();
      while (next_member(ignored)) skip();
      return;
    case Kind::kArray:
      enter_array();
      while (next_element()) skip();
      return;
    case Kind::kText:
      after_value_ = true;
      scan_text(ignored, value_scratch_);
      return;
    case Kind::kNumber:
    case Kind::kBoolean:
      scan_scalar(ignored);
      return;
    case Kind::kNull:
      scan_null();
      return;
    case Kind::kInvalid:
      fail("a value is expected");
      return;
  }
}

void JsonReader::append_compact(JsonWriter& writer) {
  std::string_view text;
  // Escaping makes a control character six times as long.
  if (compact_.size() > 2 * text_.size()) fail("a value is too long as a text");
  switch (peek()) {
    case Kind::kObject:
      enter_object();
      writer.begin_object();
      while (next_member(text)) {
        writer.key(text);
        append_compact(writer);
      }
      writer.end_object();
      return;
    case Kind::kArray:
      enter_array();
      writer.begin_array();
      while (next_element()) append_compact(writer);
      writer.end_array();
      return;
    case Kind::kText:
      if (read(text)) writer.text(text);
      return;
    case Kind::kNumber:
    case Kind::kBoolean:
      if (scan_scalar(text)) writer.raw(text);
      return;
    case Kind::kNull:
      if (scan_null()) writer.null();
      return;
    case Kind::kInvalid:
      fail("a value is expected");
      return;
  }
}

}  // namespace waypost::remoting
