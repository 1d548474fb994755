#include "namesrv/partition/downing_decision.h"

#include <array>

#include "base/assert.h"
#include "namesrv/partition/indirect_connections.h"
#include "namesrv/partition/population.h"

namespace waypost::partition {
namespace {

using Kind = DecisionKind;

bool has_indirect(const DowningView& view) {
  return !find_indirect(own_observations(view), view.seen_by).empty();
}

Kind static_quorum(const DowningStrategy& strategy, const DowningView& view) {
  const Population all = count(view, {strategy.role, false, false});
  // Before anything else, unlike in the other strategies.
  if (quorum_reachable_twice(all.members.size(), strategy.quorum_size)) {
    return Kind::kDownAll;
  }
  if (has_indirect(view)) return Kind::kDownIndirectlyConnected;
  return static_cast<std::int64_t>(all.reachable.size()) >= strategy.quorum_size
             ? Kind::kDownUnreachable
             : Kind::kDownReachable;
}

Kind larger_side(std::size_t ours, std::size_t theirs, bool lowest_is_ours) {
  if (ours == theirs) {
    return lowest_is_ours ? Kind::kDownUnreachable : Kind::kDownReachable;
  }
  return ours > theirs ? Kind::kDownUnreachable : Kind::kDownReachable;
}

// The other side may have moved its joiners up, and we may count members that
// have left over there: as few of ours and as many of theirs as can be.
Kind majority_in_doubt(const DowningStrategy& strategy,
                       const DowningView& view) {
  const Population ours = count(view, {strategy.role, false, true});
  if (ours.empty()) return Kind::kDownAll;
  const Population theirs = count(view, {strategy.role, true, false});
  return larger_side(ours.reachable.size(), theirs.unreachable.size(),
                     !is_unreachable(view, lowest(ours.members)));
}

Kind keep_majority(const DowningStrategy& strategy, const DowningView& view) {
  if (has_indirect(view)) return Kind::kDownIndirectlyConnected;
  const Population all = count(view, {strategy.role, false, false});
  if (all.empty()) return Kind::kDownAll;
  const Kind first = larger_side(all.reachable.size(), all.unreachable.size(),
                                 !is_unreachable(view, lowest(all.members)));
  if (first != Kind::kDownUnreachable) return first;
  return majority_in_doubt(strategy, view) == first ? first : Kind::kDownAll;
}

Kind side_of_oldest(const DowningStrategy& strategy, const DowningView& view,
                    const Population& population) {
  const std::size_t ours = population.reachable.size();
  const std::size_t theirs = population.unreachable.size();
  const bool alone_counts = strategy.down_if_alone;
  if (!is_unreachable(view, oldest(population.members))) {
    // Of two nodes the oldest stays: the other one is no better.
    return alone_counts && ours == 1 && theirs >= 2 ? Kind::kDownReachable
                                                    : Kind::kDownUnreachable;
  }
  return alone_counts && theirs == 1 && ours >= 2 ? Kind::kDownUnreachable
                                                  : Kind::kDownReachable;
}

Kind keep_oldest(const DowningStrategy& strategy, const DowningView& view) {
  if (has_indirect(view)) return Kind::kDownIndirectlyConnected;
  const Population all = count(view, {strategy.role, false, false});
  if (all.empty()) return Kind::kDownAll;
  const Kind first = side_of_oldest(strategy, view, all);
  if (first != Kind::kDownUnreachable) return first;
  // Joiners matter only where being alone does. The oldest is looked for among
  // those who count in any case.
  const Population settled = count(view, {strategy.role, false, true});
  if (settled.empty()) return Kind::kDownAll;
  Population sides = count(view, {strategy.role, strategy.down_if_alone, true});
  sides.members = settled.members;
  return side_of_oldest(strategy, view, sides) == first ? first
                                                        : Kind::kDownAll;
}

Decision lease_majority(const DowningStrategy& strategy,
                        const DowningView& view) {
  if (has_indirect(view)) {
    return {Kind::kAcquireLeaseAndDownIndirectlyConnected, base::Duration(0)};
  }
  const Population all = count(view, {strategy.role, false, false});
  const bool smaller =
      !all.empty() && larger_side(all.reachable.size(), all.unreachable.size(),
                                  !is_unreachable(view, lowest(all.members))) ==
                          Kind::kDownReachable;
  return {Kind::kAcquireLeaseAndDownUnreachable,
          smaller ? strategy.acquire_delay_for_minority : base::Duration(0)};
}

}  // namespace

std::string_view decision_name(DecisionKind kind) {
  static constexpr std::array<std::string_view, 8> kNames = {
      "DownUnreachable",
      "DownReachable",
      "DownAll",
      "DownIndirectlyConnected",
      "ReverseDownIndirectlyConnected",
      "AcquireLeaseAndDownUnreachable",
      "AcquireLeaseAndDownIndirectlyConnected",
      "DownSelfQuarantinedByRemote"};
  return kNames[static_cast<std::size_t>(kind)];
}

bool is_indirectly_connected(DecisionKind kind) {
  return kind == Kind::kDownIndirectlyConnected ||
         kind == Kind::kReverseDownIndirectlyConnected ||
         kind == Kind::kAcquireLeaseAndDownIndirectlyConnected;
}

bool needs_lease(DecisionKind kind) {
  return kind == Kind::kAcquireLeaseAndDownUnreachable ||
         kind == Kind::kAcquireLeaseAndDownIndirectlyConnected;
}

DecisionKind reverse_of(DecisionKind kind) {
  WAYPOST_ASSERT(needs_lease(kind));
  return kind == Kind::kAcquireLeaseAndDownUnreachable
             ? Kind::kDownReachable
             : Kind::kReverseDownIndirectlyConnected;
}

Decision decide(const DowningStrategy& strategy, const DowningView& view) {
  const auto at_once = [](Kind kind) {
    return Decision{kind, base::Duration(0)};
  };
  switch (strategy.mode) {
    case Mode::kStaticQuorum:
      return at_once(static_quorum(strategy, view));
    case Mode::kKeepMajority:
      return at_once(keep_majority(strategy, view));
    case Mode::kKeepOldest:
      return at_once(keep_oldest(strategy, view));
    case Mode::kLeaseMajority:
      return lease_majority(strategy, view);
    default:
      WAYPOST_ASSERT(strategy.mode == Mode::kDownAll);
      return at_once(Kind::kDownAll);
  }
}

bool quorum_reachable_twice(std::size_t members, std::int64_t quorum_size) {
  return static_cast<std::int64_t>(members) > 2 * quorum_size - 1;
}

}  // namespace waypost::partition
