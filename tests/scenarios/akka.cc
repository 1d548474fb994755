// Akka's split brain resolver: strategies, populations, settings. What happens
// over time is in akka_resolver.cc and akka_cluster.cc.

#include <charconv>
#include <map>
#include <optional>
#include <string>

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

// As people write it there: "20s", "20 s".
base::Result<base::Duration> duration_of(std::string text) {
  std::erase(text, ' ');
  return base::parse_duration(text);
}

std::optional<std::int64_t> whole_number(const std::string& text) {
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return value;
}

// One of the origin's keys onto ours; false when it does not allow the value.
bool set(partition::Settings& settings, const std::string& key,
         const std::string& text) {
  if (key == "active-strategy") {
    const auto mode = partition::parse_mode(text);
    if (!mode || partition::mode_name(*mode) != text) return false;
    settings.mode = *mode;
    return partition::family_of(*mode) == partition::Family::kDowning;
  }
  if (key == "down-all-when-unstable") {
    std::string value = text;
    std::erase(value, ' ');
    const auto parsed = partition::DownAllWhenUnstable::parse(value);
    if (parsed) settings.down_all_when_unstable = *parsed;
    return parsed.has_value();
  }
  static const std::map<std::string, base::Duration partition::Settings::*>
      kDurations = {{"stable-after", &partition::Settings::stable_after},
                    {"lease-majority.acquire-lease-delay-for-minority",
                     &partition::Settings::acquire_lease_delay_for_minority},
                    {"lease-majority.release-after",
                     &partition::Settings::lease_release_after}};
  if (const auto each = kDurations.find(key); each != kDurations.end()) {
    const auto duration = duration_of(text);
    if (duration) settings.*each->second = *duration;
    return duration.has_value();
  }
  if (key == "static-quorum.quorum-size") {
    settings.quorum_size = whole_number(text);
    return settings.quorum_size.has_value();
  }
  if (key == "keep-oldest.down-if-alone") {
    const bool yes = text == "on" || text == "true" || text == "yes";
    settings.keep_oldest_down_if_alone = yes;
    return yes || text == "off" || text == "false" || text == "no";
  }
  if (key == "lease-majority.lease-implementation") {
    // A path there, one of two names here; blank is none in both.
    settings.lease_implementation = partition::lease_name_or(text, "").empty()
                                        ? partition::LeaseKind::kNone
                                        : partition::LeaseKind::kEtcd;
    return true;
  }
  if (key == "lease-majority.lease-name") {
    settings.lease_name = text;
    return true;
  }
  if (key == "down-removal-margin") {
    throw Skip(
        "down-removal-margin: no singletons or shards move to another "
        "nameserver, so nothing waits after a removal");
  }
  if (!key.ends_with(".role")) throw Skip("the setting " + key);
  return true;
}

Json settings(const Json& scenario) {
  const Json error = {{"error", true}};
  partition::Settings settings;
  settings.mode = partition::Mode::kKeepMajority;
  std::string system;
  std::string role;
  const Json& input = scenario.at("input");
  for (const auto& [key, value] : input.items()) {
    if (value.is_null()) continue;  // not set
    const std::string text =
        value.is_string() ? value.get<std::string>() : value.dump();
    if (key == "system_name") {
      system = text;
    } else if (!set(settings, key, text)) {
      return error;
    }
    if (key.ends_with(".role")) role = text;
  }
  if (!partition::check(settings)) return error;
  const auto resolved = partition::resolver_settings(settings);
  Json decided = {
      {"error", false},
      {"active_strategy", partition::mode_name(settings.mode)},
      {"strategy", partition::mode_name(settings.mode)},
      {"stable_after_ms", base::to_ms(resolved.stable_after)},
      {"down_all_when_unstable_ms",
       base::to_ms(resolved.down_all_when_unstable)},
      {"role", role},
      {"down_if_alone", resolved.strategy.down_if_alone},
      {"lease_name",
       partition::lease_name_or(settings.lease_name, system + "-akka-sbr")},
      {"acquire_delay_ms",
       base::to_ms(resolved.strategy.acquire_delay_for_minority)},
      {"release_after_ms", base::to_ms(resolved.release_after)}};
  if (settings.quorum_size) decided["quorum_size"] = *settings.quorum_size;
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
