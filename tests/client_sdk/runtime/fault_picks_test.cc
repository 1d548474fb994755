// What reported failures and latencies do to picks.

#include <string>

#include <doctest/doctest.h>

#include "tests/client_sdk/runtime/state_fixture.h"

namespace waypost::client {
namespace {

using namespace std::chrono_literals;
using Counts = StateFixture::Counts;

TEST_CASE("a failed broker is left out, the others stay fair") {
  StateFixture it;
  it.publish("orders", {healthy("a"), healthy("b"), healthy("c")});
  Pick pick;
  while (pick.empty() || pick.broker_name() != "b") pick = it.pick("orders");
  it.state->report(pick, Outcome::kFailed, 1ms);
  CHECK(it.tally("orders", 100) == Counts{{"a", 50}, {"c", 50}});
  REQUIRE(it.changes.size() == 1);
  CHECK(it.changes[0].failed);
  CHECK(it.changes[0].until == it.clock.now() + 600s);
  // A quick success of one that was in flight ends it.
  it.state->report(pick, Outcome::kOk, 1ms);
  CHECK(it.tally("orders", 99) == Counts{{"a", 33}, {"b", 33}, {"c", 33}});
}

TEST_CASE("each further failure shows in the next pick") {
  StateFixture it;
  it.publish("orders",
             {healthy("a"), healthy("b"), healthy("c"), healthy("d")});
  std::map<std::string, Pick> picks;
  while (picks.size() < 4) {
    const Pick pick = it.pick("orders");
    picks[pick.broker_name()] = pick;
  }
  it.state->report(picks["a"], Outcome::kFailed, 1ms);
  CHECK(it.tally("orders", 9) == Counts{{"b", 3}, {"c", 3}, {"d", 3}});
  it.state->report(picks["b"], Outcome::kFailed, 1ms);
  CHECK(it.tally("orders", 8) == Counts{{"c", 4}, {"d", 4}});
  it.state->report(picks["a"], Outcome::kOk, 1ms);
  CHECK(it.tally("orders", 9) == Counts{{"a", 3}, {"c", 3}, {"d", 3}});
}

TEST_CASE("an avoidance ends by time alone, before anybody sweeps") {
  StateFixture it;
  it.publish("orders", {healthy("a"), healthy("b")});
  const Pick pick = it.pick("orders");
  it.state->report(pick, Outcome::kOk, 600ms);
  it.clock.advance(30s - 1ns);
  CHECK(it.tally("orders", 10).size() == 1);
  it.clock.advance(1ns);
  CHECK(it.tally("orders", 10) == Counts{{"a", 5}, {"b", 5}});
  CHECK(it.state->stats().avoided == 1);
  const auto over = it.state->faults().expire(it.clock.now());
  CHECK(over.size() == 1);
  CHECK(it.state->stats().avoided == 0);
}

TEST_CASE("when all have failed, the least bad are used") {
  StateFixture it;
  it.publish("orders",
             {healthy("a"), healthy("b"), healthy("c"), healthy("d")});
  std::map<std::string, Pick> picks;
  while (picks.size() < 4) {
    const Pick pick = it.pick("orders");
    picks[pick.broker_name()] = pick;
  }
  it.state->report(picks["a"], Outcome::kOk, 700ms);
  it.state->report(picks["b"], Outcome::kFailed, 1ms);
  it.state->report(picks["c"], Outcome::kOk, 1200ms);
  it.state->report(picks["d"], Outcome::kFailed, 1ms);
  CHECK(it.tally("orders", 10) == Counts{{"a", 5}, {"c", 5}});
}

TEST_CASE("the only broker is used whatever it does") {
  StateFixture it;
  it.publish("orders", {healthy("a")});
  it.state->report(it.pick("orders"), Outcome::kFailed, 1ms);
  CHECK(it.tally("orders", 3) == Counts{{"a", 3}});
}

TEST_CASE("a rejected request says nothing bad about the broker but its time") {
  StateFixture it;
  it.publish("orders", {healthy("a"), healthy("b")});
  it.state->report(it.pick("orders"), Outcome::kRejected, 1ms);
  CHECK(it.changes.empty());
  it.state->report(it.pick("orders"), Outcome::kRejected, 700ms);
  CHECK(it.changes.size() == 1);
}

TEST_CASE("with the policy off nothing is avoided") {
  StateFixture it(FaultPolicy::kOff);
  it.publish("orders", {healthy("a"), healthy("b")});
  it.state->report(it.pick("orders"), Outcome::kFailed, 1ms);
  CHECK(it.tally("orders", 10) == Counts{{"a", 5}, {"b", 5}});
  CHECK(it.changes.empty());
}

// --- The policy `adaptive` ---

TEST_CASE("adaptive: a failed broker is out, then trickles, then is back") {
  StateFixture it(FaultPolicy::kAdaptive);
  it.publish("orders", {healthy("a"), healthy("b")});
  it.state->report(it.pick_of("a"), Outcome::kFailed, 1ms);
  CHECK(it.tally("orders", 100) == Counts{{"b", 100}});
  CHECK(it.state->stats().avoided == 1);
  it.clock.advance(5s);
  const Counts trickle = it.tally("orders", 1200);
  CHECK(trickle.at("a") == doctest::Approx(100).epsilon(0.03));
  REQUIRE(it.state->faults().expire(it.clock.now()).size() == 1);
  CHECK(it.state->stats().avoided == 0);
  // Told once; the trickle goes on.
  CHECK(it.state->faults().expire(it.clock.now()).empty());
  CHECK(it.tally("orders", 1200).at("a") == doctest::Approx(100).epsilon(0.03));
  it.clock.advance(10s);
  CHECK(it.state->faults().expire(it.clock.now()).empty());
  CHECK_FALSE(it.state->faults().any());
  CHECK(it.tally("orders", 100) == Counts{{"a", 50}, {"b", 50}});
}

TEST_CASE("adaptive: what was under way when it was ejected adds no strike") {
  StateFixture it(FaultPolicy::kAdaptive);
  it.publish("orders", {healthy("a"), healthy("b")});
  const Pick pick = it.pick_of("a");
  for (int i = 0; i < 5; ++i) {
    it.state->report(pick, Outcome::kFailed, 1ms);
  }
  REQUIRE(it.changes.size() == 1);
  CHECK(it.changes[0].until == it.clock.now() + 5s);
  it.clock.advance(5s);
  it.state->report(pick, Outcome::kFailed, 1ms);
  REQUIRE(it.changes.size() == 2);
  CHECK(it.changes[1].until == it.clock.now() + 10s);
}

TEST_CASE("adaptive: failures count in a row, a success begins anew") {
  ClientOptions options;
  options.adaptive.failures = 3;
  StateFixture it(FaultPolicy::kAdaptive, options);
  it.publish("orders", {healthy("a"), healthy("b")});
  const Pick pick = it.pick_of("a");
  const auto avoided = [&] { return it.state->stats().avoided; };
  for (const Outcome outcome :
       {Outcome::kFailed, Outcome::kFailed, Outcome::kOk, Outcome::kFailed,
        Outcome::kFailed, Outcome::kRejected, Outcome::kFailed,
        Outcome::kFailed}) {
    it.state->report(pick, outcome, 1ms);
    CHECK(avoided() == 0);
  }
  it.state->report(pick, Outcome::kFailed, 1ms);
  CHECK(avoided() == 1);
  CHECK(it.changes.back().why == "failed 3 times in a row");
}

TEST_CASE("adaptive: who is far slower than the others is ejected") {
  StateFixture it(FaultPolicy::kAdaptive);
  it.publish("orders", {healthy("a"), healthy("b"), healthy("c")});
  const auto report_all = [&](std::chrono::nanoseconds of_a) {
    for (int i = 0; i < 12; ++i) {
      it.state->report(it.pick_of("a"), Outcome::kOk, of_a);
      it.state->report(it.pick_of("b"), Outcome::kOk, 10ms);
      it.state->report(it.pick_of("c"), Outcome::kOk, 12ms);
    }
  };
  report_all(30ms);
  // One message for all these reports.
  REQUIRE(it.changes.size() == 1);
  CHECK(it.changes[0].what == FaultBoard::Change::What::kReportsCame);
  CHECK(it.state->faults().judge(it.clock.now()).empty());
  report_all(900ms);
  CHECK(it.changes.size() == 2);
  const auto ejected = it.state->faults().judge(it.clock.now());
  REQUIRE(ejected.size() == 1);
  CHECK(ejected[0].broker->name == "a");
  CHECK(ejected[0].why.find("far above") != std::string::npos);
  CHECK(it.tally("orders", 100) == Counts{{"b", 50}, {"c", 50}});
  // Judged by what it does from now on, not by what it did.
  it.clock.advance(60s);
  it.state->faults().expire(it.clock.now());
  report_all(10ms);
  CHECK(it.state->faults().judge(it.clock.now()).empty());
}

TEST_CASE("adaptive: at most half are out, and never the last") {
  StateFixture it(FaultPolicy::kAdaptive);
  it.publish("orders",
             {healthy("a"), healthy("b"), healthy("c"), healthy("d")});
  for (int i = 0; i < 100; ++i) {
    it.state->report(it.pick("orders"), Outcome::kFailed, 1ms);
  }
  CHECK(it.tally("orders", 100).size() == 2);
}

// --- Selectors ---

}  // namespace
}  // namespace waypost::client
