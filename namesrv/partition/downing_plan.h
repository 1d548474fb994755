#ifndef WAYPOST_NAMESRV_PARTITION_DOWNING_PLAN_H_
#define WAYPOST_NAMESRV_PARTITION_DOWNING_PLAN_H_

#include "namesrv/partition/downing_decision.h"

namespace waypost::partition {

// Whom a decision sets to down.
struct DowningPlan {
  model::PeerNames down;
  // Indirect connections remained when those known had been taken out: the
  // observations contradict each other, so everybody goes.
  bool second_look_conflict = false;

  friend bool operator==(const DowningPlan&, const DowningPlan&) = default;
};

// `self` matters for kDownSelfQuarantinedByRemote alone. Where indirect
// connections meet a crash or a clean cut, decides a second time with the same
// strategy without what the indirectly connected say of each other, and downs
// both.
DowningPlan plan_downing(const DowningStrategy& strategy,
                         const DowningView& view, DecisionKind decision,
                         const model::PeerName& self);

}  // namespace waypost::partition

#endif  // WAYPOST_NAMESRV_PARTITION_DOWNING_PLAN_H_
