#ifndef WAYPOST_CLIENT_SDK_CORE_RETRY_CHOICE_H_
#define WAYPOST_CLIENT_SDK_CORE_RETRY_CHOICE_H_

#include <cstdint>
#include <span>
#include <vector>

#include "client_sdk/core/eligibility.h"
#include "client_sdk/core/turn_order.h"

namespace waypost::client {

// Who takes part in a retry: the allowed candidates that are not excluded; if
// there is none, the least bad of those that are not excluded (an avoided or
// suspect broker rather than the one that has just failed); if all are
// excluded, as if none were.
std::vector<std::uint8_t> allowed_for_retry(
    std::span<const CandidateState> states,
    std::span<const std::uint8_t> allowed,
    std::span<const std::uint8_t> excluded, base::Instant now);

// The turn of a retry among those. `cursor` is one for retries alone, so that
// retries do not take turns away from first attempts.
// REQUIRES: `states`, `allowed` and `excluded` have one element for each
// candidate of `order`, and at least one is allowed.
Turn choose_for_retry(const TurnOrder& order, TurnCursor& cursor,
                      std::span<const CandidateState> states,
                      std::span<const std::uint8_t> allowed,
                      std::span<const std::uint8_t> excluded,
                      base::Instant now);

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_CORE_RETRY_CHOICE_H_
