#include "client_sdk/core/eligibility.h"

#include <algorithm>
#include <tuple>

namespace waypost::client {

std::size_t avoided_max(std::size_t count, std::int64_t max_avoided_percent) {
  if (count == 0 || max_avoided_percent <= 0) return 0;
  const std::size_t share =
      count * static_cast<std::size_t>(max_avoided_percent) / 100;
  return std::min(share, count - 1);
}

bool is_worse(const CandidateState& one, const CandidateState& other,
              base::Instant now) {
  const auto rank = [now](const CandidateState& each) {
    const bool avoided = each.fault.avoided_at(now);
    // What a broker that is not avoided did last is of no interest.
    return std::tuple(each.health, avoided,
                      avoided ? each.fault.latency : base::Duration::zero(),
                      avoided ? each.fault.avoid_until : base::Instant{});
  };
  return rank(one) > rank(other);
}

Eligibility decide_eligibility(std::span<const CandidateState> candidates,
                               std::int64_t max_avoided_percent,
                               base::Instant now) {
  Eligibility result;
  result.allowed.assign(candidates.size(), 0);
  if (candidates.empty()) return result;

  std::uint8_t best_health = candidates.front().health;
  for (const auto& each : candidates) {
    best_health = std::min(best_health, each.health);
  }
  std::size_t present = 0;
  std::vector<std::size_t> avoided;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (candidates[i].health != best_health) continue;
    ++present;
    const FaultState& fault = candidates[i].fault;
    result.allowed[i] = fault.one_turn_in(now);
    result.valid_until = std::min(result.valid_until, fault.next_change(now));
    if (fault.avoided_at(now)) avoided.push_back(i);
  }

  // The worst first; equally bad ones in their order, so that all threads leave
  // out the same.
  std::stable_sort(avoided.begin(), avoided.end(),
                   [&](std::size_t one, std::size_t other) {
                     return is_worse(candidates[one], candidates[other], now);
                   });
  const std::size_t limit = avoided_max(present, max_avoided_percent);
  for (std::size_t i = 0; i < std::min(limit, avoided.size()); ++i) {
    result.allowed[avoided[i]] = 0;
  }
  // A trickle is a share of what somebody else takes.
  if (std::find(result.allowed.begin(), result.allowed.end(), 1) ==
      result.allowed.end()) {
    for (auto& each : result.allowed) each = each != 0 ? 1 : 0;
  }
  result.all = std::all_of(result.allowed.begin(), result.allowed.end(),
                           [](std::uint8_t allowed) { return allowed == 1; });
  return result;
}

}  // namespace waypost::client
