// Pushed routes through the whole system: agent, registry, I/O loops, client.

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/sim/deployment.h"

namespace waypost::sim {
namespace {

using namespace std::chrono_literals;
using Names = std::vector<std::string>;

Deployment::Options watching(std::uint64_t seed) {
  Deployment::Options options;
  options.seed = seed;
  options.brokers = 3;
  options.clients = 8;
  options.watch = true;
  return options;
}

// Until every client has these brokers; the time that took.
base::Duration until_all_have(Deployment& system, const Names& brokers,
                              base::Duration limit) {
  const base::Instant start = system.world.now();
  REQUIRE(system.world.run_until(
      [&] { return system.all_clients_have(brokers); }, limit));
  return system.world.now() - start;
}

TEST_CASE("a broker that leaves is out of all clients' tables at once") {
  for_each_seed(50, [](std::uint64_t seed) {
    CAPTURE(seed);
    Deployment system(watching(seed));  // clients poll each 30 s
    REQUIRE(system.settle());
    system.world.run_for(2s);
    system.transcript.note("broker-0 dies");
    system.agents[0]->kill();
    CHECK(until_all_have(system, {"broker-1", "broker-2"}, 5s) < 50ms);
    system.transcript.note("broker-0 is back");
    system.agents[0]->start();
    CHECK(until_all_have(system, system.full_route(), 5s) < 200ms);
    INFO(system.transcript.text());
  });
}

TEST_CASE("a suspect broker is shown as such at once, and well again") {
  for_each_seed(20, [](std::uint64_t seed) {
    CAPTURE(seed);
    auto options = watching(seed);
    options.nameservers = 1;
    Deployment system(options);
    REQUIRE(system.settle());
    system.world.run_for(2s);
    system.agents[0]->node().freeze();
    // Suspect after 5 s of silence, seen within the next second.
    const Names suspect = {"broker-0 (suspect)", "broker-1", "broker-2"};
    CHECK(until_all_have(system, suspect, 10s) < 6500ms);
    system.agents[0]->node().thaw();
    CHECK(until_all_have(system, system.full_route(), 5s) < 200ms);
  });
}

TEST_CASE("a nameserver that dies: the next one pushes what changed since") {
  for_each_seed(20, [](std::uint64_t seed) {
    CAPTURE(seed);
    Deployment system(watching(seed));
    REQUIRE(system.settle());
    system.world.run_for(2s);
    system.nameservers[0]->kill();
    system.agents[1]->kill();
    // A reconnect within a second, and the resumption.
    CHECK(until_all_have(system, {"broker-0", "broker-2"}, 10s) < 2500ms);
    system.agents[1]->start();
    CHECK(until_all_have(system, system.full_route(), 5s) < 200ms);
    system.nameservers[0]->start();
    system.world.run_for(60s);
    CHECK(system.all_clients_have(system.full_route()));
  });
}

TEST_CASE("a nameserver that hangs: its watchers leave it and are told again") {
  for_each_seed(20, [](std::uint64_t seed) {
    CAPTURE(seed);
    Deployment system(watching(seed));
    REQUIRE(system.settle());
    system.world.run_for(2s);
    system.transcript.note("ns-0 hangs");
    system.nameservers[0]->node().freeze();
    system.agents[1]->kill();
    INFO(system.transcript.text());
    // Nothing is asked: a ping, each 5 s, finds it out in half a call's time.
    CHECK(until_all_have(system, {"broker-0", "broker-2"}, 15s) < 8500ms);
    for (const auto& client : system.clients) {
      CHECK(client->nameserver() ==
            system.nameservers[1]->endpoint().to_string());
    }
    system.agents[1]->start();
    CHECK(until_all_have(system, system.full_route(), 5s) < 200ms);
    system.nameservers[0]->node().thaw();
    system.world.run_for(60s);
    CHECK(system.all_clients_have(system.full_route()));
  });
}

TEST_CASE("a nameserver that restarts pushes nothing until it is whole") {
  for_each_seed(20, [](std::uint64_t seed) {
    CAPTURE(seed);
    auto options = watching(seed);
    options.nameservers = 1;
    Deployment system(options);
    REQUIRE(system.settle());
    system.world.run_for(2s);
    for (int round = 0; round < 3; ++round) {
      system.nameservers[0]->kill();
      system.nameservers[0]->start();
      system.world.run_for(20s);
      // Nobody ever saw a part of the route.
      for (const auto& client : system.clients) {
        REQUIRE(client->history().size() == 1);
      }
    }
    system.agents[2]->kill();
    CHECK(until_all_have(system, {"broker-0", "broker-1"}, 5s) < 50ms);
  });
}

// --- Why a broker left ---

// What every client was told of the departure of broker-0; they differ at most
// in what follows the reason.
std::string told_by_all(Deployment& system, base::Duration limit) {
  REQUIRE(system.world.run_until(
      [&] {
        return std::all_of(
            system.clients.begin(), system.clients.end(),
            [](const auto& client) { return !client->departures().empty(); });
      },
      limit));
  const std::string start = "broker broker-0/0@10.0.1.1:10911 left: ";
  std::string reason;
  for (const auto& client : system.clients) {
    REQUIRE(client->departures().size() == 1);
    const std::string& line = client->departures()[0];
    CAPTURE(line);
    REQUIRE(line.starts_with(start));
    const std::string told =
        line.substr(start.size(), line.find(" (") - start.size());
    if (!reason.empty()) CHECK(told == reason);
    reason = told;
  }
  return reason;
}

TEST_CASE("every client that watches is told why a broker left") {
  using AgentPtr = std::unique_ptr<SimAgent>;
  struct Case {
    const char* reason;
    void (*happens)(Deployment& system, AgentPtr& other);
    bool probes = false;
    bool peers = false;
  };
  const Case cases[] = {
      {"unregistered",
       [](Deployment& system, AgentPtr&) {
         system.agents[0]->stop(agent::Leave::kUnregister);
       }},
      {"connection closed",
       [](Deployment& system, AgentPtr&) { system.agents[0]->kill(); }},
      {"expired", [](Deployment& system,
                     AgentPtr&) { system.agents[0]->node().freeze(); }},
      {"unhealthy",
       [](Deployment& system, AgentPtr&) {
         system.brokers[0]->node().freeze();
       },
       true},
      {"replaced",
       [](Deployment& system, AgentPtr& other) {
         system.agents[0]->node().freeze();
         SimNode& node = system.world.add_node("elsewhere", "10.0.1.77");
         std::vector<base::Endpoint> nameservers;
         for (auto& each : system.nameservers) {
           nameservers.push_back(each->endpoint());
         }
         other = std::make_unique<SimAgent>(node, system.profile(), "broker-0",
                                            base::Endpoint{"10.0.1.77", 10911},
                                            nameservers, base::Logger());
         other->set_topics({Deployment::kTopic});
         other->start();
       }},
      // The clients' nameserver has it from the other one alone.
      {"gone at peers",
       [](Deployment& system, AgentPtr&) {
         system.world.cut("broker-0", "ns-0");
         system.world.run_for(60s);
         REQUIRE(system.all_clients_have(system.full_route()));
         system.agents[0]->kill();
       },
       false, true},
  };
  for (const Case& each : cases) {
    for_each_seed(5, [&](std::uint64_t seed) {
      CAPTURE(seed);
      CAPTURE(each.reason);
      auto options = watching(seed);
      options.profile = "fast";
      options.probes = each.probes;
      options.peers = each.peers;
      Deployment system(options);
      REQUIRE(system.settle());
      system.world.run_for(2s);
      AgentPtr other;
      each.happens(system, other);
      CHECK(told_by_all(system, 30s) == each.reason);
      INFO(system.transcript.text());
    });
  }
}

TEST_CASE("who was away when a broker left is told why when it is back") {
  for_each_seed(5, [](std::uint64_t seed) {
    CAPTURE(seed);
    auto options = watching(seed);
    options.profile = "fast";
    options.nameservers = 1;
    // Others watch on each loop of the nameserver, or it would not remember.
    options.clients = 16;
    Deployment system(options);
    REQUIRE(system.settle());
    system.world.run_for(2s);
    system.world.cut("app-0", "ns-0");
    system.world.run_for(5s);
    system.agents[0]->stop(agent::Leave::kUnregister);
    system.world.run_for(20s);
    CHECK(system.clients[0]->departures().empty());
    system.world.heal_all();
    CHECK(told_by_all(system, 60s) == "unregistered");
    INFO(system.transcript.text());
  });
}

}  // namespace
}  // namespace waypost::sim
