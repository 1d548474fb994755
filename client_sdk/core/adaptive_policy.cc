#include "client_sdk/core/adaptive_policy.h"

#include <algorithm>
#include <cmath>

namespace waypost::client {
namespace {

// 2^20 times the least ejection is above every bound of the longest.
constexpr double kStrikesMax = 20;

}  // namespace

double strikes_at(const AdaptiveFaults& rules, const Strikes& strikes,
                  base::Instant now) {
  if (strikes.count <= 0 || now <= strikes.at) return strikes.count;
  const double half_lives = static_cast<double>((now - strikes.at).count()) /
                            static_cast<double>(rules.strike_half_life.count());
  return strikes.count * std::exp2(-half_lives);
}

FaultState eject(const AdaptiveFaults& rules, Strikes& strikes,
                 base::Duration latency, base::Instant now) {
  const double count = strikes_at(rules, strikes, now);
  const auto wanted = static_cast<double>(rules.ejection_min.count()) *
                      std::exp2(std::min(count, kStrikesMax));
  const auto bounded =
      std::min(wanted, static_cast<double>(rules.ejection_max.count()));
  FaultState state;
  state.latency = latency;
  state.avoid_until =
      now + base::Duration(static_cast<base::Duration::rep>(bounded));
  state.full_from = state.avoid_until + rules.trickle;
  // Time that it is ejected for is no good standing.
  strikes = {std::min(count + 1, kStrikesMax), state.avoid_until};
  return state;
}

std::vector<std::size_t> slow_ones(const AdaptiveFaults& rules,
                                   std::span<const LatencySample> samples) {
  std::vector<std::size_t> slow;
  std::vector<std::size_t> judged;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (samples[i].reports >= kReportsMin) judged.push_back(i);
  }
  if (rules.latency_factor <= 0 || judged.size() < 2) return slow;
  std::sort(judged.begin(), judged.end(), [&](std::size_t a, std::size_t b) {
    return samples[a].latency < samples[b].latency;
  });
  // The median of all but the one at `rank`: the list without it moves up by
  // one behind it. Of two middles the upper: what half of the others do is
  // usual.
  const std::size_t middle = (judged.size() - 1) / 2;
  for (std::size_t rank = 0; rank < judged.size(); ++rank) {
    const base::Duration latency = samples[judged[rank]].latency;
    const base::Duration usual =
        samples[judged[middle < rank ? middle : middle + 1]].latency;
    if (latency >= usual * rules.latency_factor &&
        latency - usual >= rules.latency_excess_min) {
      slow.push_back(judged[rank]);
    }
  }
  std::sort(slow.begin(), slow.end());
  return slow;
}

base::Duration smoothed(base::Duration before, base::Duration reported) {
  if (before <= base::Duration::zero()) return reported;
  return before + (reported - before) / 8;
}

}  // namespace waypost::client
