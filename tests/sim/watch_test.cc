// Pushed routes through the whole system: agent, registry, I/O loops, client.

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

}  // namespace
}  // namespace waypost::sim
