#ifndef WAYPOST_NAMESRV_PARTITION_DOWNING_DECISION_H_
#define WAYPOST_NAMESRV_PARTITION_DOWNING_DECISION_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "namesrv/partition/downing_view.h"
#include "namesrv/partition/mode.h"

namespace waypost::partition {

// What a downing strategy decides. Source of rules, names and numbers: Akka's
// split brain resolver (2.6.21).
enum class DecisionKind : std::uint8_t {
  kDownUnreachable,  // we stay
  kDownReachable,    // we go
  kDownAll,          // nobody knows: all go
  kDownIndirectlyConnected,
  kReverseDownIndirectlyConnected,  // the lease was refused
  kAcquireLeaseAndDownUnreachable,
  kAcquireLeaseAndDownIndirectlyConnected,
  kDownSelfQuarantinedByRemote,  // a member says that it has removed us
};
std::string_view decision_name(DecisionKind kind);  // "DownUnreachable", ...

bool is_indirectly_connected(DecisionKind kind);
bool needs_lease(DecisionKind kind);
// What is done instead when the lease is refused. `kind` needs a lease.
DecisionKind reverse_of(DecisionKind kind);

struct Decision {
  DecisionKind kind = DecisionKind::kDownAll;
  // Before the lease is tried: the smaller side lets the larger one go first.
  base::Duration acquire_delay{0};

  friend bool operator==(const Decision&, const Decision&) = default;
};

// Which strategy, with its settings.
struct DowningStrategy {
  Mode mode = Mode::kKeepMajority;  // of the downing family
  std::string role;                 // empty: all members count
  std::int64_t quorum_size = 1;     // static-quorum
  bool down_if_alone = true;        // keep-oldest
  base::Duration acquire_delay_for_minority =
      std::chrono::seconds(2);  // lease-majority

  friend bool operator==(const DowningStrategy&,
                         const DowningStrategy&) = default;
};

// The decision of the side that `view` belongs to.
Decision decide(const DowningStrategy& strategy, const DowningView& view);

// static-quorum: more members than twice the quorum less one, so that two sides
// could both reach it. The strategy downs everybody then.
bool quorum_reachable_twice(std::size_t members, std::int64_t quorum_size);

}  // namespace waypost::partition

#endif  // WAYPOST_NAMESRV_PARTITION_DOWNING_DECISION_H_
