#ifndef WAYPOST_CLIENT_SDK_CORE_PROBE_POLICY_H_
#define WAYPOST_CLIENT_SDK_CORE_PROBE_POLICY_H_

// From what a probe found out to the fault table.
//
// The problem is a broker that hangs: its kernel accepts connections, so that a
// TCP probe succeeds for as long as it hangs. If that ended avoidances, the
// broker would get traffic, fail and be avoided again, each few seconds. So
// evidence has a weight. That a broker can be reached only lets an avoidance
// end when its time is over. That the broker works, said by the application's
// own check, ends what failures began. And a failure of a broker that came back
// on a probe's word outweighs the next such word for a while, which doubles
// each time until a message gets through. (Rejected: counting a probe's latency
// as a report. How long a connection takes says nothing about how long a
// message does.)

#include <cstdint>

#include "base/clock.h"
#include "client_sdk/core/fault_policy.h"
#include "waypost/options.hpp"

namespace waypost::client {

enum class Evidence : std::uint8_t {
  kReachable,  // it accepts connections
  kWorks,      // the application's check, or a success it reported
};

// What is remembered of one broker beside its FaultState, while it is probed.
struct Probation {
  bool failed = false;         // avoided by a failure, not for being slow
  base::Instant avoided_at{};  // last; older evidence does not count
  // It is back because of a probe, and no message got through since.
  bool on_trust = false;
  std::uint32_t misled = 0;    // times that this was followed by a failure
  base::Instant not_before{};  // until then a probe is no reason
};

// The broker is avoided from `now` on, or for longer.
void note_avoided(Probation& probation, bool failed, base::Instant now);
// A message got through.
void note_success(Probation& probation);

// From when on such evidence ends the avoidance.
base::Instant counts_from(FaultPolicy policy, const FaultState& fault,
                          const Probation& probation, Evidence evidence);

// The state of a broker whose avoidance ends at `now` by evidence: a trickle
// comes first.
FaultState released(const AdaptiveFaults& rules, const FaultState& before,
                    base::Instant now);

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_CORE_PROBE_POLICY_H_
