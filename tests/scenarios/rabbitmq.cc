// RabbitMQ's partition handling: pausing, recording, partial partitions,
// settings. Autoheal is in rabbitmq_autoheal.cc, whole groups in
// rabbitmq_cluster.cc.

#include <optional>
#include <variant>

#include "namesrv/membership/failure_detector.h"
#include "namesrv/partition/partial_partition.h"
#include "namesrv/partition/pause_keeper.h"
#include "namesrv/partition/separated_peers.h"
#include "namesrv/partition/settings.h"
#include "tests/scenarios/names.h"
#include "tests/scenarios/rabbitmq_view.h"

namespace waypost::scenarios {

partition::PausePolicy rabbitmq_policy(const Json& settings) {
  partition::PausePolicy policy;
  const std::string mode = settings.at("mode");
  const auto parsed = partition::parse_mode(mode);
  if (!parsed || partition::family_of(*parsed) != partition::Family::kPause) {
    throw Skip("the mode " + mode);
  }
  policy.mode = *parsed;
  if (settings.contains("nodes")) policy.preferred = set_of(settings["nodes"]);
  if (settings.contains("recover")) {
    const auto recover =
        partition::parse_recover(settings["recover"].get<std::string>());
    if (!recover) throw Skip("recover " + settings["recover"].dump());
    policy.recover = *recover;
  }
  return policy;
}

partition::Reach rabbitmq_reach(const Json& input) {
  partition::Reach reach;
  if (input.contains("self")) reach.self = name_of(input["self"]);
  reach.members = set_of(input.at("members"));
  reach.reachable = set_of(input.at("connected_including_self"));
  return reach;
}

namespace {

Json pause_on_nodedown(const Json& scenario) {
  const Json& input = scenario.at("input");
  return {{"pause",
           partition::must_pause(
               rabbitmq_policy(input.at("settings")), rabbitmq_reach(input),
               name_of(input.at("node_just_reported_down")))}};
}

// What the origin calls a node is a peer here; its application, the service.
partition::PeerEvent peer_event(const std::string& name) {
  if (name == "node_connection_lost" || name == "node_down" ||
      name == "nodedown") {
    return partition::PeerEvent::kLost;
  }
  if (name == "rabbit_app_stopped_on_peer") {
    return partition::PeerEvent::kStoppedServing;
  }
  if (name == "keepalive_missed") {
    return partition::PeerEvent::kHeartbeatMissed;
  }
  if (name.find("start") != std::string::npos ||
      name.find("boot") != std::string::npos) {
    return partition::PeerEvent::kOwnStart;
  }
  if (name.find("member") != std::string::npos ||
      name.find("forget") != std::string::npos ||
      name.find("join") != std::string::npos) {
    return partition::PeerEvent::kMembershipChanged;
  }
  throw Skip("the event " + name);
}

Json pause_trigger(const Json& scenario) {
  const Json& input = scenario.at("input");
  Json decided = {{"evaluates_pause",
                   partition::evaluates_pause(peer_event(input.at("event")))}};
  if (!input.value("already_pausing", false)) return decided;
  // Put it to a keeper that pauses already, alone among its members.
  partition::Reach reach;
  reach.self = name_of(input.at("self"));
  reach.members = set_of(input.at("members"));
  reach.reachable = {reach.self};
  model::PeerName other;
  for (const auto& name : reach.members) {
    if (name != reach.self) other = name;
  }
  partition::PauseKeeper keeper(rabbitmq_policy(input.at("settings")));
  keeper.on_lost(other, reach, base::Instant());
  bool second = false;
  for (const auto& effect : keeper.on_lost(other, reach, base::Instant())) {
    second = second || std::holds_alternative<partition::Pause>(effect);
  }
  decided["starts_second_pause_process"] = second;
  return decided;
}

Json resume_recheck(const Json& scenario) {
  const Json& input = scenario.at("input");
  const std::string condition = input.at("condition");
  partition::ResumeWhen when = partition::ResumeWhen::kMajority;
  if (condition == "all_nodes_up") {
    when = partition::ResumeWhen::kAllUp;
  } else if (condition == "preferred") {
    when = partition::ResumeWhen::kPreferred;
  } else if (condition != "majority") {
    throw Skip("the condition " + condition);
  }
  return {{"start", partition::may_resume(rabbitmq_policy(input.at("settings")),
                                          when, rabbitmq_reach(input))}};
}

// Pauses a keeper and looks at when it asks and looks.
Json resume_timing(const Json& scenario) {
  const auto policy = rabbitmq_policy(scenario.at("input").at("settings"));
  const model::PeerName a("A"), b("B"), c("C");
  const partition::Reach alone{a, {a, b, c}, {a}};
  const partition::Reach whole{a, {a, b, c}, {a, b, c}};
  const auto pings = [](const partition::PauseEffects& effects) {
    for (const auto& each : effects) {
      if (std::holds_alternative<partition::PingAll>(each)) return true;
    }
    return false;
  };
  const base::Instant start;
  partition::PauseKeeper keeper(policy);
  if (!pings(keeper.on_lost(b, alone, start)) || !keeper.paused()) {
    throw Skip("a policy that does not pause here");
  }
  std::optional<base::Duration> first;
  std::optional<base::Duration> second;
  for (int i = 0; i < 100 && !second; ++i) {
    const auto passed = std::chrono::milliseconds(100 * i);
    if (!pings(keeper.on_tick(alone, start + passed))) continue;
    (first ? second : first) = passed;
  }
  if (!second) throw Skip("a keeper that does not look again");
  keeper.on_tick(whole, start + *second + (*second - *first));
  if (keeper.paused()) return Json::object();
  return {{"interval_ms", base::to_ms(*second - *first)},
          {"first_evaluation_delay_ms", base::to_ms(*first)},
          {"each_round",
           {"ping every member", "evaluate condition", "start or sleep"}}};
}

Json confirm_guard(const Json& scenario) {
  const Json& input = scenario.at("input");
  return {
      {"guard", partition::must_withhold(rabbitmq_policy(input.at("settings")),
                                         rabbitmq_reach(input))
                    ? "pausing"
                    : "ok"}};
}

Json record_partition(const Json& scenario) {
  const Json& input = scenario.at("input");
  partition::SeparatedPeers separated(set_of(input.at("partitions")));
  const std::string event = input.at("event");
  if (event != "database_reports_partition") throw Skip("the event " + event);
  separated.on_met_again(name_of(input.at("node")));
  return {{"partitions", to_json(separated.names())}};
}

Json clear_partitions(const Json& scenario) {
  const Json& input = scenario.at("input");
  partition::SeparatedPeers separated(set_of(input.at("partitions")));
  const std::string event = input.at("event");
  if (event == "rabbit_down") {
    separated.on_stopped_serving(
        set_of(input.at("nodes_with_rabbit_running")),
        set_of(input.at("nodes_in_local_running_database")));
  } else if (event == "self_restart") {
    separated.on_own_restart();
  } else {
    throw Skip("the event " + event);
  }
  return {{"partitions", to_json(separated.names())}};
}

model::Incarnation guid(const Json& value) {
  return model::Incarnation(value.get<std::uint64_t>());
}

Json partial_checks_sent(const Json& scenario) {
  const Json& input = scenario.at("input");
  partition::Incarnations known;
  for (const auto& name : list_of(input.at("known_guids_of"))) {
    known.emplace(name, model::Incarnation(1));
  }
  return {{"check_sent_to",
           to_json(partition::ask_about(
               name_of(input.at("node")), name_of(input.at("suspect")),
               set_of(input.at("running_in_local_database")), known))}};
}

Json partial_intermediary(const Json& scenario) {
  const Json& input = scenario.at("input");
  partition::Intermediary intermediary;
  intermediary.own_incarnation = guid(input.at("own_guid"));
  intermediary.running = set_of(input.at("running_in_local_database"));
  for (const auto& [name, value] : input.at("known_guids").items()) {
    intermediary.known.emplace(model::PeerName(name), guid(value));
  }
  const Json& answer = input.at("suspect_live_answer");
  if (answer.is_number()) intermediary.live_answer = guid(answer);
  const Json& message = input.at("message");
  const partition::PartialCheck check{name_of(message.at("suspect")),
                                      guid(message.at("suspect_guid")),
                                      guid(message.at("intermediary_guid"))};
  return {{"reports_partial_partition",
           partition::reports_partial_partition(intermediary, check)}};
}

Json partial_reaction(const Json& scenario) {
  const Json& input = scenario.at("input");
  using partition::PartialReaction;
  const auto reaction = partition::react_to_partial(
      rabbitmq_policy(input.at("settings")), rabbitmq_reach(input),
      guid(input.at("own_guid")), guid(input.at("message_guid")));
  switch (reaction) {
    case PartialReaction::kIgnoreStale:
      return {{"reaction", "ignore_stale"}};
    case PartialReaction::kNothing:
      return {{"reaction", "nothing"}};
    case PartialReaction::kDisconnectIntermediary:
      return {{"reaction", "disconnect_intermediary"}};
    case PartialReaction::kPauseUntilAllUp:
      break;
  }
  return {{"reaction", "pause_until_all_nodes_up"}};
}

Json partial_disconnect(const Json& scenario) {
  const Json& input = scenario.at("input");
  const std::string node = input.at("node");
  const std::string peer = input.at("intermediary");
  Json steps = Json::array();
  using partition::DisconnectStep;
  for (const auto step : partition::disconnect_steps(input.at("connected"))) {
    switch (step) {
      case DisconnectStep::kTellPeer:
        steps.push_back("tell " + peer + " that " + node + " disconnects");
        break;
      case DisconnectStep::kReconnectOff:
        steps.push_back("turn automatic reconnecting off");
        break;
      case DisconnectStep::kDropConnection:
        steps.push_back("drop the connection to " + peer);
        break;
      case DisconnectStep::kWait:
        steps.push_back(
            "wait " + std::to_string(base::to_ms(partition::kDisconnectWait)) +
            " ms");
        break;
      case DisconnectStep::kReconnectOn:
        steps.push_back("turn automatic reconnecting on");
        break;
    }
  }
  return {{"steps", steps}};
}

// The origin's keys onto ours.
Json settings(const Json& scenario) {
  const Json error = {{"error", true}};
  const Json& input = scenario.at("input");
  if (input.contains("runtime_value")) {
    const auto mode =
        partition::mode_at_run_time(input["runtime_value"].get<std::string>());
    return {{"mode", std::string(partition::mode_name(mode.mode))},
            {"warning", mode.warning.has_value()}};
  }
  const std::string prefix = "cluster_partition_handling";
  partition::Settings settings;
  for (const auto& [key, value] : input.items()) {
    const std::string text =
        value.is_string() ? value.get<std::string>() : value.dump();
    if (key == prefix) {
      const auto mode = partition::parse_mode(text);
      if (!mode || partition::family_of(*mode) != partition::Family::kPause) {
        return error;
      }
      settings.mode = *mode;
    } else if (key == prefix + ".pause_if_all_down.recover") {
      const auto recover = partition::parse_recover(text);
      if (!recover) return error;
      settings.pause_if_all_down_recover = *recover;
    } else if (key.starts_with(prefix + ".pause_if_all_down.nodes.")) {
      settings.pause_if_all_down_nodes.emplace_back(text);
    } else {
      throw Skip("the setting " + key);
    }
  }
  if (!partition::check(settings)) return error;
  std::string mode(partition::mode_name(settings.mode));
  std::replace(mode.begin(), mode.end(), '-', '_');
  Json decided = {{"mode", mode}, {"error", false}};
  decided["nodes"] = to_json(settings.pause_if_all_down_nodes);
  if (settings.pause_if_all_down_recover) {
    decided["recover"] =
        *settings.pause_if_all_down_recover == partition::Recover::kIgnore
            ? "ignore"
            : "autoheal";
  }
  return decided;
}

// The origin's idle peers tick four times in net_ticktime.
Json detection_window(const Json& scenario) {
  const auto timeout = duration_in<std::chrono::seconds>(
      scenario.at("input").at("net_ticktime_s"));
  const auto window = membership::detection_window(timeout, timeout / 4);
  return {{"min_ms", base::to_ms(window.min)},
          {"max_ms", base::to_ms(window.max)}};
}

Json detection_immediate(const Json& scenario) {
  const std::string event = scenario.at("input").at("event");
  if (event.find("close") == std::string::npos &&
      event.find("reset") == std::string::npos) {
    throw Skip("the event " + event);
  }
  membership::FailureDetector detector{membership::DetectorSettings{}};
  const base::Instant now{std::chrono::hours(1)};
  detector.heard(now);
  detector.closed();
  base::Duration delay{0};
  while (detector.reachable(now + delay)) delay += std::chrono::milliseconds(1);
  return {{"nodedown_delay_ms", base::to_ms(delay)}};
}

}  // namespace

const Kinds& rabbitmq_kinds() {
  static const Kinds kinds = {
      {"pause_on_nodedown", {pause_on_nodedown, {}, ""}},
      {"pause_trigger", {pause_trigger, {}, ""}},
      {"resume_recheck", {resume_recheck, {}, ""}},
      {"resume_timing", {resume_timing, {}, ""}},
      {"confirm_guard", {confirm_guard, {}, ""}},
      {"record_partition", {record_partition, {}, ""}},
      {"clear_partitions", {clear_partitions, {}, ""}},
      {"autoheal_trigger", {autoheal_trigger, {}, ""}},
      {"autoheal_leader_request", {autoheal_leader_request, {"nodes"}, ""}},
      {"autoheal_partitions", {autoheal_partitions, {}, ""}},
      {"autoheal_winner", {autoheal_winner, {}, ""}},
      {"autoheal_step", {autoheal_step, {}, ""}},
      {"autoheal_restart_outcome", {autoheal_restart_outcome, {}, ""}},
      {"autoheal_boot", {autoheal_boot, {}, ""}},
      {"partial_checks_sent", {partial_checks_sent, {"check_sent_to"}, ""}},
      {"partial_intermediary", {partial_intermediary, {}, ""}},
      {"partial_reaction", {partial_reaction, {}, ""}},
      {"partial_disconnect", {partial_disconnect, {}, ""}},
      {"cluster",
       {rabbitmq_cluster,
        {"paused_during", "running_during", "running_after_heal",
         "restarted_nodes", "not_restarted"},
        ""}},
      {"detection_window", {detection_window, {}, ""}},
      {"detection_immediate", {detection_immediate, {}, ""}},
      // A set of names: the origin's file reader turns their order round.
      {"settings", {settings, {"nodes"}, ""}},
  };
  return kinds;
}

}  // namespace waypost::scenarios
