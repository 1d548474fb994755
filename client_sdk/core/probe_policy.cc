#include "client_sdk/core/probe_policy.h"

#include <algorithm>

namespace waypost::client {
namespace {

// How long the word of a probe is not taken after it misled for the first time,
// and at most. Each time costs the application a few failed attempts of a
// trickle.
constexpr base::Duration kDistrustMin = std::chrono::seconds(10);
constexpr base::Duration kDistrustMax = std::chrono::minutes(5);
constexpr std::uint32_t kMisledMax = 6;  // 10 s times 2^5 is above the longest

}  // namespace

void note_avoided(Probation& probation, bool failed, base::Instant now) {
  probation.failed = failed;
  probation.avoided_at = now;
  if (!probation.on_trust) return;
  probation.on_trust = false;
  probation.misled = std::min(probation.misled + 1, kMisledMax);
  probation.not_before =
      now +
      std::min(kDistrustMin * (1 << (probation.misled - 1)), kDistrustMax);
}

void note_success(Probation& probation) {
  probation.on_trust = false;
  probation.misled = 0;
  probation.not_before = {};
}

base::Instant counts_from(FaultPolicy policy, const FaultState& fault,
                          const Probation& probation, Evidence evidence) {
  const bool early = evidence == Evidence::kWorks && probation.failed &&
                     policy != FaultPolicy::kRocketmq5;
  return std::max(early ? probation.avoided_at : fault.avoid_until,
                  probation.not_before);
}

FaultState released(const AdaptiveFaults& rules, const FaultState& before,
                    base::Instant now) {
  FaultState after = before;
  after.held = false;
  after.avoid_until = now;
  after.full_from = now + rules.trickle;
  return after;
}

}  // namespace waypost::client
