#include "client_sdk/core/fault_policy.h"

#include <algorithm>

namespace waypost::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr FaultRules kRocketmq4Rules = {{{{milliseconds(50), seconds(0)},
                                          {milliseconds(100), seconds(0)},
                                          {milliseconds(550), seconds(30)},
                                          {milliseconds(1000), seconds(60)},
                                          {milliseconds(2000), seconds(120)},
                                          {milliseconds(3000), seconds(180)},
                                          {milliseconds(15000), seconds(600)}}},
                                        seconds(30),
                                        true};

constexpr FaultRules kRocketmq5Rules = {{{{milliseconds(50), seconds(0)},
                                          {milliseconds(100), seconds(0)},
                                          {milliseconds(550), seconds(2)},
                                          {milliseconds(1800), seconds(5)},
                                          {milliseconds(3000), seconds(6)},
                                          {milliseconds(5000), seconds(10)},
                                          {milliseconds(15000), seconds(30)}}},
                                        seconds(10),
                                        false};

}  // namespace

const FaultRules* fault_rules(FaultPolicy policy) {
  switch (policy) {
    case FaultPolicy::kOff:
      return nullptr;
    case FaultPolicy::kRocketmq4:
      return &kRocketmq4Rules;
    case FaultPolicy::kRocketmq5:
      return &kRocketmq5Rules;
  }
  return nullptr;
}

base::Duration avoid_duration(const FaultRules& rules, base::Duration latency,
                              bool failed) {
  const milliseconds counted(
      base::to_ms(failed ? rules.failure_counts_as : latency));
  for (auto band = rules.bands.rbegin(); band != rules.bands.rend(); ++band) {
    if (counted >= band->latency_min) return band->avoid_for;
  }
  return base::Duration::zero();
}

FaultState after_report(const FaultRules& rules, const FaultState& before,
                        base::Duration latency, bool failed,
                        base::Instant now) {
  const base::Duration duration = avoid_duration(rules, latency, failed);
  const base::Instant until =
      duration > base::Duration::zero() ? now + duration : base::Instant{};
  FaultState after;
  after.latency = failed ? rules.failure_counts_as : latency;
  after.avoid_until =
      rules.last_report_counts ? until : std::max(before.avoid_until, until);
  return after;
}

}  // namespace waypost::client
