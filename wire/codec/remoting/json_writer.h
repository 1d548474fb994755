#ifndef WAYPOST_WIRE_CODEC_REMOTING_JSON_WRITER_H_
#define WAYPOST_WIRE_CODEC_REMOTING_JSON_WRITER_H_

// Writes JSON as fastjson 1.2 does, which is how RocketMQ's peers expect it.

#include <cstdint>
#include <string>
#include <string_view>

namespace waypost::remoting {

enum class JsonDialect : std::uint8_t {
  // fastjson's default: keys of maps by number are bare (`{0:"..."}`), text is
  // UTF-8; control characters, U+007F to U+009F, U+2028 and U+2029 are escaped.
  kFastjson,
  // fastjson's "browser compatible": standard JSON in ASCII. Keys are always
  // quoted, `/` is written `\/`, everything from U+007F on is escaped.
  kStandard,
};

// Appends to a string. Commas come by themselves. \uXXXX has upper-case digits.
// Bytes that are no UTF-8 are written as U+FFFD.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out,
                      JsonDialect dialect = JsonDialect::kFastjson)
      : out_(out), dialect_(dialect) {}

  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();

  // The key of the next value.
  JsonWriter& key(std::string_view name);
  JsonWriter& number_key(std::int64_t number);

  JsonWriter& text(std::string_view value);
  JsonWriter& number(std::int64_t value);
  JsonWriter& boolean(bool value);
  JsonWriter& null();
  // A value that is JSON already.
  JsonWriter& raw(std::string_view json);

  JsonWriter& member(std::string_view name, std::string_view value) {
    return key(name).text(value);
  }
  JsonWriter& member(std::string_view name, std::int64_t value) {
    return key(name).number(value);
  }

 private:
  void separate();
  void quoted(std::string_view value);

  std::string& out_;
  const JsonDialect dialect_;
  bool first_ = true;  // no comma before the next key or element
};

}  // namespace waypost::remoting

#endif  // WAYPOST_WIRE_CODEC_REMOTING_JSON_WRITER_H_
