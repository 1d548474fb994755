#include "wire/codec/remoting/register_body.h"

#include <string>

#include <doctest/doctest.h>

#include "tests/wire/codec/remoting/recordings.h"
#include "wire/codec/remoting/big_endian.h"
#include "wire/codec/remoting/command.h"
#include "wire/codec/remoting/inflater.h"

namespace waypost::remoting {
namespace {

constexpr RegisterBodyForm kPlain{};
constexpr RegisterBodyForm kCompressed{version::kOurs, true};
constexpr RegisterBodyForm kOld{version::k3_0_11 - 1, false};

model::TopicConfig topic(std::string name, std::int32_t read,
                         std::int32_t write, std::int32_t permission,
                         std::int32_t flag = 0) {
  return {model::TopicName(std::move(name)),
          {model::from_java_int(read),
           model::from_java_int(write),
           {model::from_java_int(permission)},
           model::from_java_int(flag)}};
}

RegisterBody example() {
  RegisterBody body;
  body.data_version = model::DataVersion{3, 1700000000000, 9};
  body.topics = {topic("orders", 4, 8, 6), topic("%RETRY%主", 1, 1, -1)};
  body.filter_servers = {"10.0.0.1:30000", "10.0.0.1:30001"};
  body.mappings = {{model::TopicName("static"),
                    model::BrokerName("broker-a"),
                    "__global__",
                    2,
                    5,
                    false,
                    {{0, 1}, {1, 0}}}};
  return body;
}

std::string wrap(std::string_view table) {
  return R"({"topicConfigSerializeWrapper":{"topicConfigTable":)" +
         std::string(table) + "}}";
}

TEST_CASE("a registration survives the JSON and the deflated form") {
  const RegisterBody body = example();
  CHECK(decode_register_body(encode_register_body(body), kPlain) == body);
  CHECK(decode_register_body(encode_register_body_deflated(body),
                             kCompressed) == body);
}

TEST_CASE("the recorded deflated body") {
  const auto body = decode_register_body(
      whole_frame(recorded_exchange("007", 6).request).body, kCompressed);
  REQUIRE(body);
  CHECK(body->data_version == model::DataVersion{0, 1700000000001, 2});
  CHECK(body->topics ==
        std::vector{topic("TopicTest", 4, 4, 6), topic("TopicC", 1, 1, 6)});
  CHECK(body->filter_servers == model::FilterServers{"127.0.0.1:30000"});
  CHECK(body->mappings.empty());
}

TEST_CASE("a deflated body is inflated whatever the header says") {
  const std::string deflated = encode_register_body_deflated(example());
  CHECK(decode_register_body(deflated, kPlain) == example());
  CHECK(decode_register_body(deflated, kOld) == example());
  // And what is said to be deflated must be.
  CHECK(decode_register_body(encode_register_body(example()), kCompressed)
            .error()
            .code == base::ErrorCode::kMalformed);
}

TEST_CASE("edge values as the Java server carries them") {
  const auto body = decode_register_body(
      whole_frame(recorded_exchange("037", 1).request).body, kPlain);
  REQUIRE(body);
  CHECK(body->data_version == model::DataVersion{0, 1, 1});
  CHECK(body->topics ==
        std::vector{topic("T1", 16, 16, 6), topic("T2", 0, 0, 6),
                    topic("T3", -1, -5, -1, -1),
                    topic("T4", 2147483647, 1, 65535, 2147483647),
                    topic("T5", 16, 16, 6)});
}

TEST_CASE("brokers before 3.0.11 send the table alone") {
  const std::string_view old_body =
      R"({"dataVersion":{"counter":1,"timestamp":2},)"
      R"("topicConfigTable":{"T":{"topicName":"T"}}})";
  const auto body = decode_register_body(old_body, kOld);
  REQUIRE(body);
  CHECK(body->topics == std::vector{topic("T", 16, 16, 6)});
  CHECK(body->data_version == model::DataVersion{0, 2, 1});
  // Read as the other form, each has no topics.
  CHECK(decode_register_body(old_body, kPlain)->topics.empty());
  CHECK(decode_register_body(encode_register_body(example()), kOld)
            ->topics.empty());
  CHECK(decode_register_body("{}", {-1, false}).error().code ==
        base::ErrorCode::kInvalidArgument);
}

TEST_CASE("what is absent or null") {
  CHECK(decode_register_body("", kPlain) == RegisterBody{});
  CHECK(decode_register_body("", kCompressed) == RegisterBody{});
  CHECK(decode_register_body("{}", kPlain) == RegisterBody{});
  CHECK(decode_register_body(R"({"topicConfigSerializeWrapper":null,)"
                             R"("filterServerList":null})",
                             kPlain) == RegisterBody{});
  CHECK(decode_register_body(wrap("null"), kPlain) == RegisterBody{});
  CHECK(decode_register_body(
            R"({"topicConfigSerializeWrapper":{"dataVersion":null}})", kPlain)
            ->data_version == std::nullopt);
}

TEST_CASE("the name is the one inside; a topic without one is left out") {
  CHECK(decode_register_body(wrap(R"({"KEY":{"topicName":"NAME"}})"), kPlain)
            ->topics[0]
            .name == model::TopicName("NAME"));
  for (const std::string_view table :
       {R"({"A":{"topicName":"A"},"T":{}})",
        R"({"T":{"topicName":null,"perm":6},"A":{"topicName":"A"}})"}) {
    const auto body = decode_register_body(wrap(table), kPlain);
    REQUIRE(body.has_value());
    REQUIRE(body->topics.size() == 1);
    CHECK(body->topics[0].name == model::TopicName("A"));
  }
  CHECK(decode_register_body(wrap(R"({"T":null})"), kPlain).error().code ==
        base::ErrorCode::kMalformed);
}

TEST_CASE("what 5.x adds is read or passed over") {
  const auto body = decode_register_body(
      R"({"filterServerList":[],"topicConfigSerializeWrapper":{)"
      R"("dataVersion":{"counter":1,"stateVersion":7,"timestamp":2},)"
      R"("mappingDataVersion":{"counter":0,"stateVersion":0,"timestamp":1},)"
      R"("topicConfigTable":{"T":{"attributes":{"+a":"b"},"order":false,)"
      R"("perm":6,"readQueueNums":2,"topicFilterType":"SINGLE_TAG",)"
      R"("topicName":"T","topicSysFlag":1,"writeQueueNums":3}},)"
      R"("topicQueueMappingDetailMap":{"T":{"bname":"b",)"
      R"("hostedQueues":{0:[{"bname":"b","endOffset":-1}]}}},)"
      R"("topicQueueMappingInfoMap":{"T":{"bname":"b","currIdMap":{0:3},)"
      R"("dirty":false,"epoch":9,"topic":"T","totalQueues":1}}}})",
      kPlain);
  REQUIRE_MESSAGE(body, body.error().to_string());
  CHECK(body->data_version == model::DataVersion{7, 2, 1});
  CHECK(body->topics == std::vector{topic("T", 2, 3, 6, 1)});
  REQUIRE(body->mappings.size() == 1);
  CHECK(body->mappings[0].queue_ids ==
        std::vector<std::pair<std::int32_t, std::int32_t>>{{0, 3}});
  CHECK(body->mappings[0].scope == "__global__");
}

// --- The deflated form ---

std::string item(std::string_view text) {
  std::string bytes;
  append_u32(bytes, static_cast<std::uint32_t>(text.size()));
  return bytes += text;
}

std::string count(std::uint32_t number) {
  std::string bytes;
  append_u32(bytes, number);
  return bytes;
}

std::string with_line(std::string_view line) {
  return deflate_bytes(item("{}") + count(1) + item(line) + item("[]"));
}

TEST_CASE("lines with and without attributes") {
  CHECK(decode_register_body(with_line("T 1 2 4 MULTI_TAG"), kCompressed)
            ->topics == std::vector{topic("T", 1, 2, 4)});
  CHECK(decode_register_body(with_line("T 1 2 4 SINGLE_TAG {\"a\":\"b c\"}"),
                             kCompressed)
            ->topics == std::vector{topic("T", 1, 2, 4)});
}

TEST_CASE("wrong lines are refused") {
  for (const std::string_view line :
       {"", "T", "T 1 2 4", "T 1 2 x SINGLE_TAG", "T  1 2 4 SINGLE_TAG",
        "a b 1 2 4 SINGLE_TAG", "T 1 2 4 NO_SUCH", "T 1 2147483648 4 MULTI_TAG",
        "T\t1\t2\t4\tMULTI_TAG"}) {
    CAPTURE(line);
    CHECK(decode_register_body(with_line(line), kCompressed).error().code ==
          base::ErrorCode::kMalformed);
  }
}

TEST_CASE("a filter server list that is none is left out, as in Java") {
  const auto decode = [](std::string_view filters) {
    return decode_register_body(
        deflate_bytes(item("{}") + count(0) + item(filters)), kCompressed);
  };
  CHECK(decode("not json")->filter_servers.empty());
  CHECK(decode("[\"a\"")->filter_servers.empty());
  CHECK(decode("[\"a\"]")->filter_servers == model::FilterServers{"a"});
}

TEST_CASE("a stream that is cut off within its items is refused") {
  const std::string deflated = encode_register_body_deflated(example());
  constexpr std::size_t kEndOfStreamBytes = 5;  // and its check sum
  for (std::size_t size = 2; size < deflated.size() - kEndOfStreamBytes;
       ++size) {
    CAPTURE(size);
    CHECK_FALSE(decode_register_body(std::string_view(deflated).substr(0, size),
                                     kCompressed));
  }
}

TEST_CASE("counts and lengths that lie") {
  const auto code = [](const std::string& stream) {
    return decode_register_body(deflate_bytes(stream), kCompressed)
        .error()
        .code;
  };
  CHECK(code("") == base::ErrorCode::kMalformed);
  CHECK(code("ab") == base::ErrorCode::kMalformed);
  CHECK(code(count(0xFFFFFFFF)) == base::ErrorCode::kMalformed);
  CHECK(code(count(10) + "{}") == base::ErrorCode::kMalformed);
  CHECK(code(item("{}") + count(0x7FFFFFFF)) == base::ErrorCode::kMalformed);
  CHECK(code(count(0x7FFFFFFF)) == base::ErrorCode::kTooLarge);
  CHECK(code(item("{}") + count(0) + item("[]") + count(1)) ==
        base::ErrorCode::kMalformed);
  // A negative count is none, as in a Java loop.
  CHECK(decode_register_body(
      deflate_bytes(item("{}") + count(0xFFFFFFFF) + item("[]")), kCompressed));
}

TEST_CASE("a bomb stops at four times the frame limit") {
  const RegisterBodyLimits limits{64 * 1024};
  const std::string line = item("T 1 1 6 SINGLE_TAG");
  std::string many = item("{}") + count(100'000);
  for (int i = 0; i < 100'000; ++i) many += line;
  many += item("[]");
  const std::string bomb = deflate_bytes(many);
  REQUIRE(bomb.size() < 16 * 1024);
  CHECK(decode_register_body(bomb, kCompressed, limits).error().code ==
        base::ErrorCode::kTooLarge);
  CHECK(decode_register_body(bomb, kCompressed)->topics.size() == 100'000);
  // One huge item.
  const std::string zeros = deflate_bytes(item(std::string(1 << 20, '0')));
  CHECK(decode_register_body(zeros, kCompressed, limits).error().code ==
        base::ErrorCode::kTooLarge);
}

TEST_CASE("the check sum is the lower 31 bits of the CRC-32") {
  CHECK(body_crc("123456789") == (0xCBF43926 & 0x7FFFFFFF));
  CHECK(body_crc_matches("123456789", 0));
  CHECK(body_crc_matches("123456789", 0xCBF43926 & 0x7FFFFFFF));
  CHECK_FALSE(body_crc_matches("123456780", 0xCBF43926 & 0x7FFFFFFF));
  CHECK_FALSE(body_crc_matches("123456789", -1));
}

TEST_CASE("what begins a zlib stream") {
  CHECK(begins_zlib_stream("\x78\x9c"));
  CHECK(begins_zlib_stream("\x78\xda..."));
  CHECK(begins_zlib_stream("\x78\x01"));
  CHECK_FALSE(begins_zlib_stream("x"));
  CHECK_FALSE(begins_zlib_stream("xx"));
  CHECK_FALSE(begins_zlib_stream("{}"));
  CHECK_FALSE(begins_zlib_stream("not json"));
}

}  // namespace
}  // namespace waypost::remoting
