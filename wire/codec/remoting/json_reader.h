#ifndef WAYPOST_WIRE_CODEC_REMOTING_JSON_READER_H_
#define WAYPOST_WIRE_CODEC_REMOTING_JSON_READER_H_

// Reads JSON as leniently as fastjson 1.2 does, because RocketMQ's peers write
// what fastjson reads. Beyond standard JSON: keys without quotes (of numbers
// too), single quotes, comments, surplus commas, the escapes \v \' \xHH \0 to
// \7, control characters inside texts, numbers with one of Java's suffixes,
// `undefined` and `NaN` for null; and where a number is wanted, a text that is
// one.
//
// It hands out one value after the other and builds nothing, so that what a
// message makes us hold is decided by who reads it:
//
//   reader.enter_object();
//   while (reader.next_member(key)) {
//     if (key == "code") reader.read(code); else reader.skip();
//   }
//   return reader.finish();
//
// After the first problem everything reads as empty and the problem stays; the
// caller looks once, at the end. Whatever the bytes, it terminates, stays
// within them, and nests at most kDepthMax deep.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace waypost::remoting {

class JsonWriter;

class JsonReader {
 public:
  static constexpr std::size_t kDepthMax = 64;

  // The text must outlive the reader; bytes that are no UTF-8 are replaced
  // first, in a copy.
  explicit JsonReader(std::string_view text);
  JsonReader(const JsonReader&) = delete;
  JsonReader& operator=(const JsonReader&) = delete;

  enum class Kind : std::uint8_t {
    kObject,
    kArray,
    kText,
    kNumber,
    kBoolean,
    kNull,
    kInvalid,  // no value is here: reading it fails
  };
  // Of the value at hand.
  Kind peek();

  // Begins the object or array at hand. False when null is there instead, which
  // is consumed, and after a problem: what is neither is one.
  bool enter_object();
  bool enter_array();
  // Goes to the next member or element, whose value must then be read, entered
  // or skipped. False at the end, which is consumed, and after a problem. The
  // key is valid until the next call of any function.
  bool next_member(std::string_view& key);
  bool next_element();

  // Reads the value at hand. False, and `value` stays as it is, when it is null
  // and after a problem. A number out of range is a problem; a fraction is cut
  // off. As text an object or array reads as its compact JSON. A text is valid
  // until the next call of any function.
  bool read(std::int32_t& value);
  bool read(std::int64_t& value);
  bool read(bool& value);
  bool read(std::string_view& value);
  bool read(std::string& value);

  // Steps over the value at hand.
  void skip();

  // For a caller who knows what usually stands here: all that is left, and to
  // step over a value of so many bytes at its front.
  std::string_view rest() const { return text_.substr(at_); }
  void skip_bytes(std::size_t value_bytes) {
    at_ += value_bytes;
    after_value_ = true;
  }

  // After the outermost value: that nothing but blanks and comments follows.
  base::Status finish();

  bool failed() const { return !problem_.empty(); }
  // For a problem that the caller found in a value.
  void fail(std::string_view problem);
  // kMalformed, with the place.
  base::Error error() const;

 private:
  bool at_end() const { return at_ >= text_.size(); }
  char here() const { return at_end() ? '\0' : text_[at_]; }

  void skip_blanks();
  bool skip_comment();
  bool enter(char open);
  bool next(char close);
  bool scan_key(std::string_view& key);
  bool scan_text(std::string_view& value, std::string& scratch);
  bool scan_escape(std::string& out);
  bool scan_hex(std::size_t digits, char32_t& value);
  bool scan_word(std::string_view& word);
  bool scan_scalar(std::string_view& word);
  bool scan_null();
  bool scan_integer(std::int64_t& value);
  void append_compact(JsonWriter& writer);

  std::string repaired_;
  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  bool after_value_ = false;  // a comma or the end must come
  std::string_view problem_;
  std::size_t problem_at_ = 0;
  std::string key_scratch_;
  std::string value_scratch_;
  std::string compact_;
};

}  // namespace waypost::remoting

#endif  // WAYPOST_WIRE_CODEC_REMOTING_JSON_READER_H_
