#include "namesrv/partition/downing_plan.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "namesrv/partition/indirect_connections.h"
#include "namesrv/partition/population.h"

namespace waypost::partition {
namespace {

using model::PeerNames;

PeerNames intersection(const PeerNames& one, const PeerNames& other) {
  PeerNames both;
  std::set_intersection(one.begin(), one.end(), other.begin(), other.end(),
                        std::inserter(both, both.end()));
  return both;
}

PeerNames difference(const PeerNames& one, const PeerNames& other) {
  PeerNames left;
  std::set_difference(one.begin(), one.end(), other.begin(), other.end(),
                      std::inserter(left, left.end()));
  return left;
}

// Of a decision that has nothing to do with indirect connections.
PeerNames nodes_of(DecisionKind kind, const PeerNames& downable,
                   const PeerNames& unreachable) {
  switch (kind) {
    case DecisionKind::kDownUnreachable:
    case DecisionKind::kAcquireLeaseAndDownUnreachable:
      return intersection(downable, unreachable);
    case DecisionKind::kDownReachable:
      return difference(downable, unreachable);
    default:
      return downable;
  }
}

// None: the second decision is again about indirect connections.
std::optional<PeerNames> second_look(const DowningStrategy& strategy,
                                     const DowningView& view,
                                     const IndirectConnections& indirect,
                                     const PeerNames& downable) {
  DowningView again = view;
  again.observations =
      without_indirect(own_observations(view), indirect, downable);
  again.unreachable.clear();
  for (const Observation& each : again.observations) {
    again.unreachable.insert(each.subject);
  }
  const Decision decision = decide(strategy, again);
  if (is_indirectly_connected(decision.kind)) return std::nullopt;
  return nodes_of(decision.kind, downable, again.unreachable);
}

DowningPlan down_indirect(const DowningStrategy& strategy,
                          const DowningView& view, const PeerNames& downable) {
  const IndirectConnections indirect =
      find_indirect(own_observations(view), view.seen_by);
  const PeerNames names = indirect.all();
  DowningPlan plan{intersection(downable, names), false};
  if (difference(view.unreachable, names).empty()) return plan;
  const auto more = second_look(strategy, view, indirect, downable);
  if (!more) return {downable, true};
  plan.down.insert(more->begin(), more->end());
  return plan;
}

}  // namespace

DowningPlan plan_downing(const DowningStrategy& strategy,
                         const DowningView& view, DecisionKind decision,
                         const model::PeerName& self) {
  const PeerNames may = downable(view);
  switch (decision) {
    case DecisionKind::kDownIndirectlyConnected:
    case DecisionKind::kAcquireLeaseAndDownIndirectlyConnected:
      return down_indirect(strategy, view, may);
    case DecisionKind::kReverseDownIndirectlyConnected: {
      PeerNames down = difference(may, view.unreachable);
      const auto indirect =
          find_indirect(own_observations(view), view.seen_by).all();
      const PeerNames indirect_too = intersection(may, indirect);
      down.insert(indirect_too.begin(), indirect_too.end());
      return {down, false};
    }
    case DecisionKind::kDownSelfQuarantinedByRemote:
      return {intersection(may, {self}), false};
    default:
      return {nodes_of(decision, may, view.unreachable), false};
  }
}

}  // namespace waypost::partition
