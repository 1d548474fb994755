// Silence, handover, sleep: what keeps a broker in routes, flags it, or takes
// it out.

#include <doctest/doctest.h>

#include "tests/namesrv/registry/registry_script.h"

namespace waypost::registry {
namespace {

using namespace std::chrono_literals;
using Cause = BindingClosed::Cause;

constexpr auto kDropWrite = model::VerdictAction::kDropWritePermission;

// n brokers b00/0, b01/0, ... with bindings 100, 101, ...
std::string number_name(int number) {
  return (number < 10 ? "b0" : "b") + std::to_string(number) + "/0";
}
void enter_many(Script& s, int count, Origin origin = Origin::kNative) {
  for (int i = 0; i < count; ++i) {
    s.enter({.broker = number_name(i),
             .binding = 100 + static_cast<std::uint64_t>(i),
             .origin = origin});
  }
}
void beat_many(Script& s, int first, int last) {
  for (int i = first; i < last; ++i) {
    s.beat(number_name(i), 100 + static_cast<std::uint64_t>(i));
  }
}

// "a/0@a0:1 expired: silent for 120s", of the changes since the last call.
std::vector<std::string> departures(Script& s) {
  std::vector<std::string> lines;
  for (const auto& each : s.registry.take_changes().take_departures()) {
    const model::Departure& who = each.departure;
    lines.push_back(model::BrokerKey{who.broker_name, who.id}.to_string() +
                    "@" + who.address.to_string() + " " +
                    std::string(model::departure_reason_name(who.reason)) +
                    (who.detail.empty() ? "" : ": " + who.detail));
  }
  return lines;
}
using Lines = std::vector<std::string>;

TEST_CASE("why a broker left is told with the routes that it left") {
  Script s;
  s.enter({.broker = "a/0", .binding = 1});
  s.enter({.broker = "b/0", .binding = 2});
  CHECK(departures(s).empty());
  SUBCASE("it unregistered") {
    s.leave("a/0", 1);
    CHECK(departures(s) == Lines{"a/0@a0:1 unregistered: stopped"});
  }
  SUBCASE("its connection was closed") {
    s.close(1);
    CHECK(departures(s) ==
          Lines{"a/0@a0:1 connection-closed: its connection was closed"});
  }
  SUBCASE("it was silent for too long") {
    s.at(100s).beat("b/0", 2);
    s.at(121s).scan();
    CHECK(departures(s) == Lines{"a/0@a0:1 expired: silent for 121s"});
  }
  SUBCASE("it is unhealthy, and for another reason, and well again") {
    s.judge("a/0", 1, "mqtt: refused");
    CHECK(departures(s) == Lines{"a/0@a0:1 unhealthy: mqtt: refused"});
    s.judge("a/0", 1, "mqtt: no answer");
    s.judge("a/0", 1, "");
    CHECK(departures(s).empty());
    s.judge("a/0", 1, "disk full", 1, kDropWrite);
    CHECK(departures(s).empty());
    s.judge("a/0", 1, "disk gone");
    CHECK(departures(s) == Lines{"a/0@a0:1 unhealthy: disk gone"});
  }
  SUBCASE("it registers at another address") {
    s.enter({.broker = "a/0", .binding = 3, .epoch = 2, .address = "other:1"});
    CHECK(departures(s) ==
          Lines{"a/0@a0:1 replaced: it registers at other:1 now"});
  }
  SUBCASE("only peers knew it, and have lost it") {
    s.step(Vouch{broker_key("a/0")});
    s.close(1);
    CHECK(departures(s).empty());  // it stays
    s.at(20s).step(Vouch{broker_key("a/0"), false, true});
    CHECK(departures(s) == Lines{"a/0@a0:1 gone-at-peers: no nameserver hears "
                                 "it any more"});
  }
  SUBCASE("all nameservers lose it at about the same time") {
    s.step(Vouch{broker_key("a/0")});
    s.close(1);
    s.at(14s).step(Vouch{broker_key("a/0"), false, true});
    CHECK(departures(s) ==
          Lines{"a/0@a0:1 connection-closed: its connection was closed"});
  }
  SUBCASE("it unregistered at a peer") {
    s.step(Bury{broker_key("a/0"), model::Epoch(1)});
    CHECK(departures(s) == Lines{"a/0@a0:1 unregistered: at a peer"});
  }
}

TEST_CASE("of very many departures the last ones are told") {
  RouteChanges changes;
  for (int i = 0; i < 10'000; ++i) {
    RouteChanges more;
    more.add_departure({1,
                        {.broker_name = model::BrokerName("b"),
                         .id = model::BrokerId(i),
                         .address = {},
                         .reason = model::DepartureReason::kExpired}});
    if (i == 5000) more.add_everything();
    changes.add(std::move(more));
    REQUIRE(changes.departures.size() <= 2 * RouteChanges::kDeparturesMax);
  }
  CHECK(changes.everything);
  const auto last = changes.take_departures();
  CHECK(last.size() == RouteChanges::kDeparturesMax);
  CHECK(last.back().departure.id == model::BrokerId(9999));
  CHECK(changes.departures.empty());
}

// --- Silence ---

TEST_CASE("119.9 s of silence stay, the first scan after 120 s removes") {
  Script s;
  s.enter({.broker = "a/0", .binding = 1, .origin = Origin::kRemoting});
  CHECK(s.at(119900ms).scan() == "-");
  CHECK(s.at(120s).scan() == "-");
  CHECK(s.route("t") == "a[0@a0:1]4/4rw");
  CHECK(s.at(120001ms).scan() == "-; expired a/0");
  CHECK(s.last.changes[0].detail == "silent for 120s");
  CHECK(s.last.roster_changed);
  CHECK(s.route("t") == "-");
}

TEST_CASE("all that expires in one scan is one version of the table") {
  Script s;
  enter_many(s, 3);
  const auto version = s.registry.table().version();
  CHECK(s.at(121s).scan() == "-; expired b00/0; expired b01/0; expired b02/0");
  CHECK(s.registry.table().version() == version + 1);
}

TEST_CASE(
    "silence makes a native broker suspect, still in routes, and a "
    "heartbeat clears it") {
  Script s;
  s.enter({.broker = "a/0", .binding = 1});
  s.enter({.broker = "b/0", .binding = 2});
  s.enter({.broker = "r/0", .binding = 3, .origin = Origin::kRemoting});
  s.at(5s).beat("b/0", 2);
  CHECK(s.at(5s).scan() == "-");
  CHECK(s.at(6s).scan() == "-; suspect a/0");
  CHECK(s.last.changes[0].detail == "silent for 6s");
  CHECK(s.route("t") == "a[0@a0:1?]4/4rw b[0@b0:1]4/4rw r[0@r0:1]4/4rw");
  CHECK(s.view().suspects == 1);
  CHECK(s.at(7s).beat("a/0", 1) == "known; no-longer-suspect a/0");
  CHECK(s.last.table_changed);
  CHECK(s.route("t") == "a[0@a0:1]4/4rw b[0@b0:1]4/4rw r[0@r0:1]4/4rw");
}

TEST_CASE("a registration or a verdict clears suspicion too") {
  Script s;
  enter_many(s, 3);
  s.at(6s);
  beat_many(s, 1, 3);
  CHECK(s.scan() == "-; suspect b00/0");
  CHECK(s.at(7s).enter({.broker = "b00/0", .binding = 100}) ==
        "changed; no-longer-suspect b00/0");
  s.at(13s);
  beat_many(s, 1, 3);
  CHECK(s.scan() == "-; suspect b00/0");
  CHECK(s.judge("b00/0", 100, "") == "changed; no-longer-suspect b00/0");
}

TEST_CASE("unhealthy shows before suspect, and suspect after recovery") {
  Script s;
  s.enter({.broker = "a/0", .binding = 1});
  s.enter({.broker = "b/0", .binding = 2});
  s.observe("a/0", "bad", 60s, kDropWrite);
  s.at(6s).beat("b/0", 2);
  s.scan();
  CHECK(s.route("t") == "a[0@a0:1!]4/4r b[0@b0:1]4/4rw");
  s.observe("a/0", "", 60s);
  CHECK(s.route("t") == "a[0@a0:1?]4/4rw b[0@b0:1]4/4rw");
}

TEST_CASE("a suspect that is the only one who is not unhealthy is routed") {
  Script s;
  s.enter({.broker = "a/0", .binding = 1});
  s.enter({.broker = "b/0", .binding = 2});
  s.at(6s).judge("b/0", 2, "bad");
  s.scan();
  CHECK(s.route("t") == "a[0@a0:1?]4/4rw");
}

TEST_CASE("when all fall silent together nobody is suspect: it may be us") {
  Script s;
  enter_many(s, 10);
  CHECK(s.at(20s).scan() == "-");
  CHECK(s.view().suspects == 0);
}

// --- The brake ---

TEST_CASE("many expiring at once are held, counted down, then dropped") {
  Script s;
  enter_many(s, 10, Origin::kRemoting);
  s.at(60s);
  beat_many(s, 6, 10);
  CHECK(s.at(121s).scan() == "-; brake-engaged");
  CHECK(s.last.changes[0].detail ==
        "6 of 10 brokers would expire at once; they are held for at most "
        "120s");
  CHECK(s.view().brokers == 10);
  CHECK(s.view().brake_releases_in == 120s);
  s.at(170s);
  beat_many(s, 6, 10);
  CHECK(s.at(171s).scan() == "-");
  CHECK(s.view().brake_releases_in == 70s);
  beat_many(s, 0, 1);
  CHECK(s.at(241s).scan() == "-");
  CHECK(s.at(242s).scan() ==
        "-; brake-released; expired b01/0; expired b02/0; expired b03/0; "
        "expired b04/0; expired b05/0");
  CHECK(s.view().brokers == 5);
  CHECK_FALSE(s.view().brake_releases_in.has_value());
}

TEST_CASE("the brake can be off") {
  Script s({.expiry_brake = false});
  enter_many(s, 10, Origin::kRemoting);
  s.at(121s).scan();
  CHECK(s.view().brokers == 0);
}

TEST_CASE("a close is evidence: the brake does not hold what it explains") {
  Script s;
  enter_many(s, 10);
  for (int i = 0; i < 8; ++i) {
    s.close(100 + static_cast<std::uint64_t>(i));
  }
  CHECK(s.view().brokers == 2);
}

// --- Handover ---

TEST_CASE("an announced handover survives the close and ends with the return") {
  Script s;
  s.enter({.binding = 1});
  CHECK(s.hand_over("a/0", 1, 30s) == "known");
  CHECK(s.at(1s).close(1) == "-");
  CHECK(s.route("t") == "a[0@a0:1]4/4rw");
  CHECK(s.at(20s).enter({.binding = 2, .epoch = 2}) ==
        "unchanged; registered a/0");
  CHECK(s.at(60s).scan() == "-");
  // The announcement was for one close only.
  CHECK(s.close(2) == "-; connection-closed a/0");
}

TEST_CASE("who does not return from a handover goes when the grace is over") {
  Script s;
  s.enter({.binding = 1, .expiry = 3s});  // shorter than the grace
  s.hand_over("a/0", 1, 30s);
  s.at(1s).close(1);
  CHECK(s.at(31s).scan() == "-");
  CHECK(s.at(32s).scan() == "-; connection-closed a/0");
  CHECK(s.last.changes[0].detail ==
        "did not come back within 30s of the announced handover");
}

TEST_CASE("a handover without a close is only an announcement") {
  Script s;
  s.enter({.binding = 1});
  s.hand_over("a/0", 1, 30s);
  s.at(100s).beat("a/0", 1);
  CHECK(s.at(220s).scan() == "-");
  CHECK(s.at(221s).scan() == "-; expired a/0");
}

TEST_CASE("a handover whose connection falls silent ends by expiry") {
  Script s;
  s.enter({.binding = 1});
  s.hand_over("a/0", 1, 30s);
  s.close(1, Cause::kSilence);
  CHECK(s.at(120s).scan() == "-");
  CHECK(s.at(121s).scan() == "-; expired a/0");
}

TEST_CASE("the grace is bounded, and none is no grace") {
  Script s({.handover_grace_max = 60s});
  s.enter({.binding = 1});
  s.hand_over("a/0", 1, 24h);
  s.close(1);
  CHECK(s.at(61s).scan() == "-; connection-closed a/0");
  s.enter({.binding = 2});
  s.hand_over("a/0", 2, -5s);
  s.close(2);
  CHECK(s.at(62s).scan() == "-; connection-closed a/0");
}

TEST_CASE("many handovers at once do not engage the brake") {
  Script s;
  enter_many(s, 10);
  for (int i = 0; i < 10; ++i) {
    const auto binding = 100 + static_cast<std::uint64_t>(i);
    s.hand_over(number_name(i), binding, 30s);
    s.close(binding);
  }
  s.at(31s).scan();
  CHECK(s.view().brokers == 0);
}

// --- Our own sleep ---

TEST_CASE("nobody is charged for the time that we did not run") {
  Script s;
  s.enter({.broker = "a/0", .binding = 1});
  s.enter({.broker = "b/0", .binding = 2});
  s.observe("b/0", "bad", 30s);
  s.at(10s).scan();
  s.at(310s).gap(300s);
  CHECK(s.scan() == "-");
  CHECK(s.route("t") == "a[0@a0:1]4/4rw");
  // Silence so far: 10 s before the sleep.
  CHECK(s.registry.list_brokers({}, s.now).brokers[0].silent_for == 10s);
  CHECK(s.at(330s).scan() == "-");
  CHECK(s.at(331s).scan() == "-; healthy b/0");
  CHECK(s.at(420s).scan() == "-");
  CHECK(s.at(421s).scan() == "-; expired a/0; expired b/0");
}

TEST_CASE("a sleep that the monotonic clock slept through moves nothing") {
  Script s;
  s.enter({.binding = 1});
  s.at(100s).scan();
  s.gap(1h);
  CHECK(s.at(120s).scan() == "-");
  CHECK(s.at(121s).scan() == "-; expired a/0");
}

TEST_CASE("removals wait while they are suspended") {
  Script s;
  s.enter({.binding = 1});
  CHECK(s.at(500s).scan(true) == "-");
  CHECK(s.at(501s).beat("a/0", 1) == "known");
  CHECK(s.at(502s).scan() == "-");
}

// --- For the roster and for people ---

TEST_CASE("the roster tells who is known and when each was last heard") {
  Script s;
  s.enter({.broker = "a/0", .binding = 1, .expiry = 50s});
  s.enter({.broker = "b/1", .binding = 2});
  s.at(10s).beat("b/1", 2);
  s.at(20s).scan();
  s.at(70s).gap(50s);
  const auto known = s.registry.known_brokers();
  REQUIRE(known.size() == 2);
  CHECK(known[0].cluster.value() == "c");
  CHECK(known[0].broker == broker_key("a/0"));
  CHECK(known[0].expiry == 50s);
  CHECK(known[0].heard == Script::kStart + 50s);  // the sleep taken out
  CHECK(known[1].heard == Script::kStart + 60s);
  CHECK(known[1].expiry == 120s);
}

TEST_CASE("a broker's listing says how it stands and why") {
  Script s;
  s.enter({.broker = "a/0",
           .binding = 1,
           .epoch = 3,
           .topics = {"t", "u"},
           .zone = "z"});
  s.at(2s).judge("a/0", 1, "tcp: refused", 3);
  const auto page = s.at(4s).registry.list_brokers({}, s.now);
  REQUIRE(page.brokers.size() == 1);
  const auto& listing = page.brokers[0];
  CHECK(listing.cluster.value() == "c");
  CHECK(listing.address.to_string() == "a0:1");
  CHECK(listing.zone == "z");
  CHECK(listing.health == model::BrokerHealth::kUnhealthy);
  CHECK(listing.health_reason == "tcp: refused");
  CHECK(listing.epoch == model::Epoch(3));
  CHECK(listing.topic_count == 2);
  CHECK(listing.silent_for == 2s);
  CHECK(listing.expiry == 120s);
}

TEST_CASE("a long reason is cut before it travels") {
  Script s;
  s.enter({.binding = 1});
  s.judge("a/0", 1, std::string(10'000, 'x'));
  CHECK(s.registry.list_brokers({}, s.now).brokers[0].health_reason.size() ==
        256);
}

}  // namespace
}  // namespace waypost::registry
