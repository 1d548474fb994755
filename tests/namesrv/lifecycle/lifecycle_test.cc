#include "namesrv/lifecycle/lifecycle.h"

#include <doctest/doctest.h>

namespace waypost::lifecycle {
namespace {

using namespace std::chrono_literals;
using State = model::ServerState;

constexpr base::Instant kStart{1000h};
constexpr base::WallTime kWallStart{500000h};

base::Instant at(base::Duration since_start) { return kStart + since_start; }

model::BrokerKey key(const std::string& name) {
  return {model::BrokerName(name), model::kMasterId};
}

RosterEntry seen(const std::string& name, base::Duration ago,
                 base::Duration expiry = 120s) {
  return {model::ClusterName("c"), key(name), kWallStart - ago, expiry, ago};
}

Lifecycle start(const std::vector<RosterEntry>& roster,
                LifecycleSettings settings = {}) {
  return {settings, roster, kStart};
}

TEST_CASE("a fresh nameserver serves at once") {
  const Lifecycle life = start({});
  CHECK(life.state() == State::kServing);
  CHECK(life.answers_routes());
  CHECK(life.removals_allowed());
  CHECK(life.reason() == "had nobody to wait for when it started");
}

TEST_CASE("starting ends when all known brokers are back") {
  Lifecycle life = start({seen("a", 10s), seen("b", 20s)});
  CHECK(life.state() == State::kStarting);
  CHECK_FALSE(life.answers_routes());
  CHECK(life.reason() ==
        "waits for 2 of 2 brokers known before: a/0, b/0; for 45s at most");
  life.on_registered(key("b"), at(1s));
  life.on_registered(key("b"), at(1s));
  life.on_registered(key("stranger"), at(2s));
  life.on_tick(at(3s));
  CHECK(life.state() == State::kStarting);
  CHECK(life.reason() ==
        "waits for 1 of 2 brokers known before: a/0; for 45s at most");
  life.on_registered(key("a"), at(4s));
  CHECK(life.state() == State::kServing);
  CHECK(life.answers_routes());
  CHECK(life.reason() == "all of 2 brokers known before came back in 4s");
}

TEST_CASE("starting ends after the longest wait and names who is missing") {
  Lifecycle life = start({seen("a", 0s), seen("b", 0s)});
  life.on_registered(key("a"), at(1s));
  life.on_tick(at(44900ms));
  CHECK_FALSE(life.answers_routes());
  life.on_tick(at(45s));
  CHECK(life.answers_routes());
  CHECK(life.reason() ==
        "waited 45s; of 2 brokers known before these did not come back: b/0");
}

TEST_CASE("for how long we were away does not count") {
  // Heard a second before the roster was written, a day ago.
  RosterEntry entry = seen("a", 24h);
  entry.silence = 1s;
  Lifecycle life = start({entry});
  CHECK(life.state() == State::kStarting);
  life.on_tick(at(44900ms));
  CHECK_FALSE(life.answers_routes());
  life.on_registered(key("a"), at(44950ms));
  CHECK(life.answers_routes());
}

TEST_CASE("who had expired already is not waited for") {
  CHECK(start({seen("a", 121s)}).state() == State::kServing);
  CHECK(start({seen("a", 4s, 3s)}).state() == State::kServing);
  // Exactly the expiry has not expired, as in the registry.
  CHECK(start({seen("a", 120s)}).state() == State::kStarting);
}

TEST_CASE("who expires while we wait is not waited for any longer") {
  Lifecycle life = start({seen("a", 110s), seen("b", 0s)});
  life.on_registered(key("b"), at(2s));
  life.on_tick(at(10s));
  CHECK(life.state() == State::kStarting);
  life.on_tick(at(10100ms));
  CHECK(life.state() == State::kServing);
  CHECK(life.reason() == "all of 2 brokers known before came back or expired");
}

TEST_CASE("waiting can be switched off") {
  const Lifecycle life = start({seen("a", 0s)}, {.wait_for_roster = false});
  CHECK(life.state() == State::kServing);
  CHECK(life.answers_routes());
}

TEST_CASE("a long list of the missing is cut") {
  std::vector<RosterEntry> roster;
  for (char name = 'a'; name < 'i'; ++name) {
    roster.push_back(seen(std::string(1, name), 0s));
  }
  CHECK(start(roster).reason() ==
        "waits for 8 of 8 brokers known before: a/0, b/0, c/0, d/0, e/0 and 3 "
        "more; for 45s at most");
}

TEST_CASE("the gap that counts is two seconds or a quarter of the expiry") {
  CHECK(gap_threshold(120s) == 30s);
  CHECK(gap_threshold(8s) == 2s);
  CHECK(gap_threshold(3s) == 2s);
  CHECK(gap_threshold(12s) == 3s);
}

TEST_CASE(
    "a gap stops removals until the input is processed and a second "
    "has passed") {
  Lifecycle life = start({});
  CHECK_FALSE(life.on_turn(100s, at(0s)).has_value());
  CHECK_FALSE(life.on_turn(130s, at(30s)).has_value());
  CHECK(life.on_turn(161s, at(61s)) == 31s);
  CHECK(life.state() == State::kRecovering);
  CHECK(life.reason() ==
        "did not run for 31s; nobody is removed until the input that queued up "
        "is processed");
  CHECK_FALSE(life.removals_allowed());
  CHECK(life.answers_routes());

  SUBCASE("the input comes first") {
    life.on_input_processed(at(61500ms));
    CHECK_FALSE(life.removals_allowed());
    life.on_tick(at(61900ms));
    CHECK_FALSE(life.removals_allowed());
    life.on_tick(at(62s));
    CHECK(life.removals_allowed());
  }
  SUBCASE("the second comes first") {
    life.on_tick(at(70s));
    CHECK_FALSE(life.removals_allowed());
    life.on_input_processed(at(71s));
    CHECK(life.removals_allowed());
  }
  SUBCASE("another gap starts it again") {
    life.on_input_processed(at(61100ms));
    CHECK(life.on_turn(200s, at(100s)) == 39s);
    life.on_tick(at(105s));
    CHECK_FALSE(life.removals_allowed());
    life.on_input_processed(at(105s));
    CHECK(life.state() == State::kServing);
  }
}

TEST_CASE("who serves again says how it came to, not how it once started") {
  Lifecycle life = start({});
  life.on_turn(100s, at(0s));
  SUBCASE("after a gap") {
    life.on_turn(161s, at(61s));
    life.on_input_processed(at(61s));
    life.on_tick(at(62s));
    CHECK(life.reason() == "did not run for 61s, and has caught up");
  }
  SUBCASE("after a pause") {
    life.pause("reaches 1 of 3");
    life.resume(at(10s));
    life.on_tick(at(11s));
    CHECK(life.reason() == "was paused, and has resumed");
  }
  SUBCASE("after a resync") {
    life.start_resync("b had written this nameserver off", at(10s));
    life.on_resynced();
    CHECK(life.reason() ==
          "b had written this nameserver off; has what its peers know");
  }
  SUBCASE("after a resync in vain") {
    life.start_resync("was paused", at(10s));
    life.on_tick(at(15s));
    CHECK(life.reason() == "was paused; no peer's list came in 5s");
  }
  CHECK(life.state() == State::kServing);
}

TEST_CASE("with peers it starts before it serves, whatever its roster") {
  LifecycleSettings settings;
  settings.waits_for_peers = true;
  Lifecycle life(settings, {}, at(0s));
  CHECK(life.state() == State::kStarting);
  CHECK(life.reason() == "waits for what its peers know");
  CHECK_FALSE(life.answers_routes());
  life.end_copying(true, at(2s));
  CHECK(life.state() == State::kServing);
  CHECK(life.reason() == "all that a peer knows was here after 2s");
}

TEST_CASE("the gap is measured against the smallest expiry there is") {
  Lifecycle life = start({});
  life.set_smallest_expiry(3s);
  life.on_turn(100s, at(0s));
  CHECK_FALSE(life.on_turn(102s, at(2s)).has_value());
  CHECK(life.on_turn(104100ms, at(4100ms)).has_value());
}

TEST_CASE("a nap is no sleep, but its closes remove nobody") {
  Lifecycle life = start({});
  life.on_turn(100s, at(0s));
  CHECK_FALSE(life.on_turn(102s, at(2s)).has_value());
  CHECK_FALSE(life.napped());
  CHECK_FALSE(life.on_turn(114s, at(14s)).has_value());
  CHECK(life.napped());
  CHECK(life.removals_allowed());
  CHECK_FALSE(life.closes_remove());
  // Another before the first is over starts the wait anew.
  CHECK_FALSE(life.on_turn(120s, at(20s)).has_value());
  life.on_input_processed(at(20500ms));
  CHECK_FALSE(life.closes_remove());
  life.on_tick(at(21100ms));
  CHECK(life.closes_remove());
  CHECK(life.state() == State::kServing);
}

TEST_CASE("a machine that slept is noticed although the other clock stood") {
  Lifecycle life = start({});
  life.on_turn(100s, at(10s));
  CHECK(life.on_turn(3700s, at(10s)) == 3600s);
  CHECK(life.state() == State::kRecovering);
}

TEST_CASE("our own sleep is not time that brokers had to come back") {
  Lifecycle life = start({seen("a", 0s), seen("b", 100s)});
  life.on_turn(0s, at(0s));
  life.on_turn(100s, at(100s));
  life.on_tick(at(100s));
  CHECK(life.state() == State::kStarting);
  life.on_tick(at(119s));
  CHECK(life.reason() ==
        "waits for 2 of 2 brokers known before: a/0, b/0; for 45s at most");
  life.on_tick(at(121s));
  CHECK(life.reason() ==
        "waits for 1 of 2 brokers known before: a/0; for 45s at most");
  life.on_tick(at(145s));
  CHECK(life.answers_routes());
}

TEST_CASE("a sleep that stopped both clocks does not prolong the wait") {
  Lifecycle life = start({seen("a", 0s)});
  life.on_turn(0s, at(0s));
  life.on_turn(3600s, at(10s));
  life.on_tick(at(54s));
  CHECK(life.state() == State::kStarting);
  life.on_tick(at(55s));
  life.on_input_processed(at(56s));
  CHECK(life.state() == State::kServing);
}

TEST_CASE("draining is for good and shows before all else") {
  Lifecycle life = start({seen("a", 0s)});
  life.start_draining("SIGTERM");
  life.start_draining("again");
  CHECK(life.state() == State::kDraining);
  CHECK(life.reason() == "SIGTERM");
  // Half a table is no better for going away.
  CHECK_FALSE(life.answers_routes());
  life.on_registered(key("a"), at(1s));
  CHECK(life.state() == State::kDraining);
  CHECK(life.answers_routes());
  life.on_turn(0s, at(1s));
  life.on_turn(100s, at(101s));
  CHECK(life.state() == State::kDraining);
  CHECK_FALSE(life.removals_allowed());
}

}  // namespace
}  // namespace waypost::lifecycle
