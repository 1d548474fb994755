#include "client_sdk/core/fault_policy.h"

#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace waypost::client {
namespace {

using base::Duration;
using base::Instant;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct Row {
  Duration latency;
  Duration avoided;
};

void check_table(FaultPolicy policy, const std::vector<Row>& rows) {
  const FaultRules* rules = fault_rules(policy);
  REQUIRE(rules != nullptr);
  for (const Row& row : rows) {
    CAPTURE(base::to_ms(row.latency));
    CHECK(avoid_duration(*rules, row.latency, false) == row.avoided);
  }
}

TEST_CASE("rocketmq-4: each band avoids from its latency on, not before") {
  check_table(FaultPolicy::kRocketmq4, {{milliseconds(0), seconds(0)},
                                        {milliseconds(49), seconds(0)},
                                        {milliseconds(50), seconds(0)},
                                        {milliseconds(99), seconds(0)},
                                        {milliseconds(100), seconds(0)},
                                        {milliseconds(549), seconds(0)},
                                        {milliseconds(550), seconds(30)},
                                        {milliseconds(999), seconds(30)},
                                        {milliseconds(1000), seconds(60)},
                                        {milliseconds(1999), seconds(60)},
                                        {milliseconds(2000), seconds(120)},
                                        {milliseconds(2999), seconds(120)},
                                        {milliseconds(3000), seconds(180)},
                                        {milliseconds(14999), seconds(180)},
                                        {milliseconds(15000), seconds(600)},
                                        {seconds(3600), seconds(600)}});
}

TEST_CASE("rocketmq-5: each band avoids from its latency on, not before") {
  check_table(FaultPolicy::kRocketmq5, {{milliseconds(0), seconds(0)},
                                        {milliseconds(549), seconds(0)},
                                        {milliseconds(550), seconds(2)},
                                        {milliseconds(1799), seconds(2)},
                                        {milliseconds(1800), seconds(5)},
                                        {milliseconds(2999), seconds(5)},
                                        {milliseconds(3000), seconds(6)},
                                        {milliseconds(4999), seconds(6)},
                                        {milliseconds(5000), seconds(10)},
                                        {milliseconds(14999), seconds(10)},
                                        {milliseconds(15000), seconds(30)},
                                        {seconds(3600), seconds(30)}});
}

TEST_CASE("a failure counts as 30 s in rocketmq-4 and as 10 s in rocketmq-5") {
  const FaultRules& four = *fault_rules(FaultPolicy::kRocketmq4);
  const FaultRules& five = *fault_rules(FaultPolicy::kRocketmq5);
  for (const Duration latency : {Duration(0), Duration(seconds(20))}) {
    CHECK(avoid_duration(four, latency, true) == seconds(600));
    CHECK(avoid_duration(five, latency, true) == seconds(10));
  }
}

TEST_CASE("latencies count in whole milliseconds") {
  const FaultRules& four = *fault_rules(FaultPolicy::kRocketmq4);
  CHECK(avoid_duration(four, microseconds(549'999), false) == seconds(0));
  CHECK(avoid_duration(four, microseconds(550'999), false) == seconds(30));
}

TEST_CASE("off has no rules") {
  CHECK(fault_rules(FaultPolicy::kOff) == nullptr);
}

TEST_CASE("a broker is avoided until its time, and not at it") {
  const FaultRules& four = *fault_rules(FaultPolicy::kRocketmq4);
  const Instant now{seconds(1000)};
  const FaultState state =
      after_report(four, FaultState{}, milliseconds(600), false, now);
  CHECK(state.avoided_at(now));
  CHECK(state.avoided_at(now + seconds(30) - Duration(1)));
  CHECK_FALSE(state.avoided_at(now + seconds(30)));
  CHECK_FALSE(FaultState{}.avoided_at(now));
}

TEST_CASE("rocketmq-4: the last report counts, a quick success ends it") {
  const FaultRules& four = *fault_rules(FaultPolicy::kRocketmq4);
  const Instant now{seconds(1000)};
  FaultState state = after_report(four, {}, milliseconds(3), true, now);
  CHECK(state.avoid_until == now + seconds(600));
  state = after_report(four, state, milliseconds(600), false, now + seconds(1));
  CHECK(state.avoid_until == now + seconds(31));
  state = after_report(four, state, milliseconds(3), false, now + seconds(2));
  CHECK_FALSE(state.avoided_at(now + seconds(2)));
}

TEST_CASE("rocketmq-5: a report prolongs and never shortens") {
  const FaultRules& five = *fault_rules(FaultPolicy::kRocketmq5);
  const Instant now{seconds(1000)};
  FaultState state = after_report(five, {}, milliseconds(3), true, now);
  CHECK(state.avoid_until == now + seconds(10));
  state = after_report(five, state, milliseconds(600), false, now + seconds(1));
  CHECK(state.avoid_until == now + seconds(10));
  state = after_report(five, state, milliseconds(3), false, now + seconds(2));
  CHECK(state.avoid_until == now + seconds(10));
  state = after_report(five, state, milliseconds(3), true, now + seconds(3));
  CHECK(state.avoid_until == now + seconds(13));
}

TEST_CASE("a quick failure is remembered as slow, not as quick") {
  const FaultRules& four = *fault_rules(FaultPolicy::kRocketmq4);
  const FaultState state =
      after_report(four, {}, milliseconds(1), true, Instant{});
  CHECK(state.latency == seconds(30));
}

}  // namespace
}  // namespace waypost::client
