#include "wire/codec/remoting/bodies.h"

#include <string>

#include <doctest/doctest.h>

namespace waypost::remoting {
namespace {

model::StaticTopicMapping example_mapping() {
  return {model::TopicName("static"),
          model::BrokerName("broker-a"),
          "__global__",
          8,
          1700000000000,
          true,
          {{0, 0}, {1, 1}}};
}

TopicRouteData example_route() {
  TopicRouteData route;
  route.brokers.push_back(
      {"c/1", "broker-a", {{0, "1.2.3.4:1"}, {1, "h:2"}}, "zone-b", true});
  route.queues.push_back({"broker-a", 4, -5, 6, 2147483647});
  route.filter_servers = {{"1.2.3.4:1", {"f1", "f2"}}};
  route.order_topic_conf = "broker-a:4";
  route.mappings.push_back(example_mapping());
  return route;
}

TEST_CASE("a route with everything that 5.x adds, in both dialects") {
  const TopicRouteData route = example_route();
  CHECK(encode(route, JsonDialect::kFastjson) ==
        R"({"brokerDatas":[{"brokerAddrs":{0:"1.2.3.4:1",1:"h:2"},)"
        R"("brokerName":"broker-a","cluster":"c/1",)"
        R"("enableActingMaster":true,"zoneName":"zone-b"}],)"
        R"("filterServerTable":{"1.2.3.4:1":["f1","f2"]},)"
        R"("orderTopicConf":"broker-a:4",)"
        R"("queueDatas":[{"brokerName":"broker-a","perm":6,)"
        R"("readQueueNums":4,"topicSysFlag":2147483647,)"
        R"("writeQueueNums":-5}],)"
        R"("topicQueueMappingByBroker":{"broker-a":{"bname":"broker-a",)"
        R"("currIdMap":{0:0,1:1},"dirty":true,"epoch":1700000000000,)"
        R"("scope":"__global__","topic":"static","totalQueues":8}}})");
  const std::string standard = encode(route, JsonDialect::kStandard);
  CHECK(standard.find(R"("brokerAddrs":{"0":"1.2.3.4:1","1":"h:2"})") !=
        std::string::npos);
  CHECK(standard.find(R"("cluster":"c\/1")") != std::string::npos);
  CHECK(standard.find(R"("currIdMap":{"0":0,"1":1})") != std::string::npos);
  for (const auto dialect : {JsonDialect::kFastjson, JsonDialect::kStandard}) {
    CHECK(decode_route(encode(route, dialect)) == route);
  }
}

TEST_CASE("an empty route has its lists") {
  CHECK(encode(TopicRouteData{}, JsonDialect::kStandard) ==
        R"({"brokerDatas":[],"filterServerTable":{},"queueDatas":[]})");
  CHECK(decode_route("{}") == TopicRouteData{});
  CHECK(decode_route("null") == TopicRouteData{});
  CHECK(decode_route(R"({"brokerDatas":null,"filterServerTable":null,)"
                     R"("queueDatas":null,"orderTopicConf":null,)"
                     R"("topicQueueMappingByBroker":null,"more":[{}]})") ==
        TopicRouteData{});
}

TEST_CASE("cluster info") {
  ClusterInfo info;
  info.brokers.push_back({"c", "b", {{0, "h:1"}}, "", false});
  info.clusters = {{"c", {"b"}}};
  CHECK(encode(info) ==
        R"({"brokerAddrTable":{"b":{"brokerAddrs":{0:"h:1"},)"
        R"("brokerName":"b","cluster":"c"}},"clusterAddrTable":{"c":["b"]}})");
  CHECK(decode_cluster_info(encode(info)) == info);
}

TEST_CASE("topic lists") {
  CHECK(encode(TopicList{{"a", "b"}, "h:1"}) ==
        R"({"brokerAddr":"h:1","topicList":["a","b"]})");
  CHECK(encode(TopicList{}) == R"({"topicList":[]})");
  CHECK(decode_topic_list(R"({"topicList":["a",null,"b"]})")->topics ==
        std::vector<std::string>{"a", "b"});
}

TEST_CASE("KV tables") {
  const NameValues table = {{"k", "v"}, {"ü", ""}};
  CHECK(encode_kv_table(table) == "{\"table\":{\"k\":\"v\",\"ü\":\"\"}}");
  CHECK(decode_kv_table(encode_kv_table(table)) == table);
  CHECK(decode_kv_table(R"({"table":{}})") == NameValues{});
}

model::DataVersion version_of(std::string_view body) {
  const auto version = decode_data_version(body);
  REQUIRE(version);
  REQUIRE(*version);
  return **version;
}

TEST_CASE("data versions: 4.x has no state version, 5.x has one") {
  CHECK(encode(model::DataVersion{0, 2, 3}) ==
        R"({"counter":3,"timestamp":2})");
  CHECK(encode(model::DataVersion{1, 2, 3}) ==
        R"({"counter":3,"stateVersion":1,"timestamp":2})");
  CHECK(
      decode_data_version(R"({"counter":3,"stateVersion":1,"timestamp":2})") ==
      model::DataVersion{1, 2, 3});
  CHECK(version_of("{}") == model::DataVersion{});
  CHECK_FALSE(decode_data_version("null")->has_value());
  for (const std::string_view wrong : {"", "{bad", "[]", "1", "\"x\""}) {
    CHECK(decode_data_version(wrong).error().code ==
          base::ErrorCode::kMalformed);
  }
}

TEST_CASE("member groups") {
  const BrokerMemberGroup group{"c", "b", {{0, "h:1"}, {2, "h:2"}}};
  CHECK(encode(group) ==
        R"({"brokerMemberGroup":{"brokerAddrs":{0:"h:1",2:"h:2"},)"
        R"("brokerName":"b","cluster":"c"}})");
  CHECK(decode_member_group(encode(group)) == group);
}

TEST_CASE("errors name the body") {
  CHECK(decode_route(R"({"brokerDatas":5})").error().message ==
        "topic route: JSON at byte 15: an array is expected");
  CHECK(decode_route(R"({"brokerDatas":[{"brokerAddrs":{x:"h"}}]})")
            .error()
            .message.find("a key is no number") != std::string::npos);
}

TEST_CASE("long lists of short texts are no bombs") {
  TopicList topics;
  NameValues table;
  for (int i = 0; i < 20'000; ++i) {
    topics.topics.push_back(std::to_string(i % 10));
    table.emplace_back(std::to_string(i), "v");
  }
  CHECK(decode_topic_list(encode(topics)) == topics);
  CHECK(decode_kv_table(encode_kv_table(table)) == table);
}

TEST_CASE("a route that unfolds to far more than was sent is refused") {
  std::string bomb = R"({"brokerDatas":[)";
  for (int i = 0; i < 100'000; ++i) bomb += "{},";
  CHECK(decode_route(bomb + "]}").error().code == base::ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace waypost::remoting
