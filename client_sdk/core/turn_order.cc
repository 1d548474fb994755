#include "client_sdk/core/turn_order.h"

#include <algorithm>
#include <numeric>

#include "base/assert.h"

namespace waypost::client {

TurnOrder::TurnOrder(std::span<const std::uint32_t> queues) {
  std::uint32_t divisor = 0;
  std::uint64_t total = 0;
  for (const std::uint32_t count : queues) {
    WAYPOST_ASSERT(count > 0);
    divisor = std::gcd(divisor, count);
    total += count;
  }
  if (queues.empty()) return;
  const bool weighted = total / divisor <= kTurnsMax;

  for (std::uint32_t i = 0; i < queues.size(); ++i) {
    const std::uint32_t turns = weighted ? queues[i] / divisor : 1;
    for (std::uint32_t k = 0; k < turns; ++k) {
      entries_.push_back({i, queues[i], turns, k});
    }
  }
  // Turn k of n stands at (k + 1/2) / n of the round, compared without
  // division.
  std::sort(entries_.begin(), entries_.end(),
            [](const Entry& one, const Entry& other) {
              const std::uint64_t left =
                  (2ULL * one.turn_of_round + 1) * other.turns_of_round;
              const std::uint64_t right =
                  (2ULL * other.turn_of_round + 1) * one.turns_of_round;
              return left != right ? left < right
                                   : one.candidate < other.candidate;
            });
}

}  // namespace waypost::client
