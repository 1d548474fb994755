#include "wire/codec/remoting/route_query.h"

#include <string>

#include <doctest/doctest.h>

#include "tests/hostile/hostile_bytes.h"
#include "tests/wire/codec/remoting/recordings.h"
#include "wire/codec/remoting/codes.h"
#include "wire/codec/remoting/command.h"
#include "wire/codec/remoting/java_text.h"

namespace waypost::remoting {
namespace {

std::string_view value_or_empty(const Command& command, std::string_view name) {
  const std::string* value = command.ext_field(name);
  return value == nullptr ? std::string_view() : std::string_view(*value);
}

// What the scanner reads, the decoder reads too.
bool agrees(const RouteQuery& query, const FrameView& frame) {
  const auto command = decode_header(frame);
  if (!command) return false;
  return command->code == request_code::kGetRouteInfoByTopic &&
         !command->is_response() &&
         command->serialization == query.serialization &&
         command->opaque == query.opaque && command->version == query.version &&
         command->is_oneway() == query.oneway &&
         value_or_empty(*command, "topic") == query.topic &&
         value_or_empty(*command, kZoneModeField) == query.zone_mode &&
         value_or_empty(*command, kZoneNameField) == query.zone_name &&
         query.standard_json ==
             (command->version >= version::k4_9_4 ||
              java_boolean(value_or_empty(*command, "acceptStandardJsonOnly")));
}

std::optional<RouteQuery> scan_json(std::string_view header) {
  return scan_route_query({Serialization::kJson, header, ""});
}

Command query_command(Serialization serialization) {
  Command command;
  command.serialization = serialization;
  command.code = request_code::kGetRouteInfoByTopic;
  command.version = 300;
  command.opaque = -2147483647 - 1;
  command.flag = kFlagOneway;
  command.set_ext_field("topic", "%RETRY%group-a");
  command.set_ext_field("acceptStandardJsonOnly", "True");
  command.set_ext_field(kZoneModeField, "true");
  command.set_ext_field(kZoneNameField, "hangzhou");
  command.set_ext_field("other", "ignored");
  return command;
}

TEST_CASE("a query in both serializations") {
  for (const auto serialization :
       {Serialization::kJson, Serialization::kBinary}) {
    const std::string bytes = encode_frame(query_command(serialization));
    const FrameView frame = whole_frame(bytes);
    const auto query = scan_route_query(frame);
    REQUIRE(query);
    CHECK(query->topic == "%RETRY%group-a");
    CHECK(query->zone_mode == "true");
    CHECK(query->zone_name == "hangzhou");
    CHECK(query->opaque == -2147483647 - 1);
    CHECK(query->standard_json);
    CHECK(query->oneway);
    CHECK(agrees(*query, frame));
  }
}

TEST_CASE("clients since 4.9.4 read standard JSON, older ones if they say so") {
  const auto standard = [](const std::string& version,
                           const std::string& fields) {
    return scan_json("{\"code\":105,\"version\":" + version +
                     ",\"extFields\":{\"topic\":\"T\"" + fields + "}}")
        ->standard_json;
  };
  CHECK(standard("401", ""));
  CHECK_FALSE(standard("400", ""));
  CHECK(standard("0", R"(,"acceptStandardJsonOnly":"true")"));
  CHECK_FALSE(standard("0", R"(,"acceptStandardJsonOnly":"1")"));
  CHECK(standard("401", R"(,"acceptStandardJsonOnly":"false")"));
}

TEST_CASE("blanks as other JSON libraries write them") {
  CHECK(
      scan_json("{ \"code\" : 105 , \"extFields\" : { \"topic\" : \"T\" } }\n")
          ->topic == "T");
}

TEST_CASE("whatever is unusual is left to the decoder") {
  for (const std::string_view header : {
           R"({"code":106,"extFields":{"topic":"T"}})",
           R"({"extFields":{"topic":"T"}})",
           R"({"code":105})",
           R"({"code":105,"extFields":{}})",
           R"({"code":105,"extFields":null})",
           R"({"code":105,"extFields":{"topic":""}})",
           R"({"code":105,"extFields":{"topic":5}})",
           R"({"code":105,"extFields":{"topic":null}})",
           R"({"code":105,"extFields":{"topic":"\u0041"}})",
           "{\"code\":105,\"extFields\":{\"topic\":\"ü\"}}",
           "{\"code\":105,\"extFields\":{\"topic\":\"a\tb\"}}",
           R"({"code":105,"extFields":{"topic":"T","topic":"U"}})",
           R"({"code":105,"extFields":{"topic":"T"},"extFields":{}})",
           R"({"code":105,"code":105,"extFields":{"topic":"T"}})",
           R"({"code":105,"code":106,"extFields":{"topic":"T"}})",
           R"({"code":"105","extFields":{"topic":"T"}})",
           R"({"code":105.0,"extFields":{"topic":"T"}})",
           R"({"code":105,"flag":1,"extFields":{"topic":"T"}})",
           R"({"code":105,"language":99,"extFields":{"topic":"T"}})",
           R"({"code":105,"opaque":2147483648,"extFields":{"topic":"T"}})",
           R"({"code":105,"opaque":null,"extFields":{"topic":"T"}})",
           R"({"code":105,"extFields":{"topic":"T",},})",
           R"({"code":105,"extFields":{"topic":"T"}} x)",
           R"({"code":105,"extFields":{"topic":"T"})",
           R"({'code':105,"extFields":{"topic":"T"}})",
           R"({code:105,"extFields":{"topic":"T"}})",
           R"({"code":105,"x":{},"extFields":{"topic":"T"}})",
           "",
       }) {
    CAPTURE(header);
    CHECK_FALSE(scan_json(header));
  }
}

TEST_CASE(
    "the scanner reads the recorded queries that are in the usual shape") {
  int scanned = 0;
  for (const RecordedExchange& exchange : recorded_exchanges()) {
    for (const FrameView& frame : frames_of(exchange.request)) {
      const auto query = scan_route_query(frame);
      if (!query) continue;
      CAPTURE(exchange.scenario);
      CAPTURE(exchange.step);
      CHECK(agrees(*query, frame));
      ++scanned;
    }
  }
  CHECK(scanned > 150);
}

TEST_CASE(
    "damaged queries: the scanner never reads what the decoder does not") {
  base::Random random(7);
  int scanned = 0;
  for (int round = 0; round < 60'000; ++round) {
    Command command = query_command(
        random.chance(0.5) ? Serialization::kJson : Serialization::kBinary);
    if (random.chance(0.5)) command.flag = 0;
    // As most clients write it.
    if (random.chance(0.5)) {
      command.ext_fields.emplace();
      command.set_ext_field("topic", "orders");
    }
    const std::string bytes = encode_frame(command);
    const FrameView intact = whole_frame(bytes);
    const std::string damaged =
        hostile::mutated(random, std::string(intact.header));
    const FrameView frame{intact.serialization, damaged, ""};
    const auto query = scan_route_query(frame);
    if (!query) continue;
    ++scanned;
    CAPTURE(damaged);
    REQUIRE(agrees(*query, frame));
  }
  // Most damage goes unnoticed: another letter in a name.
  CHECK(scanned > 1000);
}

TEST_CASE("an answer's head is what the encoder writes") {
  for (const auto serialization :
       {Serialization::kJson, Serialization::kBinary}) {
    for (const std::int32_t opaque : {0, -1, 2147483647, -2147483647 - 1}) {
      Command request;
      request.serialization = serialization;
      request.opaque = opaque;
      const std::string body(300, 'x');
      const AnswerHead head(serialization, opaque, body.size());
      CHECK(
          std::string(head.bytes()) + body ==
          encode_frame(make_response(request, response_code::kSuccess), body));
    }
  }
}

}  // namespace
}  // namespace waypost::remoting
