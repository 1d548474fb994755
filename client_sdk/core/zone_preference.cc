#include "client_sdk/core/zone_preference.h"

namespace waypost::client {

void prefer_zone(Eligibility& eligibility,
                 std::span<const ZoneCandidate> candidates,
                 std::int64_t spill_percent) {
  std::uint64_t local = 0;
  std::uint64_t usable = 0;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (!candidates[i].local) continue;
    local += candidates[i].queues;
    if (eligibility.allowed[i] == 1) usable += candidates[i].queues;
  }
  if (usable == 0 ||
      usable * 100 < local * static_cast<std::uint64_t>(spill_percent)) {
    return;
  }
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (candidates[i].local) continue;
    eligibility.allowed[i] = 0;
    eligibility.all = false;
  }
}

}  // namespace waypost::client
