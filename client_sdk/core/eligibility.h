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
  // One for each candidate: of its turns it takes one in so many; 1: all of
  // them, 0: none. One of them is 1 when there is any candidate.
  std::vector<std::uint8_t> allowed;
  bool all = true;  // all are 1
  // When time alone changes the answer; Instant::max() when it does not.
  base::Instant valid_until = base::Instant::max();
};

// Of `count` brokers, at most so many are avoided at a time: the share rounded
// down, never all.
std::size_t avoided_max(std::size_t count, std::int64_t max_avoided_percent);

Eligibility decide_eligibility(std::span<const CandidateState> candidates,
                               std::int64_t max_avoided_percent,
                               base::Instant now);

// True when `one` is a worse choice than `other`: by health, by being avoided,
// by latency, by the time until it is used again.
bool is_worse(const CandidateState& one, const CandidateState& other,
              base::Instant now);

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_CORE_ELIGIBILITY_H_
