#ifndef WAYPOST_CLIENT_SDK_CORE_ZONE_PREFERENCE_H_
#define WAYPOST_CLIENT_SDK_CORE_ZONE_PREFERENCE_H_

#include <cstdint>
#include <span>

#include "client_sdk/core/eligibility.h"

namespace waypost::client {

struct ZoneCandidate {
  bool local = false;        // in our zone
  std::uint32_t queues = 1;  // what it weighs
};

// Takes the turns of brokers in other zones, unless those in ours that take all
// their turns have less than `spill_percent` of our zone's queues: then the
// zone is too weak, and everybody goes on taking turns. Without a broker in our
// zone nothing changes.
void prefer_zone(Eligibility& eligibility,
                 std::span<const ZoneCandidate> candidates,
                 std::int64_t spill_percent);

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_CORE_ZONE_PREFERENCE_H_
