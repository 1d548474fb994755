#include "wire/codec/remoting/json_writer.h"

#include <string>

#include <doctest/doctest.h>

namespace waypost::remoting {
namespace {

std::string text(std::string_view value, JsonDialect dialect) {
  std::string out;
  JsonWriter(out, dialect).text(value);
  return out;
}

TEST_CASE("members, elements and commas") {
  std::string out;
  JsonWriter json(out);
  json.begin_object().member("a", 1).key("b").begin_array();
  json.number(-1).text("x").null().boolean(true).begin_object().end_object();
  json.end_array().key("c").begin_object().member("d", "e").end_object();
  json.key("f").raw("[0]").end_object();
  CHECK(out == R"({"a":1,"b":[-1,"x",null,true,{}],"c":{"d":"e"},"f":[0]})");
}

TEST_CASE("keys of maps by number are bare in fastjson's dialect alone") {
  const auto map = [](JsonDialect dialect) {
    std::string out;
    JsonWriter json(out, dialect);
    json.begin_object().number_key(0).text("x").number_key(-9).text("y");
    json.end_object();
    return out;
  };
  CHECK(map(JsonDialect::kFastjson) == R"({0:"x",-9:"y"})");
  CHECK(map(JsonDialect::kStandard) == R"({"0":"x","-9":"y"})");
}

// As in recording 033, and CharTypes and SerializeWriter of fastjson 1.2.83.
TEST_CASE("fastjson's default escapes") {
  const auto escaped = [](std::string_view value) {
    return text(value, JsonDialect::kFastjson);
  };
  CHECK(escaped("tab\there") == R"("tab\there")");
  CHECK(escaped("\"\\/'<>&") == R"("\"\\/'<>&")");
  CHECK(escaped("\b\t\n\v\f\r") == R"("\b\t\n\u000B\f\r")");
  CHECK(escaped(std::string_view("\0\x01\x1f\x7f", 4)) ==
        R"("\u0000\u0001\u001F\u007F")");
  CHECK(escaped("\u0080\u009f\u00a0") == "\"\\u0080\\u009F\u00a0\"");
  CHECK(escaped("\u2028\u2029\u2030") == "\"\\u2028\\u2029\u2030\"");
  CHECK(escaped("ü主🚀\uFEFF") == "\"ü主🚀\uFEFF\"");
}

TEST_CASE("fastjson's escapes for browsers") {
  const auto escaped = [](std::string_view value) {
    return text(value, JsonDialect::kStandard);
  };
  CHECK(escaped("a/b\"\\'<>&") == R"("a\/b\"\\'<>&")");
  CHECK(escaped("\b\t\n\v\f\r\x1f\x7f") == R"("\b\t\n\u000B\f\r\u001F\u007F")");
  CHECK(escaped("ü主") == R"("\u00FC\u4E3B")");
  CHECK(escaped("🚀") == R"("\uD83D\uDE80")");
}

TEST_CASE("bytes that are no UTF-8 are written as a replacement") {
  CHECK(text("a\xff", JsonDialect::kFastjson) == "\"a\uFFFD\"");
  CHECK(text("a\xff", JsonDialect::kStandard) == R"("a\uFFFD")");
}

}  // namespace
}  // namespace waypost::remoting
