#include <algorithm>
#include <optional>

#include "namesrv/partition/downing_plan.h"
#include "namesrv/partition/population.h"
#include "tests/scenarios/akka_timed.h"
#include "tests/scenarios/akka_view.h"

namespace waypost::scenarios {
namespace {

using partition::DecisionKind;
using partition::DowningView;

// What a side knows: the observations of all on it, all having seen the same.
DowningView view_of(const Json& scenario, const model::PeerNames& side) {
  DowningView view;
  view.data_center = scenario.value("self_data_center", "default");
  for (const Json& each : scenario.at("members")) {
    view.members.push_back(akka_member(each));
  }
  for (const Json& link : scenario.at("links_cut")) {
    const auto one = name_of(link.at(0));
    const auto other = name_of(link.at(1));
    if (side.contains(one)) view.observations.push_back({one, other});
    if (side.contains(other)) view.observations.push_back({other, one});
  }
  for (const auto& each : view.observations) {
    view.unreachable.insert(each.subject);
  }
  view.seen_by = side;
  return view;
}

// Who decides: first of the reachable in the order of addresses. One that
// others of its side cannot reach leads in its own view; then the one that
// everybody reaches goes before it.
model::PeerName leader_of(const DowningView& view,
                          const model::PeerNames& side) {
  const partition::Member* best = nullptr;
  for (const partition::Member& each : view.members) {
    if (!side.contains(each.name)) continue;
    if (each.status != partition::MemberStatus::kUp &&
        each.status != partition::MemberStatus::kLeaving) {
      continue;
    }
    if (best == nullptr) {
      best = &each;
      continue;
    }
    const bool reached = !partition::is_unreachable(view, each);
    const bool best_reached = !partition::is_unreachable(view, *best);
    if (reached != best_reached ? reached : each.order < best->order) {
      best = &each;
    }
  }
  if (best == nullptr) throw Skip("a side without a leader");
  return best->name;
}

struct Side {
  model::PeerNames members;
  DowningView view;
  model::PeerName leader;
  partition::Decision decision;
};

}  // namespace

Json akka_multi_node(const Json& scenario) {
  const auto strategy = akka_strategy(scenario.at("settings"));
  std::vector<Side> sides;
  for (const Json& each : scenario.at("sides")) {
    Side side;
    side.members = set_of(each);
    side.view = view_of(scenario, side.members);
    side.leader = leader_of(side.view, side.members);
    side.decision = partition::decide(strategy, side.view);
    sides.push_back(std::move(side));
  }
  // Where the file does not say who gets the lease, the first to ask does.
  std::stable_sort(
      sides.begin(), sides.end(), [](const Side& one, const Side& other) {
        return one.decision.acquire_delay < other.decision.acquire_delay;
      });
  bool lease_is_free = true;
  const auto acquires = [&](const Side& side) {
    if (scenario.contains("lease")) {
      return scenario.at("lease").at(side.leader.value()).get<bool>();
    }
    return std::exchange(lease_is_free, false);
  };
  Json survivors = Json::array();
  Json terminated = Json::array();
  for (const Side& side : sides) {
    DecisionKind kind = side.decision.kind;
    if (partition::needs_lease(kind) && !acquires(side)) {
      kind = partition::reverse_of(kind);
    }
    const auto plan =
        partition::plan_downing(strategy, side.view, kind, side.leader);
    for (const auto& name : side.members) {
      (plan.down.contains(name) ? terminated : survivors)
          .push_back(name.value());
    }
  }
  return {{"survivors", survivors}, {"terminated", terminated}};
}

}  // namespace waypost::scenarios
