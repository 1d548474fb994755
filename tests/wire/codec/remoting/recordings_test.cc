// What the Java nameserver said and understood, byte for byte.

#include "tests/wire/codec/remoting/recordings.h"

#include <set>
#include <string>

#include <doctest/doctest.h>

#include "wire/codec/remoting/bodies.h"
#include "wire/codec/remoting/command.h"
#include "wire/codec/remoting/java_text.h"
#include "wire/codec/remoting/register_body.h"
#include "wire/codec/remoting/route_query.h"

namespace waypost::remoting {
namespace {

// The recorded request's frames, and whether the whole of it is well-formed.
bool is_understood(const RecordedExchange& exchange) {
  const auto frames = frames_of(exchange.request);
  if (frames.empty()) return false;
  for (const FrameView& frame : frames) {
    if (!decode_header(frame)) return false;
  }
  return true;
}

TEST_CASE("there are recordings") { CHECK(recorded_exchanges().size() > 400); }

TEST_CASE("every response decodes, and encodes to the same bytes") {
  for (const RecordedExchange& exchange : recorded_exchanges()) {
    for (const std::string& response : exchange.responses) {
      CAPTURE(exchange.scenario);
      CAPTURE(exchange.step);
      const FrameView frame = whole_frame(response);
      const auto command = decode_header(frame);
      REQUIRE_MESSAGE(command, command.error().to_string());
      CHECK(command->is_response());
      CHECK(command->language == Language::kJava);
      CHECK(command->version == version::kOurs);
      CHECK(encode_frame(*command, frame.body) == response);
    }
  }
}

TEST_CASE("what the Java server closes the connection for is refused") {
  for (const RecordedExchange& exchange : recorded_exchanges()) {
    CAPTURE(exchange.scenario);
    CAPTURE(exchange.step);
    CAPTURE(exchange.note);
    // The half-closed one has nothing wrong with it.
    if (exchange.scenario.starts_with("059")) continue;
    if (exchange.outcome == "closed") {
      CHECK_FALSE(is_understood(exchange));
    } else if (exchange.outcome == "response") {
      // Two pieces of one frame are in different steps.
      const bool half = exchange.note == "the rest";
      CHECK(is_understood(exchange) != half);
    }
  }
}

TEST_CASE("responses repeat what requests say") {
  for (const RecordedExchange& exchange : recorded_exchanges()) {
    const auto frames = frames_of(exchange.request);
    if (frames.size() != 1 || exchange.responses.size() != 1) continue;
    CAPTURE(exchange.scenario);
    CAPTURE(exchange.step);
    const auto request = decode_header(frames[0]);
    const auto response = decode_header(whole_frame(exchange.responses[0]));
    REQUIRE(request);
    REQUIRE(response);
    // The Java server numbers requests that have no number.
    if (exchange.note.starts_with("opaque missing")) continue;
    CHECK(request->opaque == response->opaque);
    Command made = make_response(*request, response->code);
    made.remark = response->remark;
    made.ext_fields = response->ext_fields;
    // When the processor throws, it answers in JSON.
    made.serialization = response->serialization;
    CHECK(made == *response);
  }
}

// --- Bodies ---

struct RouteExchange {
  RouteQuery query;
  FrameView response;
};

// Route queries that got a route.
template <typename Each>
int for_each_route(const Each& each) {
  int routes = 0;
  for (const RecordedExchange& exchange : recorded_exchanges()) {
    const auto frames = frames_of(exchange.request);
    if (frames.size() != 1 || exchange.responses.size() != 1) continue;
    const auto request = decode_header(frames[0]);
    if (!request || request->code != request_code::kGetRouteInfoByTopic) {
      continue;
    }
    const FrameView response = whole_frame(exchange.responses[0]);
    if (decode_header(response)->code != response_code::kSuccess) continue;
    CAPTURE(exchange.scenario);
    CAPTURE(exchange.step);
    each(*request, response);
    ++routes;
  }
  return routes;
}

TEST_CASE("routes encode to the recorded bytes in the recorded dialect") {
  const int routes = for_each_route([](const Command& request,
                                       const FrameView& response) {
    const auto route = decode_route(response.body);
    REQUIRE_MESSAGE(route, route.error().to_string());
    const std::string* accept = request.ext_field("acceptStandardJsonOnly");
    const bool standard = version::reads_standard_json(request.version) ||
                          (accept != nullptr && java_boolean(*accept));
    CHECK(encode(*route, standard ? JsonDialect::kStandard
                                  : JsonDialect::kFastjson) == response.body);
    REQUIRE_FALSE(route->brokers.empty());
    REQUIRE_FALSE(route->queues.empty());
  });
  CHECK(routes > 80);
}

TEST_CASE("the head of a route answer is the recorded one") {
  for_each_route([](const Command& request, const FrameView& response) {
    const AnswerHead head(request.serialization, request.opaque,
                          response.body.size());
    const std::string_view recorded(response.header.data() - kFrameHeadBytes,
                                    kFrameHeadBytes + response.header.size());
    CHECK(head.bytes() == recorded);
  });
}

// Decodes and encodes the body of every successful response to `code`.
template <typename Again>
int for_each_body(std::int32_t code, const Again& again) {
  int bodies = 0;
  for (const RecordedExchange& exchange : recorded_exchanges()) {
    const auto frames = frames_of(exchange.request);
    if (frames.size() != 1 || exchange.responses.size() != 1) continue;
    const auto request = decode_header(frames[0]);
    if (!request || request->code != code) continue;
    const FrameView response = whole_frame(exchange.responses[0]);
    // Null names are what we refuse to register.
    if (response.body.empty() ||
        response.body.find("null") != std::string_view::npos) {
      continue;
    }
    CAPTURE(exchange.scenario);
    CAPTURE(exchange.step);
    const auto body = again(response.body);
    REQUIRE_MESSAGE(body, body.error().to_string());
    CHECK(*body == response.body);
    ++bodies;
  }
  return bodies;
}

TEST_CASE("cluster infos encode to the recorded bytes") {
  CHECK(for_each_body(request_code::kGetBrokerClusterInfo,
                      [](std::string_view body) {
                        return decode_cluster_info(body).map(
                            [](const auto& info) { return encode(info); });
                      }) > 30);
}

TEST_CASE("topic lists encode to the recorded bytes") {
  int lists = 0;
  for (const std::int32_t code :
       {request_code::kGetAllTopicList, request_code::kGetSystemTopicList,
        request_code::kGetTopicsByCluster, request_code::kGetUnitTopicList,
        request_code::kGetHasUnitSubTopicList,
        request_code::kGetHasUnitSubUnunitTopicList}) {
    lists += for_each_body(code, [](std::string_view body) {
      return decode_topic_list(body).map(
          [](const auto& list) { return encode(list); });
    });
  }
  CHECK(lists > 50);
}

TEST_CASE("KV tables encode to the recorded bytes") {
  const auto again = [](std::string_view body) {
    return decode_kv_table(body).map(
        [](const auto& table) { return encode_kv_table(table); });
  };
  CHECK(for_each_body(request_code::kGetKvListByNamespace, again) > 3);
  CHECK(for_each_body(request_code::kRegisterBroker, again) > 2);
}

TEST_CASE("data versions encode to the recorded bytes") {
  CHECK(
      for_each_body(request_code::kQueryDataVersion, [](std::string_view body) {
        return decode_data_version(body).map(
            [](const auto& version) { return encode(version.value()); });
      }) > 15);
}

// --- Registrations ---

TEST_CASE("a real broker's registrations encode to the same bytes") {
  int registrations = 0;
  for (const RecordedExchange& exchange : recorded_exchanges()) {
    if (!exchange.scenario.starts_with("101")) continue;
    const FrameView frame = whole_frame(exchange.request);
    const auto request = decode_header(frame);
    REQUIRE(request);
    if (request->code != request_code::kRegisterBroker) continue;
    CAPTURE(exchange.step);
    const auto body = decode_register_body(frame.body, {});
    REQUIRE_MESSAGE(body, body.error().to_string());
    CHECK(encode_register_body(*body) == frame.body);
    CHECK(std::to_string(body_crc(frame.body)) ==
          *request->ext_field("bodyCrc32"));
    // Requests too are written as the broker wrote them.
    CHECK(encode_frame(*request, frame.body) == exchange.request);
    ++registrations;
  }
  CHECK(registrations == 5);
}

TEST_CASE("registrations decode when the Java server could") {
  std::set<std::string> refused;
  for (const RecordedExchange& exchange : recorded_exchanges()) {
    const auto frames = frames_of(exchange.request);
    if (frames.size() != 1 || exchange.responses.size() != 1) continue;
    const auto request = decode_header(frames[0]);
    if (!request || request->code != request_code::kRegisterBroker) continue;
    CAPTURE(exchange.scenario);
    CAPTURE(exchange.step);
    CAPTURE(exchange.note);
    const auto response = decode_header(whole_frame(exchange.responses[0]));
    const std::string* said = request->ext_field("compressed");
    const auto body = decode_register_body(
        frames[0].body,
        {request->version, said != nullptr && java_boolean(*said)});
    const std::string* crc = request->ext_field("bodyCrc32");
    const bool crc_right = body_crc_matches(
        frames[0].body, crc == nullptr ? 0 : java_int(*crc).value_or(0));
    const bool id_missing = request->ext_field("brokerId") == nullptr;
    CHECK((body && crc_right && !id_missing) ==
          (response->code == response_code::kSuccess));
    if (!body) refused.insert(exchange.note);
  }
  CHECK(refused == std::set<std::string>{"array", "bad body, JSON header",
                                         "bad body, binary header", "no JSON",
                                         "null", "null topic config",
                                         "queue number over the int range",
                                         "truncated JSON", "version -1"});
}

}  // namespace
}  // namespace waypost::remoting
