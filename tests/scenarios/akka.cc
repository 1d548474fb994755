// Akka's split brain resolver: strategies, populations, settings. What happens
// over time is in akka_resolver.cc and akka_cluster.cc.

#include <algorithm>

#include "base/units.h"
#include "namesrv/partition/downing_plan.h"
#include "namesrv/partition/indirect_connections.h"
#include "namesrv/partition/population.h"
#include "namesrv/partition/settings.h"
#include "tests/scenarios/akka_timed.h"
#include "tests/scenarios/akka_view.h"
#include "tests/scenarios/scenario.h"

namespace waypost::scenarios {
namespace {

using partition::DecisionKind;

const model::PeerName& leader_of(const partition::DowningView& view,
                                 const model::PeerNames& side) {
  const partition::Member* leader = nullptr;
  for (const auto& member : view.members) {
    if (!side.contains(member.name)) continue;
    if (leader == nullptr || member.order < leader->order) leader = &member;
  }
  if (leader == nullptr) throw Skip("a deciding side without members");
  return leader->name;
}

// Who of `side` stays when it decides for itself.
model::PeerNames staying(const partition::DowningStrategy& strategy,
                         const partition::DowningView& view,
                         const model::PeerNames& side) {
  const auto decision = partition::decide(strategy, view);
  const auto plan = partition::plan_downing(strategy, view, decision.kind,
                                            leader_of(view, side));
  model::PeerNames left = side;
  for (const auto& name : plan.down) left.erase(name);
  return left;
}

// Of a clean cut: what both sides leave.
model::PeerNames survivors(const partition::DowningStrategy& strategy,
                           const partition::DowningView& view,
                           const model::PeerNames& side) {
  partition::DowningView opposite = view;
  opposite.unreachable = side;
  opposite.seen_by = view.unreachable;
  opposite.observations.clear();
  for (const auto& ours : side) {
    for (const auto& theirs : view.unreachable) {
      opposite.observations.push_back({theirs, ours});
    }
  }
  model::PeerNames left = staying(strategy, view, side);
  const auto theirs = staying(strategy, opposite, view.unreachable);
  left.insert(theirs.begin(), theirs.end());
  return left;
}

Json strategy(const Json& scenario) {
  const auto strategy = akka_strategy(scenario.at("settings"));
  const auto view = akka_view(scenario);
  const auto side = set_of(scenario.at("deciding_side"));
  const auto self = leader_of(view, side);
  const auto decision = partition::decide(strategy, view);
  const auto plan =
      partition::plan_downing(strategy, view, decision.kind, self);
  Json decided = {
      {"decision", partition::decision_name(decision.kind)},
      {"down", to_json(plan.down)},
      {"second_pass_conflict", plan.second_look_conflict},
      {"acquire_lease_delay_ms", base::to_ms(decision.acquire_delay)}};
  if (partition::needs_lease(decision.kind)) {
    const DecisionKind reverse = partition::reverse_of(decision.kind);
    decided["reverse_decision"] = partition::decision_name(reverse);
    decided["reverse_down"] =
        to_json(partition::plan_downing(strategy, view, reverse, self).down);
  }
  if (scenario.at("expect").contains("survivors")) {
    decided["survivors"] = to_json(survivors(strategy, view, side));
  }
  // The file says what its author found; an input of the decision, so that a
  // difference here explains the rest.
  const auto indirect =
      partition::find_indirect(partition::own_observations(view), view.seen_by);
  const Json named = scenario.value("indirectly_connected", Json::array());
  if (set_of(named) != indirect.all()) {
    decided["decision"] = "found indirectly connected " +
                          model::to_string(indirect.all()) + ", the file " +
                          named.dump();
  }
  return decided;
}

Json population(const Json& scenario) {
  const auto view = akka_view(scenario);
  const auto names = [](const auto& members) {
    Json out = Json::array();
    for (const auto* each : members) out.push_back(each->name.value());
    return out;
  };
  Json joining = Json::array();
  for (const auto& each : view.members) {
    if (each.status == partition::MemberStatus::kJoining ||
        each.status == partition::MemberStatus::kWeaklyUp) {
      joining.push_back(each.name.value());
    }
  }
  Json populations = Json::array();
  for (const auto& wanted : scenario.at("expect").at("populations")) {
    const bool with_joining = wanted.at("include_joining_and_weakly_up");
    const bool without_leaving = wanted.at("exclude_leaving");
    const auto found = partition::count(
        view, {wanted.value("role", ""), with_joining, without_leaving});
    populations.push_back({{"include_joining_and_weakly_up", with_joining},
                           {"exclude_leaving", without_leaving},
                           {"members", names(found.members)},
                           {"reachable", names(found.reachable)},
                           {"unreachable", names(found.unreachable)}});
    if (wanted.contains("role")) populations.back()["role"] = wanted["role"];
  }
  return {{"joining_set", joining}, {"populations", populations}};
}

// The origin's keys onto ours; everything is text there.
Json settings(const Json& scenario) {
  const Json error = {{"error", true}};
  partition::Settings settings;
  settings.mode = partition::Mode::kKeepMajority;
  Json decided = {{"error", false}};
  const Json input = scenario.at("input");
  for (const auto& [key, value] : input.items()) {
    const std::string text =
        value.is_string() ? value.get<std::string>() : value.dump();
    if (key == "active-strategy") {
      const auto mode = partition::parse_mode(text);
      if (!mode || partition::family_of(*mode) != partition::Family::kDowning) {
        return error;
      }
      settings.mode = *mode;
      decided["active_strategy"] = partition::mode_name(*mode);
      decided["strategy"] = partition::mode_name(*mode);
    } else if (key == "stable-after") {
      const auto duration = base::parse_duration(text);
      if (!duration) return error;
      settings.stable_after = *duration;
      decided["stable_after_ms"] = base::to_ms(*duration);
    } else if (key == "down-all-when-unstable") {
      const auto parsed = partition::DownAllWhenUnstable::parse(text);
      if (!parsed) return error;
      settings.down_all_when_unstable = *parsed;
    } else if (key == "static-quorum.quorum-size") {
      try {
        settings.quorum_size = std::stoll(text);
      } catch (const std::exception&) {
        return error;
      }
      decided["quorum_size"] = *settings.quorum_size;
    } else if (key == "keep-oldest.down-if-alone") {
      settings.keep_oldest_down_if_alone = text == "on" || text == "true";
      decided["down_if_alone"] = settings.keep_oldest_down_if_alone;
    } else if (key.ends_with(".role")) {
      decided["role"] = text;
    } else if (key == "lease-majority.lease-implementation") {
      // A path there, one of two names here; blank is none in both.
      if (!partition::lease_name_or(text, "").empty()) {
        settings.lease_implementation = partition::LeaseKind::kEtcd;
      }
    } else if (key == "lease-majority.lease-name") {
      const std::string system = input.value("system_name", "");
      decided["lease_name"] =
          partition::lease_name_or(text, system + "-akka-sbr");
    } else if (key == "lease-majority.acquire-lease-delay-for-minority") {
      const auto duration = base::parse_duration(text);
      if (!duration) return error;
      settings.acquire_lease_delay_for_minority = *duration;
      decided["acquire_delay_ms"] = base::to_ms(*duration);
    } else if (key == "lease-majority.release-after") {
      const auto duration = base::parse_duration(text);
      if (!duration) return error;
      settings.lease_release_after = *duration;
      decided["release_after_ms"] = base::to_ms(*duration);
    } else if (key == "down-removal-margin") {
      throw Skip(
          "down-removal-margin: no singletons or shards move to another "
          "nameserver, so nothing waits after a removal");
    } else if (key != "system_name") {
      throw Skip("the setting " + key);
    }
  }
  if (!partition::check(settings)) return error;
  decided["down_all_when_unstable_ms"] = base::to_ms(
      settings.down_all_when_unstable.resolve(settings.stable_after));
  return decided;
}

}  // namespace

const Kinds& akka_kinds() {
  static const Kinds kinds = {
      {"strategy", {strategy, {"down", "survivors", "reverse_down"}, ""}},
      {"population",
       {population,
        {"joining_set", "members", "reachable", "unreachable"},
        ""}},
      {"settings", {settings, {}, ""}},
      {"resolver", {akka_resolver, {"nodes"}, ""}},
      {"multi_node", {akka_multi_node, {"survivors", "terminated"}, ""}},
  };
  return kinds;
}

}  // namespace waypost::scenarios
