// VerneMQ's readiness and netsplit gates. Who may go on is our decision; the
// codes by which an MQTT client learns of a refusal are rendered here, for our
// clients get a not-ready error that names the missing peers.

#include <map>

#include "namesrv/partition/netsplit_gate.h"
#include "tests/scenarios/names.h"
#include "tests/scenarios/scenario.h"

namespace waypost::scenarios {
namespace {

using partition::GateSettings;
using partition::Operation;
using partition::Readiness;

bool is_open(const Json& input, const char* flag, Operation operation) {
  GateSettings settings;
  settings.all_members = true;
  settings.allow[static_cast<std::size_t>(operation)] = input.at(flag);
  const Readiness readiness(input.value("ready", false), 0, 0);
  return partition::gate_open(settings, readiness, operation,
                              input.value("local_routing_table_loaded", true));
}

bool speaks_mqtt5(const Json& input) { return input.value("protocol", 4) >= 5; }

Json registering(const Json& scenario) {
  const Json& input = scenario.at("input");
  const Json refused = {
      {"outcome", "not_ready"},
      {"client",
       {{"connack", speaks_mqtt5(input) ? 136 : 3}, {"connection", "closed"}}}};
  if (!is_open(input, "allow_register_during_netsplit", Operation::kRegister)) {
    return refused;
  }
  if (input.value("allow_multiple_sessions", false)) {
    return {{"outcome", "register"}};
  }
  // One session for a client id: serialised over all members while they are
  // there. A registration here is between one broker and one nameserver.
  if (!input.at("coordinate_registrations") || !input.at("ready")) {
    return {{"outcome", "register_uncoordinated"}};
  }
  if (!input.value("coordinating_node_answers", true)) return refused;
  return {{"outcome", "register_coordinated"}};
}

Json publish_refused(const Json& input) {
  const int qos = input.value("qos", 0);
  if (qos == 0) {
    return {{"answer", "none"},
            {"message", "dropped"},
            {"counter", "mqtt_publish_error"}};
  }
  if (!speaks_mqtt5(input)) {
    return {{"answer", "none"},
            {"message", "client may repeat"},
            {"counter", "mqtt_publish_error"}};
  }
  if (qos == 1) {
    return {{"puback", 131}, {"counter", "mqtt_puback_sent with reason"}};
  }
  return {{"pubrec", 128}, {"counter", "mqtt_pubrec_sent with reason"}};
}

bool may_publish(const Json& input) {
  return is_open(input, "allow_publish_during_netsplit",
                 Operation::kConfigWrite);
}

Json publish(const Json& scenario) {
  const Json& input = scenario.at("input");
  if (may_publish(input)) return {{"outcome", "publish"}};
  return {{"outcome", "not_ready"}, {"client", publish_refused(input)}};
}

Json publish_retained(const Json& scenario) {
  if (may_publish(scenario.at("input"))) {
    return {{"outcome", "publish"}, {"retained_store", "changed"}};
  }
  return {{"outcome", "not_ready"}, {"retained_store", "unchanged"}};
}

Json publish_will(const Json& scenario) {
  return {{"outcome", may_publish(scenario.at("input")) ? "publish" : "lost"}};
}

Json subscribe(const Json& scenario) {
  const Json& input = scenario.at("input");
  if (is_open(input, "allow_subscribe_during_netsplit", Operation::kQuery)) {
    return {{"outcome", "subscribe"}};
  }
  return {{"outcome", "not_ready"},
          {"client",
           {{"suback_per_topic", speaks_mqtt5(input) ? 135 : 128},
            {"counter", "mqtt_subscribe_error"}}}};
}

Json unsubscribe(const Json& scenario) {
  if (is_open(scenario.at("input"), "allow_unsubscribe_during_netsplit",
              Operation::kUnregister)) {
    return {{"outcome", "unsubscribe"}};
  }
  return {
      {"outcome", "not_ready"},
      {"client", {{"answer", "none"}, {"counter", "mqtt_unsubscribe_error"}}}};
}

Json flags(const Json&) {
  const GateSettings settings;
  return {
      {"allow_register_during_netsplit", settings.allows(Operation::kRegister)},
      {"allow_publish_during_netsplit",
       settings.allows(Operation::kConfigWrite)},
      {"allow_subscribe_during_netsplit", settings.allows(Operation::kQuery)},
      {"allow_unsubscribe_during_netsplit",
       settings.allows(Operation::kUnregister)}};
}

Json table_of(const Readiness& readiness) {
  Json table = Json::object();
  for (const auto& [name, fine] : readiness.table()) table[name.value()] = fine;
  return table;
}

Json readiness_check(const Json& scenario) {
  const Json& input = scenario.at("input");
  const Json& before = input.at("before");
  Readiness readiness(before.at("ready"), before.at("detected"),
                      before.at("resolved"));
  std::map<model::PeerName, partition::MemberHealth> health;
  for (const auto& [name, answers] : input.at("broker_answers").items()) {
    health[model::PeerName(name)].answers =
        answers.is_boolean() && answers.get<bool>();
  }
  for (const auto& [name, link] : input.at("link").items()) {
    partition::Link state = partition::Link::kDown;
    if (link == "up") state = partition::Link::kUp;
    if (link == "init") state = partition::Link::kInit;
    health[model::PeerName(name)].link = state;
  }
  readiness.check(set_of(input.at("members")), health);
  return {{"ready", readiness.ready()},
          {"detected", readiness.detected()},
          {"resolved", readiness.resolved()},
          {"table", table_of(readiness)}};
}

Json readiness_metrics(const Json& scenario) {
  const Json& input = scenario.at("input");
  const Readiness readiness(input.at("ready"), input.at("detected"),
                            input.at("resolved"));
  return {{"netsplit_detected", readiness.detected()},
          {"netsplit_resolved", readiness.resolved()}};
}

Json membership_removed(const Json& scenario) {
  const Json& input = scenario.at("input");
  const auto members = set_of(input.at("members"));
  Readiness readiness;
  std::map<model::PeerName, partition::MemberHealth> health;
  Json stopped = Json::array();
  for (const auto& [name, fine] : input.at("table_before").items()) {
    health[model::PeerName(name)] = {fine, partition::Link::kUp};
    if (!members.contains(model::PeerName(name))) stopped.push_back(name);
  }
  readiness.check(members, health);
  return {{"table", table_of(readiness)}, {"link_worker_stopped", stopped}};
}

Json link_status(const Json& scenario) {
  const Json& input = scenario.at("input");
  switch (partition::link_of(input.value("worker", true),
                             input.value("socket", false),
                             input.value("reachable", false))) {
    case partition::Link::kInit:
      return {{"status", "init"}};
    case partition::Link::kUp:
      return {{"status", "up"}};
    case partition::Link::kDown:
      break;
  }
  return {{"status", "down"}};
}

// Runs that are about readiness alone, three members n1 to n3.
class ReadinessRun {
 public:
  void step(const std::string& text) {
    if (text == "three nodes") {
      members_ = {model::PeerName("n1"), model::PeerName("n2"),
                  model::PeerName("n3")};
      check({});
    } else if (text == "cut n1 from n2,n3") {
      check({{"n1", {"n2", "n3"}}, {"n2", {"n1"}}, {"n3", {"n1"}}});
    } else if (text == "connect on both islands") {
      const GateSettings settings{true, {}};
      bool any = false;
      for (const auto& [name, readiness] : nodes_) {
        any = any ||
              partition::gate_open(settings, readiness, Operation::kRegister);
      }
      during_ = {{"each_node", each()}, {"connack", any ? 0 : 3}};
    } else if (text == "heal") {
      check({});
      after_ = {{"each_node", each()}};
    } else if (text == "a node leaves itself") {
      step("three nodes");
      const auto all = members_;
      members_.erase(model::PeerName("n1"));
      nodes_.erase("n1");
      check({});
      decided_["remaining_members"] =
          members_.size() + 1 == all.size() ? "all but the leaver" : "others";
      const Json counters = each();
      decided_["others"] = {{"detected", counters.at("detected")},
                            {"resolved", counters.at("resolved")}};
    } else {
      throw Skip("the step '" + text + "': no messages and no sessions here");
    }
  }

  Json finish() {
    if (during_.is_object()) decided_["during"] = during_;
    if (after_.is_object()) decided_["after"] = after_;
    return decided_;
  }

 private:
  using Missing = std::map<std::string, std::vector<std::string>>;

  void check(const Missing& missing) {
    for (const auto& name : members_) {
      std::map<model::PeerName, partition::MemberHealth> health;
      for (const auto& other : members_) {
        health[other] = {true, partition::Link::kUp};
      }
      const auto lost = missing.find(name.value());
      if (lost != missing.end()) {
        for (const auto& other : lost->second) {
          health[model::PeerName(other)] = {false, partition::Link::kDown};
        }
      }
      nodes_[name.value()].check(members_, health);
    }
  }

  // What all of them say, or what the first of several sayings is not.
  Json each() const {
    Json common;
    for (const auto& [name, readiness] : nodes_) {
      const Json one = {{"ready", readiness.ready()},
                        {"detected", readiness.detected()},
                        {"resolved", readiness.resolved()}};
      if (common.is_null()) common = one;
      if (common != one) return {{"differ", name}};
    }
    return common;
  }

  model::PeerNames members_;
  std::map<std::string, Readiness> nodes_;
  Json during_;
  Json after_;
  Json decided_ = Json::object();
};

Json run(const Json& scenario) {
  ReadinessRun run;
  for (const Json& step : scenario.at("input").at("steps")) run.step(step);
  return run.finish();
}

}  // namespace

const Kinds& vernemq_kinds() {
  static const Kinds kinds = {
      {"readiness_check", {readiness_check, {}, ""}},
      {"readiness_metrics", {readiness_metrics, {}, ""}},
      {"readiness_timing",
       {{},
        {},
        "readiness is looked at on every membership event and each second, so "
        "there are no such intervals"}},
      {"membership_removed", {membership_removed, {"link_worker_stopped"}, ""}},
      {"link_status", {link_status, {}, ""}},
      {"register", {registering, {}, ""}},
      {"publish", {publish, {}, ""}},
      {"publish_retained", {publish_retained, {}, ""}},
      {"publish_will", {publish_will, {}, ""}},
      {"subscribe", {subscribe, {}, ""}},
      {"unsubscribe", {unsubscribe, {}, ""}},
      {"flags", {flags, {}, ""}},
      {"flag_snapshot",
       {{},
        {},
        "there are no sessions that could keep old settings: a gate is looked "
        "up at each request"}},
      {"link_buffer", {{}, {}, "no messages go from nameserver to nameserver"}},
      {"remote_enqueue",
       {{}, {}, "no messages go from nameserver to nameserver"}},
      {"run", {run, {}, ""}},
      {"leave",
       {{},
        {},
        "there are no sessions and queues to move; `cluster forget` has rules "
        "of its own"}},
  };
  return kinds;
}

}  // namespace waypost::scenarios
