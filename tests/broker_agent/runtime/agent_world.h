#ifndef WAYPOST_TESTS_BROKER_AGENT_RUNTIME_AGENT_WORLD_H_
#define WAYPOST_TESTS_BROKER_AGENT_RUNTIME_AGENT_WORLD_H_

// An agent against the real registry behind the real protocol, on the simulated
// network.

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "broker_agent/runtime/agent_runner.h"
#include "tests/broker_agent/runtime/scripted_broker.h"
#include "tests/broker_agent/runtime/small_nameserver.h"
#include "tests/support/sim/sim_world.h"

namespace waypost::agent::testing {

inline TopicListPtr topics_named(std::vector<std::string> names) {
  std::vector<model::TopicConfig> topics;
  for (auto& name : names)
    topics.push_back({model::TopicName(name), {4, 4, {}, 0}});
  return std::make_shared<const TopicList>(*TopicList::make(topics));
}

// Two nameservers, and a broker with its agent on a third machine.
struct AgentWorld {
  explicit AgentWorld(std::vector<std::string> probes = {},
                      std::uint64_t seed = 1)
      : world({.seed = seed}) {
    for (std::size_t i = 0; i < 2; ++i) {
      const std::string digit = std::to_string(i + 1);
      ns_nodes.push_back(&world.add_node("ns" + digit, "10.0.0." + digit));
      boot_nameserver(i);
      settings.nameservers.push_back({"10.0.0." + digit, 9876});
    }
    settings.registration.identity = {
        model::ClusterName("c"),
        {model::BrokerName("broker-a"), model::kMasterId},
        {"10.0.0.9", 1883},
        "z1"};
    settings.registration.seed = seed;
    for (const auto& probe : probes) {
      settings.probes.push_back(
          *parse_probe(probe, settings.registration.identity.address));
    }
    broker.emplace(broker_node.executor(), broker_node.network(),
                   settings.registration.identity.address);
  }

  void boot_nameserver(std::size_t i) {
    if (servers.size() <= i) servers.resize(i + 1);
    servers[i] = std::make_unique<SmallNameserver>(
        ns_nodes[i]->executor(), ns_nodes[i]->network(),
        base::Endpoint{ns_nodes[i]->address(), 9876}, ++incarnations);
  }
  void start_agent() {
    agent = make_agent(agent_node);
    agent->start();
  }
  std::unique_ptr<AgentRunner> make_agent(sim::SimNode& node) {
    return std::make_unique<AgentRunner>(
        AgentSurroundings{node.executor(),
                          node.network(),
                          {},
                          [](const std::string&) { return false; },
                          {}},
        settings, topics_named({"orders"}),
        [this](const Note& note, const std::string& nameserver) {
          notes.push_back({note.what, nameserver, note.detail});
        });
  }

  bool in_route(std::size_t i, const std::string& topic = "orders") {
    return servers[i]->in_route(topic, "broker-a").present;
  }
  // How long from now until `done`; fails when not within `limit`.
  base::Duration time_until(const std::function<bool()>& done,
                            base::Duration limit) {
    const auto start = world.elapsed();
    CHECK(world.run_until(done, limit));
    return world.elapsed() - start;
  }
  std::size_t count(Note::What what) const {
    std::size_t found = 0;
    for (const auto& each : notes) found += each.what == what ? 1U : 0U;
    return found;
  }

  struct Noted {
    Note::What what;
    std::string nameserver;
    std::string detail;
  };
  sim::SimWorld world;
  std::vector<sim::SimNode*> ns_nodes;
  sim::SimNode& broker_node = world.add_node("broker", "10.0.0.9");
  sim::SimNode& agent_node = world.add_node("agent", "10.0.0.8");
  std::uint64_t incarnations = 0;
  std::vector<std::unique_ptr<SmallNameserver>> servers;
  AgentSettings settings;
  std::optional<ScriptedBroker> broker;
  std::deque<Noted> notes;
  std::unique_ptr<AgentRunner> agent;
};

}  // namespace waypost::agent::testing

#endif  // WAYPOST_TESTS_BROKER_AGENT_RUNTIME_AGENT_WORLD_H_
