#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

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

// Who decides of the members of one data center on a side; nullopt when nobody
// there can. First of the reachable in the order of addresses. One that
// others of its side cannot reach leads in its own view; then the one that
// everybody reaches goes before it.
std::optional<model::PeerName> leader_of(const DowningView& view,
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
  if (best == nullptr) return std::nullopt;
  return best->name;
}

// Each data center decides for itself, on each side for itself.
struct Side {
  model::PeerNames members;
  DowningView view;
  model::PeerName leader;
  partition::Decision decision;
};

// By data center, the members of `side`.
std::map<std::string, model::PeerNames> by_data_center(
    const DowningView& view, const model::PeerNames& side) {
  std::map<std::string, model::PeerNames> parts;
  for (const partition::Member& each : view.members) {
    if (side.contains(each.name)) parts[each.data_center].insert(each.name);
  }
  return parts;
}

bool all_in_reach(const DowningView& view) {
  return std::none_of(view.members.begin(), view.members.end(),
                      [&](const partition::Member& each) {
                        return each.data_center == view.data_center &&
                               partition::is_unreachable(view, each);
                      });
}

}  // namespace

Json akka_multi_node(const Json& scenario) {
  // Timers, and links that come and go, decide nothing here: what is cut stays
  // cut for long enough.
  static const std::set<std::string> kKnown = {"asserted_by_test",
                                               "comment",
                                               "cross_checked",
                                               "derived",
                                               "description",
                                               "expect",
                                               "group",
                                               "id",
                                               "kind",
                                               "lease",
                                               "links_cut",
                                               "members",
                                               "name",
                                               "note",
                                               "release_after_ms",
                                               "self_data_center",
                                               "settings",
                                               "sides",
                                               "since",
                                               "source",
                                               "stable_after_ms",
                                               "title"};
  for (const auto& [key, value] : scenario.items()) {
    if (!kKnown.contains(key)) throw Skip("the input " + key);
  }
  const auto strategy = akka_strategy(scenario.at("settings"));
  std::vector<Side> sides;
  Json survivors = Json::array();
  Json terminated = Json::array();
  for (const Json& each : scenario.at("sides")) {
    const auto all = set_of(each);
    DowningView view = view_of(scenario, all);
    for (const auto& [data_center, members] : by_data_center(view, all)) {
      view.data_center = data_center;
      const auto leader = leader_of(view, members);
      if (!leader || all_in_reach(view)) {
        for (const auto& name : members) survivors.push_back(name.value());
        continue;
      }
      sides.push_back(
          {members, view, *leader, partition::decide(strategy, view)});
    }
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
