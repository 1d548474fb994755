// What the commands print for given answers.

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "admin_cli/broker_command.h"
#include "admin_cli/cluster_command.h"
#include "admin_cli/cluster_list_command.h"
#include "admin_cli/config_command.h"
#include "admin_cli/kv_command.h"
#include "admin_cli/permission_command.h"
#include "admin_cli/ping_command.h"
#include "admin_cli/topic_command.h"

namespace waypost::admin {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

const base::Endpoint kNsA{"10.0.0.1", 9876};
const base::Endpoint kNsB{"10.0.0.2", 9876};

template <typename T>
base::Result<T> failed(base::ErrorCode code, const std::string& message) {
  return base::fail(code, message, "try again");
}

model::ClusterView view_of(const std::string& name, std::uint32_t brokers) {
  model::ClusterView view;
  view.server_name = name;
  view.server_version = "0.1.0";
  view.incarnation = model::Incarnation(0xabcdef0123456789);
  view.state_reason = "all brokers are back";
  view.uptime = 200s;
  view.clusters = 1;
  view.brokers = brokers;
  view.suspects = 1;
  view.topics = 120;
  view.table_version = 42;
  return view;
}

TEST_CASE("cluster show has a row for each nameserver, also a silent one") {
  const Answers<ClusterShown> answers = {
      {kNsA, view_of("ns-a", 4)},
      {kNsB, failed<ClusterShown>(base::ErrorCode::kTimedOut,
                                  "not connected within 3000 ms")}};
  CHECK(cluster_table(answers) ==
        "NAMESERVER     NAME  STATE        CLUSTERS  BROKERS  SUSPECT  "
        "UNHEALTHY  TOPICS  UPTIME  VERSION  REASON\n"
        "10.0.0.1:9876  ns-a  serving             1        4        1          "
        "0     120   3m20s  0.1.0    all brokers are back\n"
        "10.0.0.2:9876  -     unreachable         -        -        -          "
        "-       -       -  -        not connected within 3000 ms\n");
}

TEST_CASE("cluster show points out where tables differ") {
  const Answers<ClusterShown> answers = {{kNsA, view_of("a", 4)},
                                         {kNsB, view_of("b", 3)}};
  CHECK(cluster_differences(answers) ==
        std::vector<std::string>{
            "the nameservers differ in brokers: 4 at 10.0.0.1:9876, 3 at "
            "10.0.0.2:9876"});
  CHECK(cluster_table(answers).find("\n! the nameservers differ in brokers") !=
        std::string::npos);
}

TEST_CASE("a silent nameserver is no difference") {
  const Answers<ClusterShown> answers = {
      {kNsA, failed<ClusterShown>(base::ErrorCode::kUnavailable, "gone")},
      {kNsB, view_of("b", 3)}};
  CHECK(cluster_differences(answers).empty());
}

TEST_CASE("an engaged expiry brake shows with its countdown") {
  model::ClusterView view = view_of("a", 4);
  view.brake_releases_in = 90s;
  const Answers<ClusterShown> answers = {{kNsA, view}};
  CHECK(cluster_table(answers).find(
            "! 10.0.0.1:9876 holds back the removal of many silent brokers for "
            "1m30s more") != std::string::npos);
}

TEST_CASE("cluster show as JSON keeps 64-bit numbers and errors whole") {
  const Answers<ClusterShown> answers = {
      {kNsA, view_of("ns-a", 4)},
      {kNsB, failed<ClusterShown>(base::ErrorCode::kUnavailable, "refused")}};
  CHECK(json::parse(cluster_json(answers)) == json::parse(R"({
    "command": "cluster show",
    "answers": [
      {"nameserver": "10.0.0.1:9876", "ok": true, "view": {
        "name": "ns-a", "version": "0.1.0", "incarnation": "abcdef0123456789",
        "state": "serving", "state_reason": "all brokers are back",
        "uptime_ms": 200000, "clusters": 1, "brokers": 4, "suspect_brokers": 1,
        "unhealthy_brokers": 0, "topics": 120, "table_version": 42,
        "brake_releases_in_ms": null}, "peers": null, "peers_error": null},
      {"nameserver": "10.0.0.2:9876", "ok": false, "error": {
        "code": "unavailable", "message": "refused", "advice": "try again"}}
    ]})"));
}

BrokerList two_brokers() {
  model::BrokerListing master;
  master.cluster = model::ClusterName("shop");
  master.broker = {model::BrokerName("broker-a"), model::kMasterId};
  master.address = {"10.0.1.1", 10911};
  master.zone = "z1";
  master.epoch = model::Epoch(3);
  master.topic_count = 12;
  master.silent_for = 812ms;
  master.expiry = 120s;
  model::BrokerListing replica = master;
  replica.broker.broker_id = model::BrokerId(1);
  replica.address = {"fd00::1", 10911};
  replica.zone = "";
  replica.health = model::BrokerHealth::kUnhealthy;
  replica.health_reason = "mqtt: no PINGRESP within 1s";
  return {master, replica};
}

TEST_CASE("broker list shows health, silence and why") {
  const Answers<BrokerList> answers = {{kNsA, two_brokers()}};
  CHECK(broker_table(answers) ==
        "10.0.0.1:9876: 2 brokers\n"
        "CLUSTER  BROKER    ID  ADDRESS          ZONE  HEALTH     SILENT  "
        "EXPIRY  "
        "EPOCH  TOPICS  REASON\n"
        "shop     broker-a   0  10.0.1.1:10911   z1    healthy     812ms   "
        "2m00s  "
        "    3      12  -\n"
        "shop     broker-a   1  [fd00::1]:10911  -     unhealthy   812ms   "
        "2m00s  "
        "    3      12  mqtt: no PINGRESP within 1s\n");
}

TEST_CASE("broker list names each nameserver and says when it knows none") {
  const Answers<BrokerList> answers = {
      {kNsA, BrokerList{}},
      {kNsB, failed<BrokerList>(base::ErrorCode::kTimedOut, "late")}};
  CHECK(broker_table(answers) == "10.0.0.1:9876: 0 brokers\n");
}

TEST_CASE("broker list as JSON") {
  const auto document =
      json::parse(broker_json(Answers<BrokerList>{{kNsA, two_brokers()}}));
  CHECK(document["command"] == "broker list");
  CHECK(document["answers"][0]["brokers"].size() == 2);
  CHECK(document["answers"][0]["brokers"][1] == json::parse(R"({
    "cluster": "shop", "broker_name": "broker-a", "broker_id": 1,
    "address": "[fd00::1]:10911", "zone": "", "health": "unhealthy",
    "health_reason": "mqtt: no PINGRESP within 1s", "epoch": "3", "topics": 12,
    "indirect": false,
    "silent_for_ms": 812, "expiry_ms": 120000})"));
}

TEST_CASE("topic list") {
  const TopicList topics = {{model::TopicName("orders"), 2, 8, 4},
                            {model::TopicName("payments"), 1, 4, 4}};
  const Answers<TopicList> answers = {{kNsA, topics}};
  CHECK(topic_table(answers) ==
        "10.0.0.1:9876: 2 topics\n"
        "TOPIC     GROUPS  READ QUEUES  WRITE QUEUES\n"
        "orders         2            8             4\n"
        "payments       1            4             4\n");
  CHECK(json::parse(topic_json(answers))["answers"][0]["topics"][0] ==
        json::parse(R"({"topic": "orders", "groups": 2, "read_queues": 8,
                        "write_queues": 4})"));
}

model::VersionedRoute route_of(const std::string& broker_name) {
  model::RouteGroup group;
  group.cluster = model::ClusterName("shop");
  group.broker_name = model::BrokerName(broker_name);
  group.queues.read_queues = 8;
  group.queues.write_queues = 4;
  group.replicas = {{model::kMasterId,
                     {"10.0.1.1", 10911},
                     model::BrokerHealth::kSuspect,
                     "z1"},
                    {model::BrokerId(2), {"10.0.1.2", 10911}, {}, ""}};
  model::Route route{model::TopicName("orders"), {group}};
  return {route, model::digest_route(route)};
}

TEST_CASE("nameservers that tell the same route show it once") {
  const model::VersionedRoute route = route_of("broker-a");
  const Answers<model::VersionedRoute> answers = {{kNsA, route}, {kNsB, route}};
  CHECK(route_table(answers) ==
        "orders at 10.0.0.1:9876, 10.0.0.2:9876, version " +
            route.digest.to_string() +
            "\n"
            "CLUSTER  BROKER    ROLE       ADDRESS         ZONE  HEALTH   "
            "PERMISSION  READ QUEUES  WRITE QUEUES\n"
            "shop     broker-a  master     10.0.1.1:10911  z1    suspect  rw   "
            "                 8             4\n"
            "shop     broker-a  replica 2  10.0.1.2:10911  -     healthy  rw   "
            "                 8             4\n");
}

TEST_CASE("nameservers that tell different routes are set against each other") {
  const std::string text =
      route_table({{kNsA, route_of("broker-a")}, {kNsB, route_of("broker-b")}});
  CHECK(text.find("orders at 10.0.0.1:9876, version") != std::string::npos);
  CHECK(text.find("orders at 10.0.0.2:9876, version") != std::string::npos);
  CHECK(text.find("! the nameservers tell different routes") !=
        std::string::npos);
}

TEST_CASE("topic route as JSON") {
  const model::VersionedRoute route = route_of("broker-a");
  json expected = json::parse(R"({"topic": "orders", "groups": [{
      "cluster": "shop", "broker_name": "broker-a", "permission": "rw",
      "read_queues": 8, "write_queues": 4, "brokers": [
        {"broker_id": 0, "address": "10.0.1.1:10911", "zone": "z1",
         "health": "suspect"},
        {"broker_id": 2, "address": "10.0.1.2:10911", "zone": "",
         "health": "healthy"}]}]})");
  expected["digest"] = route.digest.to_string();
  CHECK(json::parse(route_json({{kNsA, route}}))["answers"][0]["route"] ==
        expected);
}

TEST_CASE("ping tells state and both times") {
  PingAnswer ping;
  ping.server_name = "ns-a";
  ping.server_version = "0.1.0";
  ping.state = model::ServerState::kStarting;
  ping.state_reason = "waits for 1 broker";
  ping.connected_after = 1500us;
  ping.round_trip = 85us;
  CHECK(
      ping_table({{kNsA, ping}}) ==
      "NAMESERVER     NAME  STATE     CONNECT  ROUND TRIP  VERSION  REASON\n"
      "10.0.0.1:9876  ns-a  starting  1.500ms     0.085ms  0.1.0    waits for "
      "1 broker\n");
  const auto document = json::parse(ping_json({{kNsA, ping}}));
  CHECK(document["answers"][0]["ping"]["round_trip_ms"].get<double>() ==
        doctest::Approx(0.085));
  CHECK(document["answers"][0]["ping"]["state"] == "starting");
  CHECK(ping_table({{kNsA, failed<PingAnswer>(base::ErrorCode::kTimedOut,
                                              "late")}}) == "");
}

TEST_CASE("bytes that are no UTF-8 still make valid JSON") {
  model::ClusterView view = view_of("ns\xff", 1);
  view.state_reason = "\x1b[31m";
  const auto document =
      json::parse(cluster_json({{kNsA, view}}), nullptr, false);
  REQUIRE_FALSE(document.is_discarded());
  CHECK(document["answers"][0]["view"]["state_reason"] == "\x1b[31m");
}

TEST_CASE("standard error says who did not answer in words that fit") {
  CHECK(failure_line(kNsA, {base::ErrorCode::kTimedOut, "late", ""}) ==
        "waypostctl: 10.0.0.1:9876 did not answer: timed-out: late\n");
  CHECK(failure_line(kNsA, {base::ErrorCode::kNotReady, "starting", "wait"}) ==
        "waypostctl: 10.0.0.1:9876 is not ready: not-ready: starting (wait)\n");
  CHECK(failure_line(kNsA, {base::ErrorCode::kNotFound, "no x", ""}) ==
        "waypostctl: 10.0.0.1:9876: not-found: no x\n");
  // These are answers.
  CHECK(failure_line(kNsA, {base::ErrorCode::kConflict, "this is n1", ""}) ==
        "waypostctl: 10.0.0.1:9876 refused: conflict: this is n1\n");
  CHECK(failure_line(kNsA, {base::ErrorCode::kInternal, "disk is full", ""}) ==
        "waypostctl: 10.0.0.1:9876: internal: disk is full\n");
}

TEST_CASE("the exit status tells all, some or none") {
  const Answers<int> good = {{kNsA, 1}, {kNsB, 2}};
  const Answers<int> mixed = {
      {kNsA, failed<int>(base::ErrorCode::kTimedOut, "late")}, {kNsB, 2}};
  const Answers<int> bad = {
      {kNsA, failed<int>(base::ErrorCode::kTimedOut, "late")}};
  CHECK(exit_status_of(good, true) == 0);
  CHECK(exit_status_of(mixed, true) == 3);
  // In turn, one answer is all that was wanted.
  CHECK(exit_status_of(mixed, false) == 0);
  CHECK(exit_status_of(bad, false) == 1);
  CHECK(exit_status_of(bad, true) == 1);
}

TEST_CASE("kv list shows equal configurations once and says who differs") {
  const KvEntries entries = {{"ORDER_TOPIC_CONFIG", "orders", "broker-a:4"}};
  CHECK(kv_list_table({{kNsA, entries}, {kNsB, entries}}) ==
        "1 entry at 10.0.0.1:9876, 10.0.0.2:9876\n"
        "NAMESPACE           KEY     VALUE\n"
        "ORDER_TOPIC_CONFIG  orders  broker-a:4\n");
  CHECK(kv_list_table({{kNsA, entries}, {kNsB, KvEntries{}}}) ==
        "1 entry at 10.0.0.1:9876\n"
        "NAMESPACE           KEY     VALUE\n"
        "ORDER_TOPIC_CONFIG  orders  broker-a:4\n"
        "\n"
        "0 entries at 10.0.0.2:9876\n"
        "\n"
        "! the nameservers have different entries\n");
  const json document = json::parse(kv_list_json({{kNsA, entries}}));
  CHECK(document["answers"][0]["entries"] ==
        json::array({{{"namespace", "ORDER_TOPIC_CONFIG"},
                      {"key", "orders"},
                      {"value", "broker-a:4"}}}));
}

TEST_CASE("kv get prints the value alone, unless there are two") {
  using Values = Answers<std::string>;
  CHECK(kv_value_table(Values{{kNsA, std::string("v")},
                              {kNsB, std::string("v")}}) == "v\n");
  CHECK(kv_value_table(Values{{kNsA, std::string("v\x1b[2J")},
                              {kNsB, std::string("w")}}) ==
        "10.0.0.1:9876: v?[2J\n10.0.0.2:9876: w\n"
        "\n! the nameservers have different values\n");
  CHECK(kv_value_table(Values{{kNsA, failed<std::string>(
                                         base::ErrorCode::kNotFound, "no")}})
            .empty());
}

TEST_CASE("a kvConfig.json is read as RocketMQ writes it, and written back") {
  const auto read = parse_kv_file(
      R"({"configTable":{"ORDER_TOPIC_CONFIG":{"a":"b:4","c":"d:8"},"X":{}}})");
  REQUIRE(read);
  CHECK(*read == KvEntries{{"ORDER_TOPIC_CONFIG", "a", "b:4"},
                           {"ORDER_TOPIC_CONFIG", "c", "d:8"}});
  CHECK(*parse_kv_file(*write_kv_file(*read)) == *read);
  CHECK(parse_kv_file(*write_kv_file({}))->empty());
}

TEST_CASE("what is no kvConfig.json is refused with what it should be") {
  for (const char* text :
       {"", "{", "[]", "{}", R"({"configTable":[]})",
        R"({"configTable":{"n":3}})", R"({"configTable":{"n":{"k":3}}})"}) {
    CAPTURE(text);
    const auto read = parse_kv_file(text);
    REQUIRE_FALSE(read);
    CHECK(read.error().advice.find("{NAMESPACE: {KEY: VALUE}}") !=
          std::string::npos);
  }
  CHECK(parse_kv_file(R"({"configTable":{"n":{"k":3}}})").error().message ==
        "namespace n, key k: the value is no text");
}

model::PermissionOverride override_at(std::int64_t seconds) {
  return {model::BrokerName("broker-a"),
          {4},
          "ops",
          "new disk",
          base::WallTime(std::chrono::seconds(seconds)),
          base::WallTime(std::chrono::seconds(seconds + 3600))};
}

TEST_CASE("broker permissions that were taken a moment apart are the same") {
  const Answers<Overrides> answers = {
      {kNsA, Overrides{override_at(1'700'000'000)}},
      {kNsB, Overrides{override_at(1'700'000'001)}}};
  CHECK(permission_table(answers) ==
        "1 broker group with a set permission at 10.0.0.1:9876, "
        "10.0.0.2:9876\n"
        "BROKER    PERMISSION  SET AT                LAPSES AT             "
        "OWNER  REASON\n"
        "broker-a  r           2023-11-14T22:13:20Z  2023-11-14T23:13:20Z  "
        "ops    new disk\n");
  Overrides writable = {override_at(1'700'000'000)};
  writable[0].permission = {6};
  CHECK(permission_table({answers[0], {kNsB, writable}})
            .find("! the nameservers have different permissions set") !=
        std::string::npos);
  const json document = json::parse(permission_json({answers[0]}));
  const json& first = document["answers"][0]["permissions"][0];
  CHECK(first["permission"] == "r");
  CHECK(first["set_at_ms"] == 1'700'000'000'000);
  CHECK(first["lapses_at_ms"] == 1'700'003'600'000);
}

TEST_CASE("config show names the settings in which nameservers differ") {
  const SettingValues one = {{"listen", "a", false},
                             {"orderMessageEnable", "true", true}};
  const SettingValues two = {{"listen", "b", false},
                             {"orderMessageEnable", "false", true}};
  CHECK(config_table({{kNsA, one}, {kNsB, two}}) ==
        "10.0.0.1:9876\n"
        "KEY                 VALUE  MAY CHANGE\n"
        "listen              a      -\n"
        "orderMessageEnable  true   yes\n"
        "\n"
        "10.0.0.2:9876\n"
        "KEY                 VALUE  MAY CHANGE\n"
        "listen              b      -\n"
        "orderMessageEnable  false  yes\n"
        "\n"
        "! the nameservers differ in listen, orderMessageEnable\n");
  const json document = json::parse(config_json({{kNsA, one}}));
  CHECK(document["answers"][0]["settings"][1] ==
        json{{"key", "orderMessageEnable"},
             {"value", "true"},
             {"changeable", true}});
}

TEST_CASE("cluster list counts groups, masters and who is not well") {
  BrokerList brokers(3);
  brokers[0].cluster = brokers[1].cluster = model::ClusterName("shop");
  brokers[2].cluster = model::ClusterName("bank");
  brokers[0].broker = {model::BrokerName("a"), model::BrokerId(0)};
  brokers[1].broker = {model::BrokerName("a"), model::BrokerId(1)};
  brokers[2].broker = {model::BrokerName("b"), model::BrokerId(1)};
  brokers[1].health = model::BrokerHealth::kUnhealthy;
  brokers[2].health = model::BrokerHealth::kSuspect;
  CHECK(cluster_list_table({{kNsA, brokers}}) ==
        "10.0.0.1:9876: 2 clusters\n"
        "CLUSTER  GROUPS  BROKERS  MASTERS  SUSPECT  UNHEALTHY  BROKER NAMES\n"
        "bank          1        1        0        1          0  b\n"
        "shop          1        2        1        0          1  a\n");
  const json document = json::parse(cluster_list_json({{kNsA, brokers}}));
  CHECK(document["answers"][0]["clusters"][1]["broker_names"] ==
        json::array({"a"}));
}

}  // namespace
}  // namespace waypost::admin
