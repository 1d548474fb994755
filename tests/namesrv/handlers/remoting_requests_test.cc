// The requests of clients and operators, and what they have in common.

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

#include "base/random.h"
#include "tests/namesrv/handlers/remoting_harness.h"

namespace waypost::handlers {
namespace {

using support::ExtFieldList;
using support::remoting_request;
using support::RemotingAnswer;
using support::RemotingBroker;
using Names = std::vector<std::string>;
namespace request = remoting::request_code;
namespace code = remoting::response_code;

RemotingAnswer ask(RemotingHarness& harness, std::int32_t request_code,
                   ExtFieldList fields = {}, std::string_view body = {}) {
  const auto answer =
      harness.ask(remoting_request(request_code, 5, fields, body));
  REQUIRE(answer.has_value());
  CHECK(answer->command.opaque == 5);
  CHECK(answer->command.is_response());
  return *answer;
}

Names topics(RemotingHarness& harness, std::int32_t request_code,
             ExtFieldList fields = {}) {
  const auto list =
      remoting::decode_topic_list(ask(harness, request_code, fields).body);
  REQUIRE(list.has_value());
  Names names = list->topics;
  std::sort(names.begin(), names.end());
  return names;
}

constexpr std::int32_t kAllCodes[] = {request::kPutKvConfig,
                                      request::kGetKvConfig,
                                      request::kDeleteKvConfig,
                                      request::kRegisterBroker,
                                      request::kUnregisterBroker,
                                      request::kGetRouteInfoByTopic,
                                      request::kGetBrokerClusterInfo,
                                      request::kWipeWritePermOfBroker,
                                      request::kGetAllTopicList,
                                      request::kDeleteTopicInNamesrv,
                                      request::kRegisterTopicInNamesrv,
                                      request::kGetKvListByNamespace,
                                      request::kGetTopicsByCluster,
                                      request::kGetSystemTopicList,
                                      request::kGetUnitTopicList,
                                      request::kGetHasUnitSubTopicList,
                                      request::kGetHasUnitSubUnunitTopicList,
                                      request::kUpdateNamesrvConfig,
                                      request::kGetNamesrvConfig,
                                      request::kQueryDataVersion,
                                      request::kAddWritePermOfBroker,
                                      request::kGetBrokerMemberGroup,
                                      request::kBrokerHeartbeat,
                                      request::kNotifyMinBrokerIdChange,
                                      0,
                                      -1,
                                      10,
                                      999,
                                      32767};

TEST_CASE("every request is answered once, a one-way request never") {
  base::Random random(5);
  constexpr const char* kFields[] = {
      "brokerName", "brokerId",  "brokerAddr", "clusterName", "cluster",
      "topic",      "namespace", "key",        "value",       "bodyCrc32"};
  const std::string bodies[] = {"",
                                "{}",
                                "null",
                                "garbage",
                                "[1,2",
                                R"({"counter":1,"timestamp":1})",
                                "orderMessageEnable=true",
                                R"({"queueDatas":[{"brokerName":"broker-a"}]})",
                                std::string("\x78\xda\x01\x02", 4)};
  RemotingHarness harness({.decode_thread = true});
  REQUIRE(harness.ask(support::register_request(RemotingBroker{}, 1)));
  for (int round = 0; round < 3000; ++round) {
    remoting::Command command;
    command.code = kAllCodes[random.below(std::size(kAllCodes))];
    command.opaque = round;
    command.serialization = random.chance(0.5)
                                ? remoting::Serialization::kJson
                                : remoting::Serialization::kBinary;
    const bool oneway = random.chance(0.3);
    if (oneway) command.flag = remoting::kFlagOneway;
    for (const char* field : kFields) {
      if (random.chance(0.5)) continue;
      constexpr const char* kValues[] = {"broker-a", "0", "x",
                                         "127.0.0.1:10911", "TopicTest"};
      command.set_ext_field(field, kValues[random.below(5)]);
    }
    CAPTURE(command.code);
    CAPTURE(oneway);
    const auto answer = harness.ask(remoting::encode_frame(
        command, bodies[random.below(std::size(bodies))]));
    CHECK(answer.has_value() == !oneway);
    if (answer) {
      CHECK(answer->command.opaque == round);
      CHECK(answer->command.is_response());
    }
  }
  CHECK(harness.decode_budget.used() == 0);
}

TEST_CASE("a response that nobody asked for is ignored") {
  RemotingHarness harness;
  remoting::Command command;
  command.code = request::kGetRouteInfoByTopic;
  command.flag = remoting::kFlagResponse;
  CHECK_FALSE(harness.ask(remoting::encode_frame(command)).has_value());
}

TEST_CASE("a header that cannot be read ends the connection") {
  RemotingHarness harness;
  const auto id = harness.connect();
  harness.say(id, std::string("\0\0\0\7\0\0\0\3abc", 11));
  CHECK_FALSE(harness.session(id).refused.empty());
  CHECK(harness.session(id).written.empty());
}

TEST_CASE("routes come in the dialect that the client reads") {
  RemotingHarness harness;
  REQUIRE(harness.ask(support::register_request(RemotingBroker{}, 1)));
  const auto body_for = [&](std::int32_t version) {
    remoting::Command command;
    command.code = request::kGetRouteInfoByTopic;
    command.version = version;
    command.set_ext_field("topic", "TopicTest");
    return harness.ask(remoting::encode_frame(command))->body;
  };
  CHECK(body_for(400).find(R"({0:"127.0.0.1:10911"})") != std::string::npos);
  CHECK(body_for(401).find(R"({"0":"127.0.0.1:10911"})") != std::string::npos);
  CHECK(ask(harness, request::kGetRouteInfoByTopic,
            {{"topic", "TopicTest"}, {"acceptStandardJsonOnly", "true"}})
            .body.find(R"({"0":)") != std::string::npos);
  // Each form is encoded once.
  const auto encodings = harness.cache.encodings();
  body_for(400);
  body_for(409);
  CHECK(harness.cache.encodings() == encodings);
}

TEST_CASE("a zone's clients see its brokers, and groups without a master") {
  RemotingHarness harness;
  RemotingBroker east;
  east.name = "east";
  east.zone = "z-east";
  RemotingBroker west = east;
  west.name = "west";
  west.zone = "z-west";
  west.address = "127.0.0.1:20911";
  RemotingBroker orphan = east;
  orphan.name = "orphan";
  orphan.id = 1;
  orphan.zone = "z-west";
  orphan.address = "127.0.0.1:30911";
  orphan.acting_master = true;
  for (const auto& each : {east, west, orphan}) {
    REQUIRE(harness.ask(support::register_request(each, 1)));
  }
  const auto seen = [&](ExtFieldList fields) {
    return ask(harness, request::kGetRouteInfoByTopic, fields).brokers();
  };
  const Names all{"east", "orphan", "west"};
  CHECK(seen({{"topic", "TopicTest"}}) == all);
  CHECK(seen({{"topic", "TopicTest"},
              {"__ZONE_MODE", "true"},
              {"__ZONE_NAME", "Z-East"}}) == Names{"east", "orphan"});
  CHECK(seen({{"topic", "TopicTest"},
              {"__ZONE_MODE", "true"},
              {"__ZONE_NAME", "nowhere"}}) == Names{"orphan"});
  CHECK(seen({{"topic", "TopicTest"},
              {"__ZONE_MODE", "false"},
              {"__ZONE_NAME", "z-east"}}) == all);
  CHECK(seen({{"topic", "TopicTest"},
              {"__ZONE_MODE", "true"},
              {"__ZONE_NAME", " "}}) == all);
  const auto body =
      remoting::decode_route(ask(harness, request::kGetRouteInfoByTopic,
                                 {{"topic", "TopicTest"},
                                  {"__ZONE_MODE", "true"},
                                  {"__ZONE_NAME", "z-west"}})
                                 .body);
  REQUIRE(body.has_value());
  CHECK(body->queues.size() == 2);
}

TEST_CASE("lists that are switched off say so in RocketMQ 5's word") {
  service::NameServiceSettings settings;
  settings.remoting.enable_all_topic_list = false;
  settings.remoting.enable_topic_list = false;
  RemotingHarness harness({.service = settings});
  for (const std::int32_t each :
       {request::kGetAllTopicList, request::kGetTopicsByCluster,
        request::kGetUnitTopicList, request::kGetHasUnitSubTopicList,
        request::kGetHasUnitSubUnunitTopicList}) {
    CAPTURE(each);
    const auto answer = ask(harness, each, {{"cluster", "c"}});
    CHECK(answer.command.code == code::kSystemError);
    CHECK(answer.command.remark == "disable");
  }
  // The system topics are brokers' names, and never switched off.
  CHECK(ask(harness, request::kGetSystemTopicList).command.code ==
        code::kSuccess);
}

TEST_CASE("lists of a large table are made on a decode thread") {
  RemotingSettings settings;
  settings.list_inline_max_topics = 10;
  RemotingHarness harness({.remoting = settings, .decode_thread = true});
  RemotingBroker broker;
  broker.topics.clear();
  for (int i = 0; i < 100; ++i)
    broker.topics.push_back("t" + std::to_string(i));
  REQUIRE(harness.ask(support::register_request(broker, 1)));
  const int before = harness.decodes_run;
  CHECK(topics(harness, request::kGetAllTopicList).size() == 100);
  CHECK(topics(harness, request::kGetTopicsByCluster,
               {{"cluster", "DefaultCluster"}})
            .size() == 100);
  CHECK(topics(harness, request::kGetTopicsByCluster, {{"cluster", "Other"}})
            .empty());
  CHECK(harness.decodes_run == before + 3);
}

TEST_CASE("cluster information is encoded anew only when a group changes") {
  RemotingHarness harness;
  const auto brokers_seen = [&] {
    const auto info = remoting::decode_cluster_info(
        ask(harness, request::kGetBrokerClusterInfo).body);
    REQUIRE(info.has_value());
    return info->brokers.size();
  };
  CHECK(brokers_seen() == 0);
  const auto id = harness.connect();
  REQUIRE(harness.ask(id, support::register_request(RemotingBroker{}, 1)));
  CHECK(brokers_seen() == 1);
  const auto version = harness.context->cluster_info.groups_version;
  RemotingBroker more_topics;
  more_topics.topics = {"TopicTest", "Another"};
  more_topics.version.counter = 2;
  REQUIRE(harness.ask(id, support::register_request(more_topics, 2)));
  CHECK(brokers_seen() == 1);
  CHECK(harness.context->cluster_info.groups_version == version);
  harness.disconnect(id);
  CHECK(brokers_seen() == 0);
}

TEST_CASE(
    "live keys are set by request, the others ignored, none when listed") {
  RemotingHarness harness;
  const auto update = [&](std::string_view text) {
    return ask(harness, request::kUpdateNamesrvConfig, {}, text).command;
  };
  const auto configuration = [&] {
    return ask(harness, request::kGetNamesrvConfig).body;
  };
  CHECK(configuration().find("orderMessageEnable=false\n") !=
        std::string::npos);
  CHECK(update("orderMessageEnable=true\nenableTopicList=FALSE\n").code ==
        code::kSuccess);
  CHECK(configuration().find("orderMessageEnable=true\n") != std::string::npos);
  CHECK(configuration().find("enableTopicList=false\n") != std::string::npos);

  const auto ignored = update("serverWorkerThreads=9\norderMessageEnable=ture");
  CHECK(ignored.code == code::kSuccess);
  CHECK(ignored.remark->find("serverWorkerThreads") != std::string::npos);
  CHECK(ignored.remark->find("orderMessageEnable (neither") !=
        std::string::npos);
  CHECK(configuration().find("orderMessageEnable=true\n") != std::string::npos);

  for (const char* key :
       {"kvConfigPath", "configStorePath", "configBlackList", "rocketmqHome"}) {
    CAPTURE(std::string(key));
    CHECK(update("orderMessageEnable=false\n" + std::string(key) + "=/tmp/x")
              .code == code::kNoPermission);
  }
  CHECK(configuration().find("orderMessageEnable=true\n") != std::string::npos);
  CHECK(update("a\\u00zz=1").code == code::kSystemError);
}

TEST_CASE("key-value configuration is kept within limits") {
  service::NameServiceSettings settings;
  settings.hard_state.entries_max = 4;
  settings.hard_state.value_bytes_max = 100;
  RemotingHarness harness({.service = settings});
  const auto put = [&](const std::string& key, const std::string& value) {
    return ask(harness, request::kPutKvConfig,
               {{"namespace", "NS"}, {"key", key}, {"value", value}})
        .command.code;
  };
  CHECK(put("a", "1") == code::kSuccess);
  CHECK(put("b", std::string(101, 'x')) == code::kSystemError);
  CHECK(put("b", "2") == code::kSuccess);
  CHECK(put("c", "3") == code::kSuccess);
  CHECK(put("d", "4") == code::kSystemError);
  CHECK(put("a", "changed") == code::kSuccess);
  const auto got =
      ask(harness, request::kGetKvConfig, {{"namespace", "NS"}, {"key", "a"}});
  CHECK(*got.command.ext_field("value") == "changed");
}

TEST_CASE("changes are refused where the service port takes none") {
  RemotingSettings settings;
  settings.changes_allowed = false;
  RemotingHarness harness({.remoting = settings});
  for (const std::int32_t each :
       {request::kPutKvConfig, request::kDeleteKvConfig,
        request::kWipeWritePermOfBroker, request::kAddWritePermOfBroker,
        request::kDeleteTopicInNamesrv, request::kUpdateNamesrvConfig}) {
    CAPTURE(each);
    CHECK(ask(harness, each, {{"namespace", "N"}, {"key", "k"}}).command.code ==
          code::kNoPermission);
  }
  CHECK(harness.ask(support::register_request(RemotingBroker{}, 1))
            ->command.code == code::kSuccess);
}

TEST_CASE("an idle connection is closed; a broker on it has been silent") {
  RemotingHarness harness;
  const auto client = harness.connect();
  const auto broker = harness.connect();
  REQUIRE(harness.ask(broker, support::register_request(RemotingBroker{}, 1)));
  for (const auto id : {client, broker}) {
    harness.peer(id).on_idle();
    CHECK(harness.session(id).closed);
    harness.disconnect(id, transport::CloseReason::kLocal);
  }
  // Its expiry decides.
  const auto route = [&] {
    return ask(harness, request::kGetRouteInfoByTopic, {{"topic", "TopicTest"}})
        .brokers();
  };
  harness.world.run_for(std::chrono::seconds(100));
  CHECK(route() == Names{"broker-a"});
  harness.world.run_for(std::chrono::seconds(40));
  CHECK(route().empty());
}

TEST_CASE("a broker that talks but does not register again is closed, too") {
  RemotingHarness harness;
  const auto broker = harness.connect();
  REQUIRE(harness.ask(broker, support::register_request(RemotingBroker{}, 1)));
  for (int i = 0; i < 14; ++i) {
    harness.world.run_for(std::chrono::seconds(10));
    harness.say(broker, support::route_request("TopicTest", 2));
  }
  CHECK(harness.session(broker).closed);
}

}  // namespace
}  // namespace waypost::handlers
