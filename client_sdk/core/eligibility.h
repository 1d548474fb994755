#ifndef WAYPOST_CLIENT_SDK_CORE_ELIGIBILITY_H_
#define WAYPOST_CLIENT_SDK_CORE_ELIGIBILITY_H_

// Which of a topic's brokers take turns now.
//
// Two kinds of doubt come together: the nameserver's (a suspect broker has been
// silent) and our own (the fault table). The nameserver's decides first: only
// the brokers of the best health present take turns. Among them the fault table
// may leave out a share, because avoiding most brokers for being slow would put
// their load on the few that are left and make those slow too; beyond the share
// the least bad are used although their time is not over.

#include <cstdint>
#include <span>
#include <vector>

#include "base/clock.h"
#include "client_sdk/core/fault_policy.h"

namespace waypost::client {

struct CandidateState {
  std::uint8_t health = 0;  // model::BrokerHealth, worst last
  FaultState fault;
};

struct Eligibility {
  std::vector<std::uint8_t> allowed;  // one for each candidate; 1: takes turns
  bool all = true;                    // every candidate is allowed
  // When time alone changes the answer; Instant::max() when it does not.
  base::Instant valid_until = base::Instant::max();
};

// Of `count` brokers, at most so many are avoided at a time: the share rounded
// down, never all.
std::size_t avoided_max(std::size_t count, std::int64_t max_avoided_percent);

// At least one candidate is allowed when there is any.
Eligibility decide_eligibility(std::span<const CandidateState> candidates,
                               std::int64_t max_avoided_percent,
                               base::Instant now);

// True when `one` is a worse choice than `other`: by health, by being avoided,
// by latency, by the time until it is used again.
bool is_worse(const CandidateState& one, const CandidateState& other,
              base::Instant now);

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_CORE_ELIGIBILITY_H_
