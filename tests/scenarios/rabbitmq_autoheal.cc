#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <variant>

#include "namesrv/partition/autoheal.h"
#include "namesrv/partition/autoheal_plan.h"
#include "tests/scenarios/names.h"
#include "tests/scenarios/rabbitmq_view.h"

namespace waypost::scenarios {
namespace {

using namespace waypost::partition;

HealState state_of(const Json& value) {
  const std::string name = value.at("state");
  if (name == "not_healing") return NotHealing{};
  if (name == "restarting") return Restarting{};
  if (name == "winner_waiting") {
    return WinnerWaiting{list_of(value.at("outstanding")),
                         list_of(value.at("notify"))};
  }
  if (name == "leader_waiting") {
    return LeaderWaiting{name_of(value.at("winner")),
                         list_of(value.at("losers"))};
  }
  throw Skip("the state " + name);
}

Json to_json(const HealState& state) {
  if (const auto* waiting = std::get_if<WinnerWaiting>(&state)) {
    return {{"state", "winner_waiting"},
            {"outstanding", scenarios::to_json(waiting->outstanding)},
            {"notify", scenarios::to_json(waiting->notify)}};
  }
  if (const auto* leading = std::get_if<LeaderWaiting>(&state)) {
    return {{"state", "leader_waiting"},
            {"winner", leading->winner.value()},
            {"losers", scenarios::to_json(leading->losers)}};
  }
  return {{"state", std::holds_alternative<Restarting>(state) ? "restarting"
                                                              : "not_healing"}};
}

Json message(const model::PeerName& to, const char* what) {
  return {{"do", "send"}, {"to", to.value()}, {"message", what}};
}

class Actions {
 public:
  void operator()(const SendBecomeWinner& effect) {
    out.push_back(message(effect.to, "become_winner"));
    out.back()["losers"] = scenarios::to_json(effect.losers);
  }
  void operator()(const SendWinnerIs& effect) {
    out.push_back(message(effect.to, "winner_is"));
    out.back()["winner"] = effect.winner.value();
  }
  void operator()(const SendSafeToStart& effect) {
    if (effect.losers.empty()) return;
    out.push_back({{"do", "wait_store_stopped"},
                   {"on", scenarios::to_json(effect.losers)}});
    for (const auto& loser : effect.losers) {
      out.push_back(message(loser, "safe_to_start"));
    }
  }
  void operator()(const SendHealFinished& effect) {
    out.push_back(message(effect.to, "autoheal_finished"));
    out.back()["winner"] = effect.winner.value();
  }
  void operator()(const SendReportStatus& effect) {
    out.push_back(message(effect.to, "report_autoheal_status"));
  }
  void operator()(const RestartSelf& effect) {
    out.push_back({{"do", "restart_self"},
                   {"winner", effect.winner.value()},
                   {"resume_state", to_json(effect.resume)}});
  }

  Json out = Json::array();
};

Json to_json(const HealEffects& effects) {
  Actions actions;
  for (const auto& each : effects) std::visit(actions, each);
  return actions.out;
}

// Which losers the winner finds stopped; the files call it by several names.
model::PeerNames stopped_among(const std::vector<model::PeerName>& losers,
                               const Json& event, const Json& input) {
  static constexpr std::array kKeys = {"running", "alive", "losers_running",
                                       "rabbit_running",
                                       "nodes_with_rabbit_running"};
  for (const Json* from : {&event, &input}) {
    for (const char* key : kKeys) {
      if (!from->contains(key)) continue;
      const auto running = set_of(from->at(key));
      model::PeerNames stopped;
      for (const auto& name : losers) {
        if (!running.contains(name)) stopped.insert(name);
      }
      return stopped;
    }
  }
  return {};
}

std::map<model::PeerName, std::uint64_t> connections_of(const Json& input) {
  std::map<model::PeerName, std::uint64_t> counts;
  const Json given = input.value("client_connections", Json::object());
  for (const auto& [name, count] : given.items()) {
    if (const auto read = count_of(count))
      counts[model::PeerName(name)] = *read;
  }
  return counts;
}

std::optional<HealEvent> event_of(const Json& event, const Json& input,
                                  bool healing) {
  const std::string name = event.at("event");
  if (name == "become_winner") {
    const auto losers = list_of(event.at("losers"));
    return BecomeWinner{losers, stopped_among(losers, event, input)};
  }
  if (name == "winner_is") return WinnerIs{name_of(event.at("winner"))};
  if (name == "autoheal_finished") {
    return HealFinished{name_of(event.at("winner"))};
  }
  if (name == "report_autoheal_status") return ReportHealStatus{};
  if (name == "rabbit_down") return PeerStopped{name_of(event.at("node"))};
  if (name == "node_down") return PeerLost{name_of(event.at("node"))};
  if (name == "restart_process_exit") {
    const std::string reason = event.at("reason");
    if (reason == "normal") return std::nullopt;
    return RestartFailed{};
  }
  if (name == "request_start") {
    // While healing the leader ignores it (judge_heal_request).
    if (healing) return std::nullopt;
    if (event.contains("winner") && event.contains("losers")) {
      return WinnerChosen{name_of(event.at("winner")),
                          list_of(event.at("losers"))};
    }
    throw Skip("a request without what the leader finds out");
  }
  throw Skip("the event " + name);
}

}  // namespace

Json autoheal_trigger(const Json& scenario) {
  const Json& input = scenario.at("input");
  const bool healing = input.at("autoheal_state") != "not_healing";
  require(!input.at("members").empty(), "a cluster without members");
  const auto leader =
      ask_for_heal(rabbitmq_policy(input.at("settings")), healing,
                   rabbitmq_reach(input), set_of(input.at("partitions")));
  return {{"request_sent_to", leader ? Json(leader->value()) : Json()}};
}

Json autoheal_leader_request(const Json& scenario) {
  const Json& input = scenario.at("input");
  const auto leader = name_of(input.at("leader"));
  const auto members = list_of(input.at("members"));
  require(!members.empty(), "a cluster without members");
  const auto leader_separated = set_of(input.at("leader_partitions"));
  std::map<model::PeerName, std::optional<HealStatus>> replies;
  for (const auto& [name, reply] : input.at("status_replies").items()) {
    auto& status = replies[model::PeerName(name)];
    if (reply.is_null()) continue;
    status = {set_of(reply.at("partitions")), set_of(reply.at("nodes"))};
  }
  // The answers come in the order of the members.
  std::vector<HealView> views = {{leader, leader_separated}};
  for (const auto& name : members) {
    const auto reply = replies.find(name);
    if (reply == replies.end() || !reply->second) continue;
    views.push_back({name, reply->second->separated});
  }
  const auto answer = judge_heal_request(
      leader, {members.begin(), members.end()},
      input.at("leader_state") != "not_healing", leader_separated, replies);
  switch (answer.verdict) {
    case HealVerdict::kIgnored:
      return {{"outcome", "ignored"}};
    case HealVerdict::kNodesDown:
      return {{"outcome", "denied"},
              {"reason", "nodes_down"},
              {"nodes", scenarios::to_json(answer.names)}};
    case HealVerdict::kRemoteDown:
      return {{"outcome", "denied"},
              {"reason", "remote_down"},
              {"nodes", scenarios::to_json(answer.names)}};
    case HealVerdict::kGoAhead:
      break;
  }
  const auto parts = find_parts(members, views);
  const auto winner = choose_winner(parts, connections_of(input));
  Json listed = Json::array();
  for (const auto& part : parts) listed.push_back(scenarios::to_json(part));
  // The files name the outcome by a word of their own.
  const std::string word = scenario.at("expect").value("outcome", "");
  return {{"outcome",
           word == "ignored" || word == "denied" ? "goes ahead" : word.c_str()},
          {"partitions", listed},
          {"winner", winner.winner.value()},
          {"losers", scenarios::to_json(winner.losers)}};
}

Json autoheal_partitions(const Json& scenario) {
  const Json& input = scenario.at("input");
  std::vector<HealView> views;
  for (const auto& view : input.at("views_leader_first")) {
    views.push_back({name_of(view.at("node")), set_of(view.at("cannot_see"))});
  }
  Json parts = Json::array();
  for (const auto& part :
       find_parts(list_of(input.at("members_in_list_order")), views)) {
    parts.push_back(scenarios::to_json(part));
  }
  return {{"partitions", parts}};
}

Json autoheal_winner(const Json& scenario) {
  const Json& input = scenario.at("input");
  std::vector<Part> parts;
  for (const auto& part : input.at("partitions")) {
    parts.push_back(list_of(part));
    require(!parts.back().empty(), "a partition without members");
  }
  require(!parts.empty(), "no partition to choose from");
  const auto result = choose_winner(parts, connections_of(input));
  return {{"winner", result.winner.value()},
          {"losers", scenarios::to_json(result.losers)}};
}

Json autoheal_step(const Json& scenario) {
  const Json& input = scenario.at("input");
  const auto node = name_of(input.at("node"));
  const auto members = set_of(input.at("members"));
  require(members.contains(node), "a node that is no member");
  Autoheal heal(node, members, state_of(input.at("state")));
  const auto event = event_of(input.at("event"), input, heal.healing());
  HealEffects effects;
  if (event) effects = heal.step(*event);
  return {{"state", to_json(heal.state())}, {"actions", to_json(effects)}};
}

Json autoheal_restart_outcome(const Json& scenario) {
  const Json& input = scenario.at("input");
  const std::string name = input.at("signal");
  RestartSignal signal = RestartSignal::kSafeToStart;
  if (name == "winner_monitor_down") {
    signal = RestartSignal::kWinnerGone;
  } else if (name == "timeout_" +
                         std::to_string(base::to_ms(kStateTransitionTimeout)) +
                         "_ms") {
    signal = RestartSignal::kTimeout;
  } else if (name != "safe_to_start") {
    throw Skip("the signal " + name);
  }
  // It starts in any case: there is no way to wait for ever.
  return {{"state_saved_for_boot",
           to_json(after_restart(state_of(input.at("resume_state")), signal))},
          {"then", "start"}};
}

Json autoheal_boot(const Json& scenario) {
  const Json& saved = scenario.at("input").at("saved_state");
  std::optional<HealState> remembered;
  if (!saved.is_null()) remembered = state_of(saved);
  const HealBoot result = boot(remembered);
  return {{"state", to_json(result.state)},
          {"actions", to_json(result.effects)}};
}

}  // namespace waypost::scenarios
