#ifndef WAYPOST_CLIENT_SDK_CORE_FAULT_POLICY_H_
#define WAYPOST_CLIENT_SDK_CORE_FAULT_POLICY_H_

// From one report about a broker to the time during which it is avoided, as
// RocketMQ's clients compute it (MQFaultStrategy, LatencyFaultToleranceImpl):
// the highest band whose latency is reached tells for how long, and a failure
// is a latency of its own. The two generations differ in the table, in what a
// failure counts as, and in what a later report does: version 4 replaces the
// verdict (a quick success ends it), version 5 only prolongs it.

#include <array>
#include <cstdint>

#include "base/clock.h"
#include "waypost/options.hpp"

namespace waypost::client {

struct FaultBand {
  base::Duration latency_min{0};
  base::Duration avoid_for{0};
};

struct FaultRules {
  std::array<FaultBand, 7> bands;    // by latency, ascending
  base::Duration failure_counts_as;  // its latency
  bool last_report_counts = false;   // false: a report only prolongs
};

// Null for the policies without a table, kOff and kAdaptive.
const FaultRules* fault_rules(FaultPolicy policy);

// What the fault table knows about one broker. A default-made one is avoided at
// no time.
struct FaultState {
  base::Instant avoid_until{};
  // Of the last report; a failure's is `failure_counts_as`, so that a refused
  // connection is not mistaken for a quick broker when the least bad is sought.
  base::Duration latency{0};
  // After its avoidance a broker gets a trickle of its turns, which grows until
  // it takes all of them from here on. Not later than `avoid_until`: at once.
  base::Instant full_from{};

  // Avoided beyond its time, until a probe says otherwise.
  bool held = false;

  bool avoided_at(base::Instant now) const { return held || now < avoid_until; }

  // Of its turns it takes one in so many; 1: all of them. The numbers have no
  // common divisor with the usual numbers of queues, so that a trickle reaches
  // all queues.
  std::uint8_t one_turn_in(base::Instant now) const;
  // When time alone changes something next; Instant::max(): never.
  base::Instant next_change(base::Instant now) const;
};

// For how long a broker is avoided after such a report. Latencies count in
// whole milliseconds.
base::Duration avoid_duration(const FaultRules& rules, base::Duration latency,
                              bool failed);

// The state after a report.
FaultState after_report(const FaultRules& rules, const FaultState& before,
                        base::Duration latency, bool failed, base::Instant now);

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_CORE_FAULT_POLICY_H_
