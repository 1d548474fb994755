#ifndef WAYPOST_CLIENT_SDK_CORE_LATENCY_CHOICE_H_
#define WAYPOST_CLIENT_SDK_CORE_LATENCY_CHOICE_H_

#include <cstdint>
#include <span>

#include "base/clock.h"
#include "base/random.h"

namespace waypost::client {

// A smoothed latency and when it was last reported.
struct KnownLatency {
  base::Duration latency{0};  // 0: unknown
  base::Instant at{};
};

// What a latency still says at `now`: half of it for each ten seconds without a
// report, so that a broker that was slow once is tried again. An unknown one is
// 0: who was never tried is tried.
base::Duration faded(const KnownLatency& known, base::Instant now);

// One choice in so many is a random one, whatever the latencies say: the
// slowest of n brokers, never the better of two, gets a trickle of 1 in 50 n
// picks. Else it would wait for its latency to fade, half a minute and longer,
// although it may be as quick as the others by now.
inline constexpr std::uint64_t kLatencyTrickle = 50;

// The better of two different random candidates that take turns; `allowed` as
// in Eligibility, a trickle takes part with its share. Always choosing the best
// would send all clients to one broker at once. REQUIRES: one of `allowed`
// is 1.
std::uint32_t choose_least_latency(base::Random& random,
                                   std::span<const KnownLatency> latencies,
                                   std::span<const std::uint8_t> allowed,
                                   base::Instant now);

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_CORE_LATENCY_CHOICE_H_
