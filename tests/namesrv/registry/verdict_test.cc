// What agents and observers say of their brokers: who leaves the routes by it,
// stays flagged, comes back.

#include <doctest/doctest.h>

#include "tests/namesrv/registry/registry_script.h"

namespace waypost::registry {
namespace {

using namespace std::chrono_literals;

constexpr auto kDropWrite = model::VerdictAction::kDropWritePermission;

TEST_CASE("an unhealthy broker leaves the routes and comes back") {
  Script s;
  s.enter({.broker = "a/0", .binding = 1});
  s.enter({.broker = "b/0", .binding = 2});
  CHECK(s.judge("a/0", 1, "mqtt: no answer for 2s") ==
        "changed; unhealthy a/0");
  CHECK(s.last.changes[0].detail == "mqtt: no answer for 2s");
  CHECK(s.route("t") == "b[0@b0:1]4/4rw");
  CHECK(s.view().unhealthy == 1);
  CHECK(s.judge("a/0", 1, "mqtt: no answer for 2s") == "unchanged");
  CHECK(s.judge("a/0", 1, "") == "changed; healthy a/0");
  CHECK(s.route("t") == "a[0@a0:1]4/4rw b[0@b0:1]4/4rw");
  CHECK(s.view().unhealthy == 0);
}

TEST_CASE("one unhealthy replica leaves its group, the last takes it along") {
  Script s;
  s.enter({.broker = "a/0", .binding = 1});
  s.enter({.broker = "a/1", .binding = 2});
  s.enter({.broker = "b/0", .binding = 3});
  s.judge("a/0", 1, "bad");
  CHECK(s.route("t") == "a[1@a1:1]4/4rw b[0@b0:1]4/4rw");
  s.judge("a/1", 2, "bad");
  CHECK(s.route("t") == "b[0@b0:1]4/4rw");
}

TEST_CASE("when all brokers of a topic are unhealthy they stay, flagged") {
  Script s;
  s.enter({.broker = "a/0", .binding = 1, .topics = {"t", "mine"}});
  s.enter({.broker = "b/0", .binding = 2});
  s.judge("a/0", 1, "bad");
  CHECK(s.route("mine") == "a[0@a0:1!]4/4rw");
  CHECK(s.route("t") == "b[0@b0:1]4/4rw");
  s.judge("b/0", 2, "bad");
  CHECK(s.route("t") == "a[0@a0:1!]4/4rw b[0@b0:1!]4/4rw");
  s.judge("b/0", 2, "");
  CHECK(s.route("t") == "b[0@b0:1]4/4rw");
}

TEST_CASE(
    "a verdict may drop write permission only, while it is the master's") {
  Script s;
  s.enter({.broker = "a/0", .binding = 1});
  s.enter({.broker = "a/1", .binding = 2});
  s.enter({.broker = "b/0", .binding = 3});
  s.judge("a/0", 1, "disk full", 1, kDropWrite);
  CHECK(s.route("t") == "a[0@a0:1!,1@a1:1]4/4r b[0@b0:1]4/4rw");
  s.judge("a/0", 1, "");
  CHECK(s.route("t") == "a[0@a0:1,1@a1:1]4/4rw b[0@b0:1]4/4rw");
  // A slave's verdict does not concern writing.
  s.judge("a/1", 2, "disk full", 1, kDropWrite);
  CHECK(s.route("t") == "a[0@a0:1,1@a1:1!]4/4rw b[0@b0:1]4/4rw");
  // The slave becomes the lowest replica.
  s.leave("a/0", 1);
  CHECK(s.route("t") == "a[1@a1:1!]4/4r b[0@b0:1]4/4rw");
}

TEST_CASE("a verdict in a registration counts as one, also when unchanged") {
  Script s;
  s.enter({.broker = "b/0", .binding = 2});
  CHECK(s.enter({.broker = "a/0", .binding = 1, .unhealthy = "starting up"}) ==
        "changed; registered a/0; unhealthy a/0");
  CHECK(s.route("t") == "b[0@b0:1]4/4rw");
  CHECK(s.enter({.broker = "a/0", .binding = 1}) == "changed; healthy a/0");
  CHECK(s.route("t") == "a[0@a0:1]4/4rw b[0@b0:1]4/4rw");
}

TEST_CASE("an observer's verdict lapses and never refreshes or creates") {
  Script s;
  CHECK(s.observe("a/0", "bad", 3s) == "unknown");
  CHECK(s.brokers() == "");
  s.enter({.broker = "a/0", .binding = 1, .origin = Origin::kRemoting});
  s.enter({.broker = "b/0", .binding = 2, .origin = Origin::kRemoting});
  CHECK(s.at(100s).observe("a/0", "bad", 3s) == "changed; unhealthy a/0");
  CHECK(s.route("t") == "b[0@b0:1]4/4rw");
  CHECK(s.at(102s).observe("a/0", "bad", 3s) == "unchanged");
  CHECK(s.at(105s).scan(true) == "-");
  CHECK(s.at(105100ms).scan(true) == "-; healthy a/0");
  CHECK(s.route("t") == "a[0@a0:1]4/4rw b[0@b0:1]4/4rw");
  CHECK(s.at(121s).scan() == "-; expired a/0; expired b/0");
}

TEST_CASE("an observer takes its verdict back, and a default time lapses it") {
  Script s({.observed_lapse = 7s});
  s.enter({.broker = "a/0", .binding = 1, .origin = Origin::kRemoting});
  s.observe("a/0", "bad", 0s);
  CHECK(s.at(7s).scan(true) == "-");
  CHECK(s.at(8s).scan(true) == "-; healthy a/0");
  s.observe("a/0", "bad", 60s);
  CHECK(s.observe("a/0", "", 60s) == "changed; healthy a/0");
}

TEST_CASE("an observer of an address judges who is registered there") {
  Script s;
  CHECK(s.observe_at("h:1", "bad", 3s, 9) == "observed");
  s.enter({.broker = "a/0",
           .binding = 1,
           .address = "h:1",
           .origin = Origin::kRemoting});
  s.enter({.broker = "b/0", .binding = 2});
  CHECK(s.observe_at("h:1", "bad", 3s, 9) == "observed a/0; unhealthy a/0");
  CHECK(s.route("t") == "b[0@b0:1]4/4rw");
  // Whoever has moved away is not there any more; his verdict lapses.
  s.enter({.broker = "a/0",
           .binding = 1,
           .address = "h:2",
           .origin = Origin::kRemoting});
  CHECK(s.observe_at("h:1", "bad", 3s, 9) == "observed");
  CHECK(s.at(4s).scan(true) == "-; healthy a/0");
  CHECK(s.observe_at("h:2", "", 3s, 9) == "observed a/0");
  CHECK(s.close(1) == "-; connection-closed a/0");
  CHECK(s.observe_at("h:2", "bad", 3s, 9) == "observed");
}

TEST_CASE("of two observers the one that sees a broker fail is believed") {
  Script s;
  s.enter({.broker = "a/0", .binding = 1, .address = "h:1"});
  s.enter({.broker = "b/0", .binding = 2});
  CHECK(s.observe_at("h:1", "bad", 3s, 8) == "observed a/0; unhealthy a/0");
  CHECK(s.at(1s).observe_at("h:1", "", 3s, 9) == "observed a/0");
  CHECK(s.at(2s).observe_at("h:1", "bad", 3s, 8) == "observed a/0");
  CHECK(s.at(4s).observe_at("h:1", "", 3s, 9) == "observed a/0");
  // It ends; the other one's word counts as soon as that has lapsed.
  CHECK(s.at(5001ms).observe_at("h:1", "", 3s, 9) ==
        "observed a/0; healthy a/0");
}

TEST_CASE("agent and observer each take back their own verdict only") {
  Script s;
  s.enter({.broker = "a/0", .binding = 1});
  s.enter({.broker = "b/0", .binding = 2});
  s.judge("a/0", 1, "agent says no");
  CHECK(s.observe("a/0", "observer says no", 60s) == "unchanged");
  CHECK(s.judge("a/0", 1, "") == "unchanged");
  CHECK(s.route("t") == "b[0@b0:1]4/4rw");
  CHECK(s.observe("a/0", "", 60s) == "changed; healthy a/0");
  // The stronger action of two counts.
  s.judge("a/0", 1, "agent says no writes", 1, kDropWrite);
  CHECK(s.route("t") == "a[0@a0:1!]4/4r b[0@b0:1]4/4rw");
  s.observe("a/0", "gone", 60s);
  CHECK(s.route("t") == "b[0@b0:1]4/4rw");
}

TEST_CASE("a verdict goes with its broker") {
  Script s;
  s.enter({.broker = "a/0", .binding = 1});
  s.observe("a/0", "bad", 60s);
  s.judge("a/0", 1, "bad");
  s.close(1);
  CHECK(s.view().unhealthy == 0);
  s.enter({.broker = "a/0", .binding = 2});
  CHECK(s.route("t") == "a[0@a0:1]4/4rw");
  CHECK(s.at(61s).scan(true) == "-");
}

}  // namespace
}  // namespace waypost::registry
