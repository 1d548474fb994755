// What registrations make of brokers, groups and topics.

#include <doctest/doctest.h>

#include "namesrv/registry/prepare.h"
#include "tests/namesrv/registry/registry_script.h"

namespace waypost::registry {
namespace {

using namespace std::chrono_literals;

std::string message(const Script& s) {
  return std::get<base::Error>(s.last.reply).to_string();
}

TEST_CASE("a first registration puts the broker and its topics into routes") {
  Script s;
  CHECK(s.route("t") == "-");
  CHECK(s.enter({.topics = {"t", "u:8:r"}, .zone = "z1"}) ==
        "changed; registered a/0");
  CHECK(s.last.table_changed);
  CHECK(s.last.roster_changed);
  CHECK(s.route("t") == "a[0@a0:1/z1]4/4rw");
  CHECK(s.route("u") == "a[0@a0:1/z1]8/8r");
  CHECK(s.topics() == "t u");
  CHECK(s.brokers() == "a/0");
  CHECK(s.view().clusters == 1);
  CHECK(s.view().brokers == 1);
  CHECK(s.view().topics == 2);
}

TEST_CASE("an unchanged registration changes nothing and publishes nothing") {
  Script s;
  s.enter({.topics = {"t", "u"}});
  const auto version = s.registry.table().version();
  CHECK(s.at(30s).enter({.topics = {"u", "t"}}) == "unchanged");
  CHECK_FALSE(s.last.table_changed);
  CHECK_FALSE(s.last.roster_changed);
  CHECK(s.registry.table().version() == version);
  // It was a sign of life all the same.
  CHECK(s.at(150s).scan() == "-");
  CHECK(s.at(151s).scan() == "-; expired a/0");
}

TEST_CASE("a changed full registration touches only the topics that differ") {
  Script s;
  s.enter({.topics = {"keep", "grow:4", "drop"}});
  const auto kept = s.stamp("keep");
  CHECK(s.enter({.topics = {"keep", "grow:8", "new"}}) ==
        "changed; topics-changed a/0");
  CHECK(s.last.changes[0].detail == "1 added, 1 changed, 1 removed");
  CHECK(s.topics() == "grow keep new");
  CHECK(s.route("grow") == "a[0@a0:1]8/8rw");
  CHECK(s.stamp("keep") == kept);
  CHECK(s.stamp("grow") > kept);
}

TEST_CASE("an incremental registration adds, changes and removes by name") {
  Script s;
  s.enter({.topics = {"t", "u", "v"}});
  CHECK(s.enter({.topics = {"u:8", "w"},
                 .removed = {"v", "unknown"},
                 .incremental = true}) == "changed; topics-changed a/0");
  CHECK(s.topics() == "t u w");
  CHECK(s.route("u") == "a[0@a0:1]8/8rw");
}

TEST_CASE("an incremental registration has to build on one of its epoch") {
  Script s;
  CHECK(s.enter({.incremental = true}) == "not-found");
  CHECK(message(s) ==
        "not-found: a/0 is not registered here, an incremental registration "
        "has nothing to build on (register all topics)");
  s.enter({.epoch = 1});
  CHECK(s.enter({.binding = 2, .epoch = 2, .incremental = true}) ==
        "not-found");
  CHECK(s.topics() == "t");
}

TEST_CASE("after an incremental registration the next full one is compared") {
  Script s;
  s.enter({.topics = {"t"}});
  // The broker's statement is wrong: it says what it will say in full later.
  const std::vector<std::string> full = {"t", "u"};
  auto wrong = register_event({.topics = {"x"}, .incremental = true});
  wrong.request.topics_digest = stated_digest(full);
  CHECK(s.step(wrong) == "changed; topics-changed a/0");
  CHECK(s.topics() == "t x");
  CHECK(s.enter({.topics = full}) == "changed; topics-changed a/0");
  CHECK(s.topics() == "t u");
}

TEST_CASE("a digest that a broker makes up does not hide its changes") {
  Script s;
  auto first = register_event({.topics = {"t"}, .stated = "mine"});
  auto second = register_event({.topics = {"u"}, .stated = "mine"});
  s.step(first);
  CHECK(s.step(second) == "changed; topics-changed a/0");
  CHECK(s.topics() == "u");
}

TEST_CASE("equal topics of two brokers are two registrations") {
  Script s;
  s.enter({.broker = "a/0", .binding = 1});
  CHECK(s.enter({.broker = "b/0", .binding = 2}) == "changed; registered b/0");
  CHECK(s.route("t") == "a[0@a0:1]4/4rw b[0@b0:1]4/4rw");
}

TEST_CASE("routes list groups by name and replicas by id") {
  Script s;
  s.enter({.broker = "b/1", .binding = 1});
  s.enter({.broker = "c/0", .binding = 2});
  s.enter({.broker = "a/0", .binding = 3});
  s.enter({.broker = "b/0", .binding = 4});
  CHECK(s.route("t") == "a[0@a0:1]4/4rw b[0@b0:1,1@b1:1]4/4rw c[0@c0:1]4/4rw");
  CHECK(s.brokers() == "a/0 b/0 b/1 c/0");
}

TEST_CASE("an address or zone change touches the group, not its topics") {
  Script s;
  s.enter({.topics = {"t", "u"}});
  const TopicEntry* entry =
      s.registry.table().find_topic("t", model::hash_bytes("t"));
  const auto topic_version = entry->version;
  const auto stamp = s.stamp("t");
  CHECK(s.enter({.topics = {"t", "u"}, .address = "other:2"}) ==
        "changed; address-changed a/0");
  CHECK(s.last.changes[0].detail == "a0:1 -> other:2");
  CHECK(s.route("t") == "a[0@other:2]4/4rw");
  entry = s.registry.table().find_topic("t", model::hash_bytes("t"));
  CHECK(entry->version == topic_version);
  CHECK(s.stamp("t") > stamp);
  CHECK(s.enter({.topics = {"t", "u"}, .address = "other:2", .zone = "z"}) ==
        "changed");
  CHECK(s.route("u") == "a[0@other:2/z]4/4rw");
}

TEST_CASE("a group shows the topics of its lowest replica that has any") {
  Script s;
  s.enter({.broker = "a/2", .binding = 2, .topics = {"t:2", "old"}});
  CHECK(s.route("t") == "a[2@a2:1]2/2rw");
  s.enter({.broker = "a/1", .binding = 1, .topics = {"t:1", "new"}});
  CHECK(s.route("t") == "a[1@a1:1,2@a2:1]1/1rw");
  CHECK(s.topics() == "new t");
  // One without topics leaves it to the next.
  s.enter({.broker = "a/0", .binding = 3, .topics = {}});
  CHECK(s.route("t") == "a[0@a0:1,1@a1:1,2@a2:1]1/1rw");
  // The source goes: the next one's topics take over.
  CHECK(s.close(1) == "-; connection-closed a/1");
  CHECK(s.topics() == "old t");
  CHECK(s.route("t") == "a[0@a0:1,2@a2:1]2/2rw");
  // The lowest brings topics, and drops them again.
  s.enter({.broker = "a/0", .binding = 3, .topics = {"t:7"}});
  CHECK(s.topics() == "t");
  CHECK(s.route("t") == "a[0@a0:1,2@a2:1]7/7rw");
  s.enter({.broker = "a/0", .binding = 3, .topics = {}});
  CHECK(s.topics() == "old t");
  CHECK(s.route("t") == "a[0@a0:1,2@a2:1]2/2rw");
}

TEST_CASE("a change of topics that are not shown changes no route") {
  Script s;
  s.enter({.broker = "a/0", .binding = 1, .topics = {"t"}});
  s.enter({.broker = "a/1", .binding = 2, .topics = {"t"}});
  CHECK(s.enter({.broker = "a/1", .binding = 2, .topics = {"t", "u"}}) ==
        "unchanged; topics-changed a/1");
  CHECK(s.topics() == "t");
  s.close(1);
  CHECK(s.topics() == "t u");
}

TEST_CASE("a slave whose topics are ignored brings an address only") {
  Script s;
  Entry slave{.broker = "a/1",
              .binding = 2,
              .topics = {"x"},
              .origin = Origin::kRemoting,
              .policy = TopicsPolicy::kIgnore};
  s.enter({.broker = "a/0", .binding = 1, .origin = Origin::kRemoting});
  CHECK(s.enter(slave) == "changed master a0:1; registered a/1");
  CHECK(s.route("t") == "a[0@a0:1,1@a1:1]4/4rw");
  CHECK(s.topics() == "t");
  // The topics are the group's as long as somebody of it is there.
  CHECK(s.close(1) == "-; connection-closed a/0");
  CHECK(s.route("t") == "a[1@a1:1]4/4rw");
  CHECK(s.close(2) == "-; connection-closed a/1");
  CHECK(s.topics() == "");
}

TEST_CASE("a merging registration keeps topics that it does not name") {
  Script s;
  Entry broker{.topics = {"t"},
               .origin = Origin::kRemoting,
               .policy = TopicsPolicy::kMerge};
  s.enter(broker);
  broker.topics = {"u", "t:8"};
  CHECK(s.enter(broker) == "changed; topics-changed a/0");
  CHECK(s.topics() == "t u");
  CHECK(s.route("t") == "a[0@a0:1]8/8rw");
  CHECK(s.enter(broker) == "unchanged");
}

TEST_CASE("topics vanish with their last member and the group with its last") {
  Script s;
  s.enter({.broker = "a/0", .binding = 1, .topics = {"t", "only"}});
  s.enter({.broker = "b/0", .binding = 2, .topics = {"t"}});
  CHECK(s.leave("a/0", 1) == "removed; unregistered a/0");
  CHECK(s.topics() == "t");
  CHECK(s.route("t") == "b[0@b0:1]4/4rw");
  CHECK(s.leave("b/0", 2) == "removed; unregistered b/0");
  CHECK(s.topics() == "");
  CHECK(s.view().clusters == 0);
  CHECK(s.registry.table().topic_count() == 0);
}

TEST_CASE("a slot that is used again does not revive old stamps") {
  Script s;
  s.enter({.broker = "a/0", .binding = 1});
  const auto before = s.stamp("t");
  s.leave("a/0", 1);
  s.enter({.broker = "b/0", .binding = 2});
  CHECK(s.route("t") == "b[0@b0:1]4/4rw");
  CHECK(s.stamp("t") > before);
}

TEST_CASE("one event is one version of the table, whatever it changes") {
  Script s;
  s.enter({.topics = {"t", "u", "v"}});
  const auto before = s.registry.table().version();
  s.enter({.topics = {"t:8", "u:8", "w"}, .address = "x:1", .zone = "z"});
  CHECK(s.registry.table().version() == before + 1);
}

TEST_CASE("a copy of the table stays as it was") {
  Script s;
  s.enter({.broker = "a/0", .binding = 1, .topics = {"t", "u"}});
  const RouteTable old = s.registry.table();
  s.enter({.broker = "a/0", .binding = 1, .topics = {"u:9"}, .address = "x:1"});
  s.enter({.broker = "b/0", .binding = 2, .topics = {"u"}});
  const auto route = [&](std::string_view topic) {
    return to_text(old.route(*old.find_topic(topic, model::hash_bytes(topic))));
  };
  CHECK(route("t") == "a[0@a0:1]4/4rw");
  CHECK(route("u") == "a[0@a0:1]4/4rw");
  CHECK(s.route("u") == "a[0@x:1]9/9rw b[0@b0:1]4/4rw");
}

TEST_CASE("what is wrong with a registration is said in words") {
  Script s;
  const auto refused = [&](const Entry& entry) {
    CHECK(s.enter(entry) == "invalid-argument");
    CHECK(s.brokers() == "");
    return message(s);
  };
  CHECK(refused({.topics = {"a b"}}) ==
        "invalid-argument: registration of a/0: topic name 'a b' has a "
        "character other than printable ASCII without ' ' and '/'");
  CHECK(refused({.topics = {"t", "u", "t:8"}}) ==
        "invalid-argument: registration of a/0: topic t is listed twice");
  CHECK(refused({.topics = {"t:70000"}}) ==
        "invalid-argument: registration of a/0: topic t has more than 65536 "
        "queues");
  CHECK(refused({.topics = {"t"}, .removed = {"t"}, .incremental = true}) ==
        "invalid-argument: registration of a/0: topic t is both registered "
        "and removed");
  CHECK(refused({.broker = "/0"}).find("broker name '' is empty") !=
        std::string::npos);
  CHECK(refused({.broker = "a/-1"}).find("broker id -1 is negative") !=
        std::string::npos);
  CHECK(refused({.cluster = ""}).find("cluster name '' is empty") !=
        std::string::npos);
  CHECK(refused({.address = "host:0"}).find("'host:0' is not one that") !=
        std::string::npos);
  CHECK(refused({.zone = "a/b"}).find("zone 'a/b'") != std::string::npos);
}

TEST_CASE("remoting names may hold what native ones may not") {
  Script s;
  CHECK(s.enter({.topics = {"a b/c"}, .origin = Origin::kRemoting}) ==
        "changed; registered a/0");
  CHECK(s.route("a b/c") == "a[0@a0:1]4/4rw");
  CHECK(s.enter({.topics = {std::string(1025, 'x')},
                 .origin = Origin::kRemoting}) == "invalid-argument");
}

TEST_CASE("limits are refused with words and leave everything as it was") {
  Script s({.topics_max = 4, .brokers_max = 3, .replicas_max = 2});
  s.enter({.broker = "a/0", .binding = 1, .topics = {"t", "u"}});
  CHECK(s.enter({.broker = "b/0", .binding = 2, .topics = {"t", "u", "v"}}) ==
        "too-large");
  CHECK(message(s) ==
        "too-large: registration of b/0 refused: this nameserver takes at most "
        "4 topics of all brokers together");
  CHECK(s.brokers() == "a/0");
  s.enter({.broker = "a/1", .binding = 2, .topics = {"t", "u"}});
  CHECK(s.enter({.broker = "a/1",
                 .binding = 2,
                 .topics = {"x"},
                 .incremental = true}) == "too-large");
  // One goes, one comes: that fits.
  CHECK(s.enter({.broker = "a/1",
                 .binding = 2,
                 .topics = {"x"},
                 .removed = {"u"},
                 .incremental = true}) == "unchanged; topics-changed a/1");
  CHECK(s.enter({.broker = "a/2", .binding = 3, .topics = {}}) == "too-large");
  CHECK(message(s).find("at most 2 replicas of one broker name") !=
        std::string::npos);
  s.enter({.broker = "b/0", .binding = 3, .topics = {}});
  CHECK(s.enter({.broker = "c/0", .binding = 4, .topics = {}}) == "too-large");
  CHECK(message(s).find("at most 3 brokers") != std::string::npos);
  // Room that somebody leaves is room for others.
  s.leave("b/0", 3);
  CHECK(s.enter({.broker = "c/0", .binding = 4, .topics = {}}) ==
        "changed; registered c/0");
}

TEST_CASE("a broker's own expiry is kept within bounds") {
  Script s({.broker_expiry = 60s,
            .agent_expiry = 90s,
            .expiry_min = 2s,
            .expiry_max = 100s});
  CHECK(s.registry.smallest_expiry() == 60s);
  s.enter({.broker = "a/0", .binding = 1});
  s.enter({.broker = "b/0", .binding = 2, .expiry = 1ms});
  s.enter({.broker = "c/0", .binding = 3, .expiry = 24h});
  s.enter({.broker = "d/0", .binding = 4, .expiry = 7s});
  s.enter({.broker = "e/0", .binding = 5, .origin = Origin::kRemoting});
  s.enter({.broker = "f/0", .binding = 6, .expiry = -5s});
  std::vector<base::Duration> expiries;
  for (const auto& broker : s.registry.list_brokers({}, s.now).brokers) {
    expiries.push_back(broker.expiry);
  }
  CHECK(expiries == std::vector<base::Duration>{90s, 2s, 100s, 7s, 60s, 90s});
  CHECK(s.registry.smallest_expiry() == 2s);
}

TEST_CASE("preparing twice is preparing once, and it sorts") {
  Register event = register_event({.topics = {"b", "c", "a"}});
  CHECK(prepare(event).has_value());
  CHECK(event.prepared);
  CHECK(event.request.topics[0].name.value() == "a");
  const auto content = event.content;
  CHECK_FALSE(content.is_none());
  CHECK(prepare(event).has_value());
  CHECK(event.content == content);
  Register incremental = register_event({.incremental = true});
  CHECK(prepare(incremental).has_value());
  CHECK(incremental.content.is_none());
}

}  // namespace
}  // namespace waypost::registry
