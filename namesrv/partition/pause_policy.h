#ifndef WAYPOST_NAMESRV_PARTITION_PAUSE_POLICY_H_
#define WAYPOST_NAMESRV_PARTITION_PAUSE_POLICY_H_

#include <cstdint>
#include <optional>

#include "namesrv/partition/mode.h"
#include "wire/model/peer.h"

namespace waypost::partition {

// What follows a cut that pausing let through, because listed members were on
// both sides: `cluster.pause-if-all-down.recover`.
enum class Recover : std::uint8_t { kIgnore, kAutoheal };

// Settings of the pause family. Source of rules and numbers: RabbitMQ 3.13.
struct PausePolicy {
  Mode mode = Mode::kIgnore;
  model::PeerNames preferred;  // pause-if-all-down
  std::optional<Recover> recover;

  // Whether a cut that ended is healed by restarting the losing side.
  bool heals() const;
};

// Whom this nameserver can reach. Members are all that are configured or have
// joined, up or not: one that is gone for good counts against us until it is
// forgotten.
struct Reach {
  model::PeerName self;
  model::PeerNames members;    // with self
  model::PeerNames reachable;  // with self; strangers in it do not count
};

// A peer was just lost. Looks at `reach` without it: the event may be ahead of
// the set.
bool must_pause(const PausePolicy& policy, const Reach& reach,
                const model::PeerName& just_lost);

// While this is so, nothing may be promised: between the cut and the pause a
// confirmation would outlive the side that gave it.
bool must_withhold(const PausePolicy& policy, const Reach& reach);

// What a paused nameserver waits for.
enum class ResumeWhen : std::uint8_t {
  kMajority,   // pause-minority
  kPreferred,  // pause-if-all-down
  kAllUp,      // pause-minority after a partial partition
};
ResumeWhen resume_when(const PausePolicy& policy);
bool may_resume(const PausePolicy& policy, ResumeWhen when, const Reach& reach);

}  // namespace waypost::partition

#endif  // WAYPOST_NAMESRV_PARTITION_PAUSE_POLICY_H_
