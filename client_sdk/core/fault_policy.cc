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

// The trickle: equal parts of the time until it is over, and the turns that a
// broker takes in each.
constexpr std::array<std::uint8_t, 3> kTrickle = {11, 5, 3};

}  // namespace

std::uint8_t FaultState::one_turn_in(base::Instant now) const {
  if (held || now >= full_from || now < avoid_until) return 1;
  const base::Duration part = (full_from - avoid_until) / kTrickle.size();
  if (part <= base::Duration::zero()) return 1;
  const auto index = static_cast<std::size_t>((now - avoid_until) / part);
  return kTrickle[std::min(index, kTrickle.size() - 1)];
}

base::Instant FaultState::next_change(base::Instant now) const {
  if (held) return base::Instant::max();
  if (now < avoid_until) return avoid_until;
  if (now >= full_from) return base::Instant::max();
  const base::Duration part = std::max<base::Duration>(
      (full_from - avoid_until) / kTrickle.size(), base::Duration(1));
  const auto parts_over = (now - avoid_until) / part;
  return std::min(avoid_until + (parts_over + 1) * part, full_from);
}

const FaultRules* fault_rules(FaultPolicy policy) {
  switch (policy) {
    case FaultPolicy::kOff:
    case FaultPolicy::kAdaptive:
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
