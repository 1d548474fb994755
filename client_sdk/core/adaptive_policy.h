#ifndef WAYPOST_CLIENT_SDK_CORE_ADAPTIVE_POLICY_H_
#define WAYPOST_CLIENT_SDK_CORE_ADAPTIVE_POLICY_H_

// The policy `adaptive`. Fixed tables know neither the network nor the broker:
// 550 ms is a disaster in a data centre and usual across an ocean, and ten
// minutes are long for a broker that restarted in two seconds. Here the other
// brokers say what is usual, and a broker's own past says for how long.

#include <cstdint>
#include <span>
#include <vector>

#include "base/clock.h"
#include "client_sdk/core/fault_policy.h"
#include "waypost/options.hpp"

namespace waypost::client {

// What is remembered of one broker beside its FaultState.
struct Strikes {
  double count = 0;    // ejections that still count
  base::Instant at{};  // when it counted so much; not before that the decay
                       // begins
};

// What still counts at `now`: half of it for each half-life since `at`.
double strikes_at(const AdaptiveFaults& rules, const Strikes& strikes,
                  base::Instant now);

// The broker is avoided from now on, for longer with each strike; adds one.
// `latency` is what it is judged by when the least bad is sought.
FaultState eject(const AdaptiveFaults& rules, Strikes& strikes,
                 base::Duration latency, base::Instant now);

// Of a broker that is not ejected: latencies reported since it was judged last.
struct LatencySample {
  base::Duration latency{0};  // smoothed
  std::uint32_t reports = 0;
};
// So many reports make a latency worth judging.
inline constexpr std::uint32_t kReportsMin = 10;

// Indices of the brokers that are outliers against the median of the others: at
// most half of them, because what more do is what is usual.
std::vector<std::size_t> slow_ones(const AdaptiveFaults& rules,
                                   std::span<const LatencySample> samples);

// A smoothed latency after one more report: an eighth of the difference, as TCP
// smooths its round-trip time (RFC 6298). The first report counts in full.
base::Duration smoothed(base::Duration before, base::Duration reported);

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_CORE_ADAPTIVE_POLICY_H_
