#include "client_sdk/core/latency_choice.h"

#include <algorithm>
#include <optional>

namespace waypost::client {
namespace {

constexpr base::Duration kFadeHalfLife = std::chrono::seconds(10);
constexpr std::int64_t kHalvingsMax = 62;

// A random one of those that take part; each has the same chance, in one pass.
std::optional<std::uint32_t> draw(base::Random& random,
                                  std::span<const std::uint8_t> allowed,
                                  std::optional<std::uint32_t> but_not) {
  std::optional<std::uint32_t> drawn;
  std::uint64_t seen = 0;
  for (std::uint32_t i = 0; i < allowed.size(); ++i) {
    if (allowed[i] == 0 || i == but_not) continue;
    if (allowed[i] > 1 && random.below(allowed[i]) != 0) continue;
    if (random.below(++seen) == 0) drawn = i;
  }
  return drawn;
}

}  // namespace

base::Duration faded(const KnownLatency& known, base::Instant now) {
  if (now <= known.at) return known.latency;
  const std::int64_t halvings =
      std::min<std::int64_t>((now - known.at) / kFadeHalfLife, kHalvingsMax);
  return known.latency / (std::int64_t{1} << halvings);
}

std::uint32_t choose_least_latency(base::Random& random,
                                   std::span<const KnownLatency> latencies,
                                   std::span<const std::uint8_t> allowed,
                                   base::Instant now) {
  const std::uint32_t one = *draw(random, allowed, std::nullopt);
  if (random.below(kLatencyTrickle) == 0) return one;
  const auto other = draw(random, allowed, one);
  if (!other) return one;
  return faded(latencies[*other], now) < faded(latencies[one], now) ? *other
                                                                    : one;
}

}  // namespace waypost::client
