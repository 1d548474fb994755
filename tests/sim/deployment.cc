#include "tests/sim/deployment.h"

#include <algorithm>

#include "base/assert.h"

namespace waypost::sim {
namespace {

std::string numbered(const char* what, std::size_t number) {
  return what + std::to_string(number);
}

std::string address(int net, std::size_t number) {
  return "10.0." + std::to_string(net) + "." + std::to_string(number + 1);
}

}  // namespace

Deployment::Deployment(Options options)
    : world({.seed = options.seed,
             .delay = options.delay,
             .loss = options.loss,
             .duplication = options.duplication,
             .reordering = options.reordering}),
      transcript(world),
      profile_(*base::find_profile(options.profile)) {
  std::vector<base::Endpoint> endpoints;
  for (std::size_t i = 0; i < options.nameservers; ++i) {
    SimNode& node = world.add_node(numbered("ns-", i), address(0, i));
    nameservers.push_back(std::make_unique<SimNameserver>(
        node, profile_, transcript.logger(node.name())));
    endpoints.push_back(nameservers.back()->endpoint());
  }
  std::vector<base::Endpoint> peers;
  for (auto& each : nameservers) peers.push_back(each->cluster_endpoint());
  for (auto& each : nameservers) {
    if (options.peers) each->set_peers(peers);
    if (options.adjust) options.adjust(*each);
  }
  for (std::size_t i = 0; i < options.brokers; ++i) {
    SimNode& node = world.add_node(numbered("broker-", i), address(1, i));
    brokers.push_back(std::make_unique<SimBroker>(node));
    SimNode& beside = options.probes
                          ? world.add_node(numbered("agent-", i), address(3, i))
                          : node;
    agents.push_back(std::make_unique<SimAgent>(
        beside, profile_, node.name(), brokers.back()->endpoint(), endpoints,
        transcript.logger(numbered("agent-", i))));
    SimAgent& agent = *agents.back();
    agent.set_topics({kTopic});
    full_route_.push_back(node.name());
    if (options.probes) {
      agent.settings.probes.push_back(
          *agent::parse_probe(SimBroker::kProbe, brokers.back()->endpoint()));
    }
  }
  std::sort(full_route_.begin(), full_route_.end());
  for (std::size_t i = 0; i < options.clients; ++i) {
    SimNode& node = world.add_node(numbered("app-", i), address(2, i));
    clients.push_back(std::make_unique<SimClient>(
        node, profile_,
        SimClient::Options{endpoints, options.client_start,
                           options.close_on_timeout, options.watch},
        transcript.logger(node.name())));
  }
}

Deployment::~Deployment() = default;

bool Deployment::settle() {
  for (auto& nameserver : nameservers) nameserver->start();
  for (auto& agent : agents) agent->start();
  const auto& full = full_route();
  if (!world.run_until([&] { return all_nameservers_have(full); },
                       std::chrono::seconds(60))) {
    return false;
  }
  for (auto& client : clients) client->follow(kTopic);
  return world.run_until([&] { return all_clients_have(full); },
                         std::chrono::seconds(60));
}

bool Deployment::all_nameservers_have(const std::vector<std::string>& names) {
  return std::all_of(nameservers.begin(), nameservers.end(), [&](auto& each) {
    return each->running() && each->brokers_of(kTopic) == names;
  });
}

bool Deployment::all_clients_have(const std::vector<std::string>& names) const {
  return std::all_of(clients.begin(), clients.end(), [&](const auto& each) {
    return each->brokers_of(kTopic) == names;
  });
}

}  // namespace waypost::sim
