#include "client_sdk/core/retry_choice.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace waypost::client {

std::vector<std::uint8_t> allowed_for_retry(
    std::span<const CandidateState> states,
    std::span<const std::uint8_t> allowed,
    std::span<const std::uint8_t> excluded, base::Instant now) {
  std::vector<std::uint8_t> wanted(states.size(), 0);
  bool any = false;
  std::optional<std::size_t> least_bad;
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (excluded[i] != 0) continue;
    if (allowed[i] != 0) {
      wanted[i] = 1;
      any = true;
    }
    if (!least_bad || is_worse(states[*least_bad], states[i], now)) {
      least_bad = i;
    }
  }
  if (!least_bad) return {allowed.begin(), allowed.end()};
  if (!any) wanted[*least_bad] = 1;
  return wanted;
}

Turn choose_for_retry(const TurnOrder& order, TurnCursor& cursor,
                      std::span<const CandidateState> states,
                      std::span<const std::uint8_t> allowed,
                      std::span<const std::uint8_t> excluded,
                      base::Instant now) {
  return order.next_allowed(cursor,
                            allowed_for_retry(states, allowed, excluded, now));
}

}  // namespace waypost::client
