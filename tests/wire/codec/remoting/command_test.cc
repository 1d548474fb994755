#include "wire/codec/remoting/command.h"

#include <string>

#include <doctest/doctest.h>

#include "tests/wire/codec/remoting/recordings.h"
#include "wire/codec/remoting/java_text.h"

namespace waypost::remoting {
namespace {

base::Result<Command> decode_json(std::string_view header) {
  return decode_header({Serialization::kJson, header, ""});
}

Command json(std::string_view header) {
  const auto command = decode_json(header);
  REQUIRE_MESSAGE(command, command.error().to_string());
  return *command;
}

Command full_command(Serialization serialization) {
  Command command;
  command.serialization = serialization;
  command.code = request_code::kNotifyMinBrokerIdChange;
  command.language = Language::kCpp;
  command.version = 413;
  command.opaque = -7;
  command.flag = kFlagOneway;
  command.remark = "a \"remark\" with ü";
  command.set_ext_field("minBrokerId", "0");
  command.set_ext_field("brokerName", "主");
  return command;
}

TEST_CASE("a command survives both serializations") {
  for (const auto serialization :
       {Serialization::kJson, Serialization::kBinary}) {
    const Command command = full_command(serialization);
    const std::string bytes = encode_frame(command, "the body");
    const FrameView frame = whole_frame(bytes);
    CHECK(frame.body == "the body");
    CHECK(decode_header(frame) == command);
  }
}

TEST_CASE("members in Java's order, absent ones left out") {
  CHECK(whole_frame(encode_frame(full_command(Serialization::kJson))).header ==
        R"({"code":905,"extFields":{"minBrokerId":"0","brokerName":"主"},)"
        R"("flag":2,"language":"CPP","opaque":-7,)"
        R"("remark":"a \"remark\" with ü",)"
        R"("serializeTypeCurrentRPC":"JSON","version":413})");
  CHECK(whole_frame(encode_frame(Command{})).header ==
        R"({"code":0,"flag":0,"language":"JAVA","opaque":0,)"
        R"("serializeTypeCurrentRPC":"JSON","version":409})");
  Command empty_fields;
  empty_fields.ext_fields.emplace();
  CHECK(whole_frame(encode_frame(empty_fields)).header ==
        R"({"code":0,"extFields":{},"flag":0,"language":"JAVA","opaque":0,)"
        R"("serializeTypeCurrentRPC":"JSON","version":409})");
}

TEST_CASE("frames are appended") {
  std::string out = "before";
  append_frame(out, Command{}, "body");
  CHECK(out == "before" + encode_frame(Command{}, "body"));
}

TEST_CASE("an empty header is a command of code 0 and nothing else") {
  const Command command = json("{}");
  CHECK(command.code == 0);
  CHECK(command.version == 0);
  CHECK(command.language == Language::kJava);
  CHECK_FALSE(command.ext_fields);
  CHECK_FALSE(command.remark);
}

TEST_CASE("of two equal members the first counts, of two ext fields the last") {
  const Command command =
      json(R"({"code":105,"code":106,"extFields":{"a":"1","a":"2"},)"
           R"("extFields":{"b":"3"}})");
  CHECK(command.code == 105);
  CHECK(*command.ext_field("a") == "2");
  CHECK(command.ext_field("b") == nullptr);
}

TEST_CASE("ext fields that are no texts") {
  const Command command = json(
      R"({extFields:{n:5,b:true,o:{x:[1]},nil:null,e:"",again:"x",again:null}})");
  CHECK(*command.ext_field("n") == "5");
  CHECK(*command.ext_field("b") == "true");
  CHECK(*command.ext_field("o") == R"({"x":[1]})");
  CHECK(*command.ext_field("e") == "");
  CHECK(command.ext_field("nil") == nullptr);
  CHECK(command.ext_field("again") == nullptr);
  CHECK(json(R"({"extFields":null})").ext_fields == std::nullopt);
  CHECK(json(R"({"extFields":{}})").ext_fields == ExtFields{});
  CHECK_FALSE(decode_json(R"({"extFields":["a"]})"));
  CHECK_FALSE(decode_json(R"({"extFields":"a"})"));
}

TEST_CASE("languages by name and by number") {
  CHECK(json(R"({"language":"GO"})").language == Language::kGo);
  CHECK(json(R"({"language":"FOO"})").language == Language::kUnknown);
  CHECK(json(R"({"language":1})").language == Language::kCpp);
  CHECK_FALSE(decode_json(R"({"language":99})"));
  CHECK_FALSE(decode_json(R"({"language":-1})"));
  CHECK_FALSE(decode_json(R"({"language":256})"));
}

TEST_CASE("errors name the header and the place") {
  CHECK(decode_json("this").error().to_string() ==
        "malformed: remoting header: JSON at byte 0: an object is expected");
  CHECK(decode_json(R"({"code":"abc"})").error().code ==
        base::ErrorCode::kMalformed);
  CHECK_FALSE(decode_json("null"));
  CHECK_FALSE(decode_json("[]"));
  CHECK_FALSE(decode_json("{}x"));
}

TEST_CASE("no more ext fields than anybody sends") {
  std::string header = "{extFields:{";
  Command binary;
  binary.serialization = Serialization::kBinary;
  for (int i = 0; i < 256; ++i) {
    header += "f" + std::to_string(i) + ":1,";
    binary.set_ext_field("f" + std::to_string(i), "1");
  }
  CHECK(json(header + "}}").ext_fields->size() == 256);
  CHECK(decode_header(whole_frame(encode_frame(binary))));
  binary.set_ext_field("one more", "1");
  CHECK(decode_json(header + "g:1}}").error().code ==
        base::ErrorCode::kTooLarge);
  CHECK(decode_header(whole_frame(encode_frame(binary))).error().code ==
        base::ErrorCode::kTooLarge);
}

TEST_CASE("a binary header means null by an empty value") {
  Command command;
  command.serialization = Serialization::kBinary;
  command.remark = "";
  command.set_ext_field("a", "");
  command.set_ext_field("b", "1");
  const auto decoded = decode_header(whole_frame(encode_frame(command)));
  REQUIRE(decoded);
  CHECK_FALSE(decoded->remark);
  CHECK(decoded->ext_field("a") == nullptr);
  CHECK(*decoded->ext_field("b") == "1");
}

TEST_CASE("a binary header that is cut off anywhere is refused") {
  const std::string bytes = encode_frame(full_command(Serialization::kBinary));
  const std::string_view header = whole_frame(bytes).header;
  for (std::size_t size = 0; size < header.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(
        decode_header({Serialization::kBinary, header.substr(0, size), ""}));
  }
}

TEST_CASE("responses answer in kind") {
  Command request = full_command(Serialization::kBinary);
  const Command error = make_error(request, response_code::kSystemError, "why");
  CHECK(error.serialization == Serialization::kBinary);
  CHECK(error.code == response_code::kSystemError);
  CHECK(error.opaque == -7);
  CHECK(error.flag == kFlagResponse);
  CHECK(error.language == Language::kJava);
  CHECK(error.remark == "why");
  CHECK_FALSE(error.ext_fields);
}

TEST_CASE("ext fields keep their order and their places") {
  ExtFields fields;
  fields.set("b", "1");
  fields.set("a", "2");
  fields.set("b", "3");
  CHECK(fields.size() == 2);
  CHECK(fields.begin()->first == "b");
  CHECK(*fields.find("b") == "3");
  fields.erase("b");
  fields.erase("c");
  CHECK_FALSE(fields.contains("b"));
  CHECK(fields.contains("a"));
}

TEST_CASE("Java's parse functions") {
  CHECK(java_long("9223372036854775807") == 9223372036854775807);
  CHECK(java_long("9223372036854775808") == std::nullopt);
  CHECK(java_int("+5") == 5);
  CHECK(java_int("-0") == 0);
  CHECK(java_int("007") == 7);
  CHECK(java_int("2147483648") == std::nullopt);
  for (const std::string_view wrong :
       {"", "+", "-", "+-1", "-+1", "++1", " 1", "1 ", "1.0", "0x1", "abc"}) {
    CAPTURE(wrong);
    CHECK(java_int(wrong) == std::nullopt);
  }
  CHECK(java_boolean("TRUE"));
  CHECK(java_boolean("true"));
  for (const std::string_view no : {"", "1", "yes", "truer", "tru", "false"}) {
    CHECK_FALSE(java_boolean(no));
  }
}

}  // namespace
}  // namespace waypost::remoting
