#ifndef WAYPOST_TESTS_SIM_CLUSTER_OBSERVATION_H_
#define WAYPOST_TESTS_SIM_CLUSTER_OBSERVATION_H_

// What somebody who sees everything sees at one moment of a simulated cluster:
// the truth about machines and links beside what the programs believe. Plain
// values; checkers.h judges sequences of them.

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "wire/model/operations.h"

namespace waypost::sim {

using Names = std::set<std::string>;

struct NameserverView {
  std::string name;
  bool running = false;  // there is a process
  bool awake = false;    // neither stopped nor asleep
  std::uint64_t life = 0;
  model::ServerState state = model::ServerState::kStarting;
  // Neither its state nor a gate refuses.
  bool answers_routes = false;
  bool takes_registrations = false;
  // Paused to start anew with a winner's state: keeps its connections.
  bool restarting = false;
  Names brokers;  // in its table, for the common topic
  std::size_t service_connections = 0;
  std::uint64_t port_closes = 0;  // how often its service port was closed

  bool up() const { return running && awake; }
  bool serves() const { return up() && state == model::ServerState::kServing; }
};

struct BrokerView {
  std::string name;
  bool running = false;
  bool awake = false;
  bool leaving = false;  // was told to stop
  bool up() const { return running && awake && !leaving; }
};

struct ClientView {
  std::string name;
  bool awake = false;
  std::string nameserver;  // that it is at; "" none
  Names brokers;           // of its cached route
  // When a nameserver last answered it in full.
  std::optional<base::Duration> answered_at;
};

// Machines are numbered: nameservers, then brokers, then clients, as they stand
// in the vectors.
struct Observation {
  base::Duration at{0};
  // Since when there are no faults any more, and everything runs.
  std::optional<base::Duration> healed_at;
  std::vector<NameserverView> nameservers;
  std::vector<BrokerView> brokers;
  std::vector<ClientView> clients;
  // Bit j of passes[i]: packets from machine i get to machine j.
  std::vector<std::uint64_t> passes;

  std::size_t broker_number(std::size_t i) const {
    return nameservers.size() + i;
  }
  std::size_t client_number(std::size_t i) const {
    return nameservers.size() + brokers.size() + i;
  }
  bool passes_both_ways(std::size_t a, std::size_t b) const {
    return ((passes[a] >> b) & 1U) != 0 && ((passes[b] >> a) & 1U) != 0;
  }
  // Nameservers with processes that run and links that work.
  bool peers_linked(std::size_t a, std::size_t b) const {
    return nameservers[a].up() && nameservers[b].up() && passes_both_ways(a, b);
  }
  bool broker_linked(std::size_t nameserver, std::size_t broker) const {
    return nameservers[nameserver].up() && brokers[broker].up() &&
           passes_both_ways(nameserver, broker_number(broker));
  }
  bool client_linked(std::size_t nameserver, std::size_t client) const {
    return nameservers[nameserver].up() && clients[client].awake &&
           passes_both_ways(nameserver, client_number(client));
  }
};

}  // namespace waypost::sim

#endif  // WAYPOST_TESTS_SIM_CLUSTER_OBSERVATION_H_
