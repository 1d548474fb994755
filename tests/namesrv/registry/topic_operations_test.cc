// What operators do to topics and permissions. Numbers in names are those of
// the Java server's recordings.

#include <string>

#include <doctest/doctest.h>

#include "tests/namesrv/registry/remoting_script.h"

namespace waypost::registry {
namespace {

using namespace std::chrono_literals;

// The permissions of topics T7 T6 T4 T2 T0 of group a, as shown.
std::string permissions(const RemotingScript& s) {
  std::string text;
  for (const char* topic : {"T7", "T6", "T4", "T2", "T0"}) {
    const std::string shown = s.shown(topic);
    const auto at = shown.find("a(c)");
    const auto p = shown.find('p', at);
    text += p == std::string::npos ? '-' : shown[p + 1];
  }
  return text;
}
const std::vector<std::string> kAll = {"T7:4:rwi", "T6:4:rw", "T4:4:r",
                                       "T2:4:w", "T0:4:-"};

TEST_CASE("026: wipe takes write of all topics, add sets them to 6") {
  RemotingScript s;
  s.enter({.topics = kAll});
  s.enter({.broker = "b/0", .binding = 2, .topics = {"T6"}});
  CHECK(s.wipe("a") == "5 topics; permission-changed a/0");
  CHECK(permissions(s) == "54400");
  CHECK(s.shown("T6") == "a(c)[0=a0:1]4/4p4 b(c)[0=b0:1]4/4p6");
  CHECK(s.wipe("a") == "5 topics; permission-changed a/0");
  CHECK(s.add("a") == "5 topics; permission-changed a/0");
  CHECK(permissions(s) == "66666");
  CHECK(s.wipe("a") == "5 topics; permission-changed a/0");
  CHECK(permissions(s) == "44444");
  CHECK(s.wipe("nobody") == "0 topics");
  CHECK(s.add("") == "0 topics");
}

TEST_CASE("a wipe lasts until a registration of another version") {
  RemotingScript s;
  s.enter({.version = 1, .topics = kAll});
  s.wipe("a");
  CHECK(s.enter({.version = 1, .topics = kAll}) == "unchanged");
  CHECK(permissions(s) == "54400");
  // An incremental one brings one topic anew, and only that.
  CHECK(s.enter({.version = 2, .topics = {"T6:4:rw"}}) == "changed");
  CHECK(permissions(s) == "56400");
  CHECK(s.enter({.version = 3, .topics = kAll}) == "changed");
  CHECK(permissions(s) == "76420");
  // What comes after the wipe was not wiped.
  s.wipe("a");
  s.enter({.version = 4, .topics = {"new"}});
  CHECK(s.shown("new") == "a(c)[0=a0:1]4/4p6");
}

TEST_CASE("a wipe outlives the master as long as its group does") {
  RemotingScript s;
  s.enter({.broker = "a/0", .binding = 1});
  s.enter({.broker = "a/1", .binding = 2});
  s.wipe("a");
  s.close(1);
  CHECK(s.shown("t") == "a(c)[1=a1:1]4/4p4");
  // It registers anew.
  s.enter({.broker = "a/0", .binding = 3});
  CHECK(s.shown("t") == "a(c)[0=a0:1,1=a1:1]4/4p6");
}

TEST_CASE("a native broker is wiped until it says something else") {
  RemotingScript s;
  s.Script::enter({.topics = {"t", "u"}});
  CHECK(s.wipe("a") == "2 topics; permission-changed a/0");
  CHECK(s.route("t") == "a[0@a0:1]4/4r");
  CHECK(s.Script::enter({.topics = {"t", "u"}}) == "unchanged");
  CHECK(s.route("t") == "a[0@a0:1]4/4r");
  s.Script::enter({.topics = {"t:8"}, .incremental = true});
  CHECK(s.route("t") == "a[0@a0:1]8/8rw");
  CHECK(s.route("u") == "a[0@a0:1]4/4r");
  s.Script::enter({.topics = {"t:8", "u"}});
  CHECK(s.route("u") == "a[0@a0:1]4/4rw");
  // A slave's registration is none of the master's.
  s.wipe("a");
  s.Script::enter({.broker = "a/1", .binding = 2, .topics = {"t", "u"}});
  CHECK(s.route("u") == "a[0@a0:1,1@a1:1]4/4r");
}

TEST_CASE("a held permission lies over all others, for both protocols") {
  RemotingScript s;
  CHECK(s.hold("a", "r") == "-");  // before there is anybody
  s.enter({.topics = kAll});
  CHECK(permissions(s) == "54444");
  CHECK(s.route("T6") == "a[0@a0:1]4/4r");
  s.add("a");
  CHECK(permissions(s) == "44444");
  CHECK(s.hold("a", "-") == "-; permission-changed a/0");
  CHECK(permissions(s) == "00000");
  // Given back is what lies below: here what was added.
  CHECK(s.hold("a", "") == "-; permission-changed a/0");
  CHECK(permissions(s) == "66666");
  s.enter({.version = 2, .topics = kAll});
  CHECK(permissions(s) == "76420");
  s.hold("a", "rw");
  CHECK(permissions(s) == "76666");
  CHECK(s.hold("a", "rw") == "-");
  // It outlives the group.
  s.close(1);
  s.enter({.binding = 2, .topics = kAll});
  CHECK(permissions(s) == "76666");
  s.close(2);
  s.hold("a", "");
  s.enter({.binding = 3, .topics = kAll});
  CHECK(permissions(s) == "76420");
}

TEST_CASE("what a verdict drops stays dropped under a held permission") {
  RemotingScript s;
  s.enter({});
  s.hold("a", "rw");
  s.observe_at("a0:1", "disk full", 10s, 9);
  CHECK(s.shown("t") == "a(c)[0=a0:1]4/4p6");  // hidden: but nobody else is
  RemotingScript native;
  native.Script::enter({});
  native.hold("a", "rw");
  native.judge("a/0", 1, "disk full", 1,
               model::VerdictAction::kDropWritePermission);
  CHECK(native.route("t") == "a[0@a0:1!]4/4r");
}

TEST_CASE("030: a deleted topic comes back with another version") {
  RemotingScript s;
  s.enter({.version = 1, .topics = {"T1", "T2"}});
  CHECK(s.drop_topic("T1") == "1 groups");
  CHECK(s.topics() == "T2");
  CHECK(s.drop_topic("T1") == "0 groups");
  CHECK(s.drop_topic("") == "0 groups");
  CHECK(s.enter({.version = 1, .topics = {"T1", "T2"}}) == "unchanged");
  CHECK(s.enter({.version = 2, .topics = {"T1", "T2"}}) ==
        "changed; topics-changed a/0");
  CHECK(s.topics() == "T1 T2");
}

TEST_CASE("a topic is deleted from all groups, or from those of a cluster") {
  RemotingScript s;
  s.enter({.broker = "a/0", .binding = 1, .cluster = "C1"});
  s.enter({.broker = "b/0", .binding = 2, .cluster = "C2"});
  s.enter({.broker = "c/0", .binding = 3, .cluster = "C1"});
  // Also in C2, by one of its replicas.
  s.enter({.broker = "c/1", .binding = 4, .cluster = "C2"});
  CHECK(s.drop_topic("t", "none") == "0 groups");
  CHECK(s.drop_topic("t", "C2") == "2 groups");
  CHECK(s.shown("t") == "a(C1)[0=a0:1]4/4p6");
  CHECK(s.drop_topic("t") == "1 groups");
  CHECK(s.topics() == "");
}

TEST_CASE("a native broker brings a deleted topic back by itself") {
  RemotingScript s;
  s.Script::enter({.topics = {"t", "u"}});
  CHECK(s.drop_topic("t") == "1 groups");
  CHECK(s.topics() == "u");
  CHECK(s.Script::enter({.topics = {"t", "u"}}) ==
        "changed; topics-changed a/0");
  CHECK(s.topics() == "t u");
}

TEST_CASE("5.x: a topic is registered on groups that are all there, or none") {
  RemotingScript s;
  s.enter({.broker = "a/0", .binding = 1});
  s.enter({.broker = "b/0", .binding = 2});
  CHECK(s.bring_topic("u", {"a", "none"}) == "0 groups");
  CHECK(s.topics() == "t");
  CHECK(s.bring_topic("u", {"a", "b"}) == "2 groups");
  CHECK(s.shown("u") == "a(c)[0=a0:1]3/3p4 b(c)[0=b0:1]3/3p4");
  // It replaces what was there, wiped or not.
  s.wipe("a");
  CHECK(s.bring_topic("u", {"a"}, "u:5:rw") == "1 groups");
  CHECK(s.shown("u") == "a(c)[0=a0:1]5/5p6 b(c)[0=b0:1]3/3p4");
  CHECK(s.bring_topic("u", {}) == "0 groups");
  CHECK(s.bring_topic("", {"a"}) == "invalid-argument");
  CHECK(s.bring_topic(std::string(1025, 'x'), {"a"}) == "invalid-argument");
  // A native broker says itself what it has.
  s.Script::enter({.broker = "n/0", .binding = 3});
  CHECK(s.bring_topic("u", {"n"}) == "0 groups");
}

}  // namespace
}  // namespace waypost::registry
