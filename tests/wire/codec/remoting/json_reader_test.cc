#include "wire/codec/remoting/json_reader.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace waypost::remoting {
namespace {

// The value as text, or the problem.
std::string text_of(std::string_view json) {
  JsonReader reader(json);
  std::string text = "(null)";
  reader.read(text);
  const auto end = reader.finish();
  return end ? text : "problem: " + end.error().message;
}

// Whether all of it is one value in fastjson's eyes.
bool is_json(std::string_view json) {
  JsonReader reader(json);
  reader.skip();
  return reader.finish().has_value();
}

template <typename Number>
std::string number_of(std::string_view json) {
  JsonReader reader(json);
  Number number = 77;
  reader.read(number);
  return reader.finish() ? std::to_string(number) : "problem";
}

TEST_CASE("standard JSON reads as JSON") {
  CHECK(is_json(R"({"a":[1,-2.5e3,"x",true,false,null,{}],"b":{"c":[]}})"));
  CHECK(is_json(" \t\r\n{ \"a\" : [ 1 , 2 ] } "));
  CHECK(is_json("[]"));
  CHECK(is_json("null"));
  CHECK(text_of(R"("\"\\\/\b\f\n\r\t\u0041")") == "\"\\/\b\f\n\r\tA");
  CHECK(text_of(R"("\u00fc\u4E3B\uD83D\uDE80")") == "ü主🚀");
  CHECK(text_of("\"ü主🚀\"") == "ü主🚀");
}

TEST_CASE("fastjson's leniency") {
  CHECK(is_json("{a:1,_b:2,$c:3,0:4,-1:5,null:6}"));
  CHECK(is_json("{'a':'b'}"));
  CHECK(is_json("{,,\"a\":1,,\"b\":2,,}"));
  CHECK(is_json("[,1,,2,]"));
  CHECK(is_json("/* c */{// to the end of the line\n\"a\"/**/:/**/1}/* c */"));
  CHECK(is_json("[1L,2S,3B,4F,5D]"));
  CHECK(is_json("[undefined,NaN]"));
  CHECK(is_json("\"a\nb\tc\x01\""));
  CHECK(text_of("'it is \"so\"'") == "it is \"so\"");
  CHECK(text_of(R"('\'\v\F\x41\1')") == "'\v\fA\1");
  CHECK(text_of(R"("\0")") == std::string(1, '\0'));
}

TEST_CASE("what even fastjson refuses") {
  for (const std::string_view json : {
           "",          "  ",          "{",         "[",
           "}",         "{\"a\"",      "{\"a\":",   "{\"a\":1",
           "{\"a\"}",   "{\"a\" 1}",   "{\"a\":}",  "{\"a\":1 \"b\":2}",
           "[1 2]",     "[1",          "{\"a\":1]", "[1}",
           "\"abc",     "'abc\"",      "\"\\x\"",   "\"\\x4\"",
           "\"\\u12\"", "\"\\u12g4\"", "\"\\q\"",   "\"\\",
           "nul",       "nulll",       "tru",       "truex",
           "abc",       "{} x",        "{}{}",      "1 2",
           "/* c",      "/",           "{:1}",      "1.2.3e-x",
           "0x10",      "-Infinity",   "--",        "{\"a\":1,\"b\"}",
       }) {
    CAPTURE(json);
    CHECK_FALSE(is_json(json));
  }
}

TEST_CASE("half characters become question marks, whole ones are joined") {
  CHECK(text_of(R"("\uD83D")") == "?");
  CHECK(text_of(R"("\uDE80x")") == "?x");
  CHECK(text_of(R"("\uD83Dx")") == "?x");
  CHECK(text_of(R"("\uD83D\u0041")") == "?A");
  CHECK(text_of(R"("\uD83D\uD83D\uDE80")") == "?🚀");
  CHECK(text_of(R"("\ud83d\ude80")") == "🚀");
}

TEST_CASE("bytes that are no UTF-8 are replaced as Java does") {
  CHECK(text_of("\"a\xff\xfe z\"") == "a\uFFFD\uFFFD z");
  // Cut off, overlong, a surrogate, beyond the last character.
  CHECK(text_of("\"\xe4\xb8\"") == "\uFFFD");
  CHECK(text_of("\"\xc0\x80\"") == "\uFFFD\uFFFD");
  CHECK(text_of("\"\xed\xa0\x80\"") == "\uFFFD\uFFFD\uFFFD");
  CHECK(text_of("\"\xf4\x90\x80\x80\"") == "\uFFFD\uFFFD\uFFFD\uFFFD");
  CHECK(text_of("\"\xf0\x9f\x9a\"") == "\uFFFD");
}

TEST_CASE("numbers are read from numbers, texts and truth values") {
  using std::int32_t;
  using std::int64_t;
  CHECK(number_of<int32_t>("105") == "105");
  CHECK(number_of<int32_t>("-5") == "-5");
  CHECK(number_of<int32_t>("105.0") == "105");
  CHECK(number_of<int32_t>("105.9") == "105");
  CHECK(number_of<int32_t>("1e2") == "100");
  CHECK(number_of<int32_t>("105L") == "105");
  CHECK(number_of<int32_t>("\"105\"") == "105");
  CHECK(number_of<int32_t>("'105'") == "105");
  CHECK(number_of<int32_t>("true") == "1");
  CHECK(number_of<int32_t>("2147483647") == "2147483647");
  CHECK(number_of<int32_t>("-2147483648") == "-2147483648");
  CHECK(number_of<int32_t>("2147483648") == "problem");
  CHECK(number_of<int32_t>("99999999999999999999") == "problem");
  CHECK(number_of<int32_t>("\"abc\"") == "problem");
  CHECK(number_of<int32_t>("{}") == "problem");
  CHECK(number_of<int32_t>("[1]") == "problem");
  CHECK(number_of<int64_t>("9223372036854775807") == "9223372036854775807");
  CHECK(number_of<int64_t>("9223372036854775808") == "problem");
  CHECK(number_of<int64_t>("-9223372036854775808") == "-9223372036854775808");
  CHECK(number_of<int64_t>("1e400") == "problem");
  // Nothing is said: the value stays.
  for (const std::string_view nothing : {"null", "\"\"", "\"null\"", "NaN"}) {
    CHECK(number_of<int32_t>(nothing) == "77");
  }
}

TEST_CASE("truth is read from words, numbers and texts") {
  const auto truth = [](std::string_view json) {
    JsonReader reader(json);
    bool value = false;
    reader.read(value);
    return reader.finish() ? (value ? "true" : "false") : "problem";
  };
  for (const std::string_view json : {"true", "\"true\"", "1"}) {
    CHECK(truth(json) == "true");
  }
  for (const std::string_view json : {"false", "\"false\"", "0", "null"}) {
    CHECK(truth(json) == "false");
  }
  for (const std::string_view json : {"2", "\"yes\"", "{}", "tru"}) {
    CHECK(truth(json) == "problem");
  }
}

TEST_CASE("what is no text reads as its compact JSON") {
  CHECK(text_of("5") == "5");
  CHECK(text_of("-1.50") == "-1.50");
  CHECK(text_of("true") == "true");
  CHECK(text_of("null") == "(null)");
  CHECK(text_of("{ a : 1 , 'b' : [ true, null, \"x\\ty\" , ] }") ==
        R"({"a":1,"b":[true,null,"x\ty"]})");
}

TEST_CASE("members come one by one, with keys of every kind") {
  JsonReader reader(R"({"a":1,'b':[1,2],"c\u0041":{"d":[]},e:"x",7:null})");
  std::vector<std::string> keys;
  std::string_view key;
  REQUIRE(reader.enter_object());
  while (reader.next_member(key)) {
    keys.emplace_back(key);
    reader.skip();
  }
  CHECK(reader.finish());
  CHECK(keys == std::vector<std::string>{"a", "b", "cA", "e", "7"});
}

TEST_CASE("null where an object or a list may be is neither, and no problem") {
  JsonReader reader("[null,null]");
  std::string_view key;
  REQUIRE(reader.enter_array());
  REQUIRE(reader.next_element());
  CHECK_FALSE(reader.enter_object());
  REQUIRE(reader.next_element());
  CHECK_FALSE(reader.enter_array());
  CHECK_FALSE(reader.next_element());
  CHECK(reader.finish());
}

TEST_CASE("after a problem everything is empty and the problem stays") {
  JsonReader reader("{\"a\":x,\"b\":2}");
  std::string_view key;
  REQUIRE(reader.enter_object());
  REQUIRE(reader.next_member(key));
  std::int32_t number = 5;
  CHECK_FALSE(reader.read(number));
  CHECK(reader.failed());
  CHECK_FALSE(reader.next_member(key));
  CHECK_FALSE(reader.enter_object());
  CHECK_FALSE(reader.read(number));
  CHECK(number == 5);
  reader.skip();
  reader.fail("another one");
  CHECK(reader.finish().error().message ==
        "JSON at byte 5: a number is expected");
}

TEST_CASE("depth is bounded") {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  CHECK(is_json(nested(JsonReader::kDepthMax)));
  CHECK_FALSE(is_json(nested(JsonReader::kDepthMax + 1)));
  CHECK_FALSE(is_json(std::string(1'000'000, '[')));
  CHECK(text_of(nested(JsonReader::kDepthMax + 1)) ==
        "problem: JSON at byte 64: it nests too deep");
}

}  // namespace
}  // namespace waypost::remoting
