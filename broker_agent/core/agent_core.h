#ifndef WAYPOST_BROKER_AGENT_CORE_AGENT_CORE_H_
#define WAYPOST_BROKER_AGENT_CORE_AGENT_CORE_H_

#include <cstddef>

#include "base/clock.h"
#include "broker_agent/core/events.h"

namespace waypost::agent {

// What an agent does with its nameservers: a Registration, or an Observation of
// a broker that registers itself. A pure value: `step(event, now)` is its only
// way to change, `now` never goes back; send a Tick to start it and at each
// next_wakeup(). Events that mean nothing to it are ignored.
class AgentCore {
 public:
  virtual ~AgentCore() = default;

  virtual Effects step(const Event& event, base::Instant now) = 0;

  // When the next Tick is due; Instant::max() when nothing waits for time.
  virtual base::Instant next_wakeup() const = 0;

  // How many nameservers have the broker now, as far as is known.
  virtual std::size_t registered_count() const = 0;
};

}  // namespace waypost::agent

#endif  // WAYPOST_BROKER_AGENT_CORE_AGENT_CORE_H_
