// Routes and lists as remoting reads them. Numbers in names are those of the
// Java server's recordings.

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

#include "namesrv/registry/java_order.h"
#include "namesrv/registry/remoting_lists.h"
#include "namesrv/registry/remoting_route.h"
#include "tests/namesrv/registry/remoting_script.h"

namespace waypost::registry {
namespace {

std::string sorted(NameList names) {
  std::sort(names.begin(), names.end());
  std::string text;
  for (const auto name : names) {
    text += (text.empty() ? "" : " ") + std::string(name);
  }
  return text;
}

TEST_CASE("String.hashCode of what Java calls a string") {
  CHECK(java_string_hash("") == 0);
  CHECK(java_string_hash("hello") == 99162322);
  CHECK(java_string_hash("Hello World") == -862545276);
  CHECK(java_string_hash("主题") == 0x4e3b * 31 + 0x9898);
  // A surrogate pair: U+1F680 is D83D DE80.
  CHECK(java_string_hash("🚀") == 0xd83d * 31 + 0xde80);
  // What is not UTF-8 is U+FFFD for each byte.
  CHECK(java_string_hash("\xff") == 0xfffd);
  CHECK(java_string_hash("a\xe4\xb8") == ('a' * 31 + 0xfffd) * 31 + 0xfffd);
}

TEST_CASE("a HashMap doubles when it is three quarters full") {
  CHECK(java_map_slots(0) == 16);
  CHECK(java_map_slots(12) == 16);
  CHECK(java_map_slots(13) == 32);
  CHECK(java_map_slots(96, 128) == 128);
  CHECK(java_map_slots(97, 128) == 256);
  CHECK(java_map_slot(16, 16) == 0);
  CHECK(java_map_slot(17, 16) == 1);
  CHECK(java_map_slot(0x10000, 16) == 1);
}

// The cluster of recording 028.
void enter_three(RemotingScript& s) {
  s.enter({.broker = "broker-a/0",
           .binding = 1,
           .topics = {"Shared:4", "Own-a", "broker-a", "DefaultCluster"},
           .address = "127.0.0.1:10911",
           .cluster = "DefaultCluster"});
  s.enter({.broker = "broker-b/0",
           .binding = 2,
           .topics = {"Shared:5", "Own-b", "broker-b", "DefaultCluster"},
           .address = "127.0.0.1:11011",
           .cluster = "DefaultCluster"});
  s.enter({.broker = "broker-c/0",
           .binding = 3,
           .topics = {"Shared:6", "Own-c", "broker-c", "DefaultCluster"},
           .address = "127.0.0.1:11111",
           .cluster = "DefaultCluster"});
}

TEST_CASE("028: lists of a cluster of three, and Java's first broker") {
  RemotingScript s;
  enter_three(s);
  const RouteTable& table = s.registry.table();
  CHECK(sorted(all_topics(table)) ==
        "DefaultCluster Own-a Own-b Own-c Shared broker-a broker-b broker-c");
  CHECK(sorted(topics_of_cluster(table, "DefaultCluster")) ==
        sorted(all_topics(table)));
  CHECK(topics_of_cluster(table, "none").empty());
  const SystemTopics system = system_topics(table);
  CHECK(sorted(system.topics) == "DefaultCluster broker-a broker-b broker-c");
  CHECK(system.broker_address == "127.0.0.1:11011");
  s.close(2);
  CHECK(sorted(topics_of_cluster(table, "DefaultCluster")) ==
        "DefaultCluster Own-a Own-c Shared broker-a broker-c");
}

TEST_CASE("022: a name of two clusters is in the lists of both") {
  RemotingScript s;
  s.enter({.broker = "broker-a/0", .address = "m:1", .cluster = "C1"});
  s.enter({.broker = "broker-a/1", .binding = 2, .cluster = "C2"});
  const RouteTable& table = s.registry.table();
  CHECK(sorted(topics_of_cluster(table, "C1")) == "t");
  CHECK(sorted(topics_of_cluster(table, "C2")) == "t");
  CHECK(sorted(system_topics(table).topics) == "C1 C2 broker-a");
  CHECK(system_topics(table).broker_address == "m:1");
}

TEST_CASE("nothing is listed where nobody is") {
  RemotingScript s;
  const RouteTable& table = s.registry.table();
  CHECK(all_topics(table).empty());
  CHECK(system_topics(table).topics.empty());
  CHECK(system_topics(table).broker_address.empty());
  CHECK(unit_topics(table, UnitTopics::kUnit).empty());
  CHECK(cluster_info(table).groups.empty());
  CHECK(group_members(table, "a").addresses.empty());
}

Register with_flags(const std::string& broker, std::uint64_t binding,
                    const std::vector<std::uint32_t>& flags) {
  Register event =
      RemotingScript::event_of({.broker = broker, .binding = binding});
  event.request.topics.clear();
  for (std::size_t i = 0; i < flags.size(); ++i) {
    event.request.topics.push_back(
        {model::TopicName("F" + std::to_string(i)), {4, 4, {}, flags[i]}});
  }
  return event;
}

TEST_CASE("046: unit topics by the flags of Java's first broker") {
  RemotingScript s;
  s.step(with_flags("broker-a/0", 1, {0, 1, 2, 3, 4, 5, 6, 7}));
  const RouteTable& table = s.registry.table();
  CHECK(sorted(unit_topics(table, UnitTopics::kUnit)) == "F1 F3 F5 F7");
  CHECK(sorted(unit_topics(table, UnitTopics::kUnitSub)) == "F2 F3 F6 F7");
  CHECK(sorted(unit_topics(table, UnitTopics::kUnitSubButNotUnit)) == "F2 F6");
  s.step(with_flags("broker-b/0", 2, {1, 0}));
  CHECK(sorted(unit_topics(table, UnitTopics::kUnit)) == "F0 F3 F5 F7");
  CHECK(sorted(unit_topics(table, UnitTopics::kUnitSub)) == "F2 F3 F6 F7");
}

TEST_CASE("901: members as they are registered, nothing hidden") {
  RemotingScript s;
  s.enter({.broker = "a/0", .binding = 1, .zone = "z", .acting_master = true});
  s.enter({.broker = "a/2", .binding = 2});
  s.observe_at("a2:1", "hung", std::chrono::seconds(9), 9);
  const GroupMembers members = group_members(s.registry.table(), "a");
  REQUIRE(members.addresses.size() == 2);
  CHECK(members.addresses[1].first == model::BrokerId(2));
  CHECK(members.addresses[1].second == "a2:1");
  CHECK(members.cluster->value() == "c");
  CHECK(members.zone == "z");
  CHECK(members.enable_acting_master);
}

TEST_CASE("the cluster information changes with groups, not with topics") {
  RemotingScript s;
  const RouteTable& table = s.registry.table();
  s.enter({.version = 1});
  const auto version = table.groups_version();
  s.enter({.version = 2, .topics = {"t", "u"}});
  CHECK(table.groups_version() == version);
  s.enter({.broker = "b/0", .binding = 2});
  CHECK(table.groups_version() > version);
  const auto with_two = table.groups_version();
  s.close(2);
  CHECK(table.groups_version() > with_two);
  CHECK(table.group_count() == 1);
  CHECK(table.find_group("b") == nullptr);
  CHECK(table.find_group("a")->broker_name.value() == "a");
}

TEST_CASE("the smallest slave is shown as master where nobody can write") {
  RemotingScript s;
  s.enter({.broker = "a/1", .binding = 1, .acting_master = true});
  s.enter({.broker = "a/2", .binding = 2, .acting_master = true});
  CHECK(s.shown("t") == "a*(c)[1=a1:1,2=a2:1]4/4p4");
  CHECK(s.shown("t", true) == "a*(c)[0=a1:1,2=a2:1]4/4p4");
  // With a master nobody acts.
  s.enter({.broker = "a/0", .binding = 3, .acting_master = true});
  CHECK(s.shown("t", true) == "a*(c)[0=a0:1,1=a1:1,2=a2:1]4/4p6");
  s.close(3);
  // An operator gives write permission: then it is not needed. (The group
  // without master drops it.)
  s.hold("a", "rw");
  CHECK(s.shown("t", true) == "a*(c)[0=a1:1,2=a2:1]4/4p4");
  s.hold("a", "");
  s.close(1);
  CHECK(s.shown("t", true) == "a*(c)[0=a2:1]4/4p4");
}

TEST_CASE("nobody acts for a group that does not ask for it") {
  RemotingScript s;
  s.enter({.broker = "a/0", .binding = 1, .topics = {"t:4:r"}});
  s.enter({.broker = "a/1", .binding = 2});
  s.close(1);
  CHECK(s.shown("t", true) == "a(c)[1=a1:1]4/4p4");
}

TEST_CASE("through the member group's topic members are shown as they are") {
  RemotingScript s;
  const std::string topic = std::string(kMemberGroupTopicPrefix) + "a";
  s.enter({.broker = "a/1",
           .binding = 1,
           .topics = {topic + ":1:i"},
           .acting_master = true});
  CHECK(s.shown(topic, true) == "a*(c)[1=a1:1]1/1p1");
}

TEST_CASE("a stamp tells of everything that remoting shows") {
  RemotingScript s;
  std::uint64_t before = 0;
  const auto changed = [&](const std::string& event) {
    (void)event;
    const auto now = s.stamp("t");
    const bool is_new = now != before;
    before = now;
    return is_new;
  };
  CHECK(changed(s.enter({})));
  CHECK_FALSE(changed(s.enter({})));
  CHECK(changed(s.enter({.filter_servers = {{"f"}}})));
  CHECK(changed(s.enter({.address = "A0:1"})));
  CHECK(changed(s.enter({.address = "A0:01"})));
  CHECK(changed(s.enter({.address = "A0:01", .zone = "z"})));
  CHECK(changed(
      s.enter({.address = "A0:01", .zone = "z", .acting_master = true})));
  CHECK(changed(s.hold("a", "r")));
  CHECK(changed(s.wipe("a")));
  CHECK_FALSE(changed(s.wipe("a")));
  model::StaticTopicMapping mapping;
  mapping.topic = model::TopicName("t");
  CHECK(changed(s.enter({.version = 2,
                         .address = "A0:01",
                         .zone = "z",
                         .acting_master = true,
                         .mappings = {mapping}})));
}

TEST_CASE("033: names of topics are any bytes") {
  RemotingScript s;
  const std::vector<std::string> names = {"a b",
                                          "tab\there",
                                          "quote\"inside",
                                          "slash/topic",
                                          "主题",
                                          "🚀rocket",
                                          std::string("nul\0inside", 10)};
  Register event = RemotingScript::event_of({});
  event.request.topics.clear();
  for (const auto& name : names) {
    event.request.topics.push_back({model::TopicName(name), {4, 4, {}, 0}});
  }
  s.step(event);
  for (const auto& name : names) {
    CHECK(s.shown(name) == "a(c)[0=a0:1]4/4p6");
  }
  CHECK(all_topics(s.registry.table()).size() == names.size());
}

}  // namespace
}  // namespace waypost::registry
