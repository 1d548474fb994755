// Gates that close while clients watch: a watching client moves on to a
// nameserver that answers, or keeps what it has and is told why.

#include <doctest/doctest.h>

#include "tests/sim/deployment.h"
#include "tests/sim/sim_remoting_peer.h"

namespace waypost::sim {
namespace {

using namespace std::chrono_literals;
using Names = std::vector<std::string>;

// Three nameservers whose gates close when any of them is missing; clients
// start at ns-0, poll each 2 s, and have changes pushed to them.
Deployment::Options gated(std::uint64_t seed) {
  Deployment::Options options;
  options.seed = seed;
  options.nameservers = 3;
  options.brokers = 3;
  options.clients = 4;
  options.profile = "fast";
  options.peers = true;
  options.watch = true;
  options.adjust = [](SimNameserver& nameserver) {
    auto& cluster = nameserver.settings.cluster;
    cluster.netsplit_gate = 1;
    // Who keeps others connected is not disturbed for a bad link.
    cluster.partition_handling =
        static_cast<std::size_t>(partition::Mode::kKeepMajority);
    auto& allow = cluster.keeper.partition.gate.allow;
    allow[static_cast<std::size_t>(partition::Operation::kRegister)] = true;
    allow[static_cast<std::size_t>(partition::Operation::kUnregister)] = true;
  };
  return options;
}

bool all_at(Deployment& system, std::size_t i) {
  const std::string at = system.nameservers[i]->endpoint().to_string();
  return std::all_of(
      system.clients.begin(), system.clients.end(),
      [&](const auto& each) { return each->nameserver() == at; });
}

TEST_CASE("a gate closes while clients watch: they move to where none did") {
  for_each_seed(10, [](std::uint64_t seed) {
    CAPTURE(seed);
    Deployment system(gated(seed));
    REQUIRE(system.settle());
    system.world.run_for(10s);
    // ns-1 reaches both and goes on; the others refuse after 5 s or 6.
    system.world.cut("ns-0", "ns-2");
    INFO(system.transcript.text());
    CHECK(system.world.run_until([&] { return all_at(system, 1); }, 10s));
    CHECK(system.transcript.contains("netsplit, missing peers ns-"));
    // Told by the one that they watch now, not at the next poll.
    system.agents[0]->kill();
    CHECK(system.world.run_until(
        [&] {
          return system.all_clients_have({"broker-1", "broker-2"});
        },
        100ms));
  });
}

TEST_CASE("every gate closes: routes stay, and what changed is told after it") {
  for_each_seed(10, [](std::uint64_t seed) {
    CAPTURE(seed);
    Deployment system(gated(seed));
    REQUIRE(system.settle());
    system.world.run_for(10s);
    system.nameservers[2]->kill();
    system.world.run_for(3s);
    system.agents[0]->kill();
    INFO(system.transcript.text());
    system.world.run_for(20s);
    // ns-2 is set to down by now, and missed by nobody.
    CHECK(system.all_clients_have({"broker-1", "broker-2"}));
    system.agents[0]->start();
    CHECK(system.world.run_until(
        [&] { return system.all_clients_have(system.full_route()); }, 500ms));
  });
}

TEST_CASE("while every gate is closed nobody is told anything but why") {
  Deployment::Options options = gated(1);
  const auto as_gated = options.adjust;
  options.adjust = [as_gated](SimNameserver& nameserver) {
    as_gated(nameserver);
    nameserver.settings.cluster.partition_handling =
        static_cast<std::size_t>(partition::Mode::kIgnore);
  };
  Deployment system(options);
  REQUIRE(system.settle());
  system.world.run_for(10s);
  system.nameservers[1]->kill();
  system.nameservers[2]->kill();
  system.world.run_for(1s);
  system.agents[0]->kill();
  system.world.run_for(20s);
  INFO(system.transcript.text());
  CHECK(system.all_clients_have(system.full_route()));
  CHECK(system.transcript.contains("netsplit, missing peers ns-1, ns-2"));
  const auto asked = system.clients[0]->refresh(Deployment::kTopic);
  system.world.run_for(2s);
  REQUIRE(asked->done);
  REQUIRE_FALSE(asked->status.has_value());
  CHECK(asked->status.error().message.find(
            "netsplit, missing peers ns-1, ns-2") != std::string::npos);

  // RocketMQ's clients are told the same.
  SimNode& node = system.world.add_node("stock", "10.0.9.1");
  {
    SimRemotingPeer stock(system.world, node,
                          system.nameservers[0]->endpoint());
    const auto answer = stock.ask(
        support::route_request(Deployment::kTopic, stock.next_opaque()));
    REQUIRE(answer.has_value());
    CHECK(answer->command.code == 1);  // system error
    CHECK(answer->command.remark.value_or("").find(
              "netsplit, missing peers ns-1, ns-2") != std::string::npos);
  }

  // The peers are back: the gate opens, and watchers hear what they missed.
  system.nameservers[1]->start();
  system.nameservers[2]->start();
  CHECK(system.world.run_until(
      [&] {
        return system.all_clients_have({"broker-1", "broker-2"});
      },
      4s));
}

}  // namespace
}  // namespace waypost::sim
