// Nameservers that stop, sleep, die and come back: no live broker is dropped
// for it, and nobody is told part of a route.

#include <doctest/doctest.h>

#include "tests/sim/deployment.h"

namespace waypost::sim {
namespace {

using namespace std::chrono_literals;
using Names = std::vector<std::string>;

// Runs on; false as soon as some nameserver lacks a broker.
bool stays_whole(Deployment& system, base::Duration duration) {
  return !system.world.run_until(
      [&] { return !system.all_nameservers_have(system.full_route()); },
      duration);
}

TEST_CASE("a stopped and continued nameserver drops no live broker") {
  for_each_seed(200, [](std::uint64_t seed) {
    CAPTURE(seed);
    Deployment system(
        {.seed = seed, .brokers = 4, .clients = 0, .profile = "fast"});
    REQUIRE(system.settle());
    SimNameserver& stopped = *system.nameservers[0];
    base::Random& random = system.world.random();
    for (int round = 0; round < 3; ++round) {
      system.world.run_for(std::chrono::milliseconds(random.below(5'000)));
      // From shorter than anything to many expiries of 3 s.
      const auto stop_for = std::chrono::milliseconds(
          10 + random.below(random.chance(0.3) ? 120'000 : 8'000));
      system.transcript.note("ns-0 stops for " +
                             std::to_string(stop_for.count()) + " ms");
      stopped.node().freeze();
      system.world.run_for(stop_for);
      system.transcript.note("ns-0 continues");
      stopped.node().thaw();
      INFO(system.transcript.text());
      REQUIRE(stays_whole(system, 15s));
    }
  });
}

void let_sleep(Deployment& system, base::Duration duration) {
  system.nameservers[0]->node().suspend();
  system.world.run_for(duration);
  system.nameservers[0]->node().resume();
  system.transcript.note("ns-0 resumed");
}

TEST_CASE("a nameserver whose machine slept drops no live broker") {
  for_each_seed(100, [](std::uint64_t seed) {
    CAPTURE(seed);
    Deployment system(
        {.seed = seed, .brokers = 4, .clients = 0, .profile = "fast"});
    REQUIRE(system.settle());
    let_sleep(system, std::chrono::milliseconds(
                          500 + system.world.random().below(120'000)));
    INFO(system.transcript.text());
    CHECK(stays_whole(system, 20s));
  });
}

// The agents' kernels have given the old connections up. What is left of them
// at the nameserver is reset when it wakes; an agent that is just connecting
// may need a moment longer than the second for which nobody is removed.
TEST_CASE("a nameserver that slept longer than TCP waits is whole in seconds") {
  for_each_seed(20, [](std::uint64_t seed) {
    CAPTURE(seed);
    Deployment system(
        {.seed = seed, .brokers = 4, .clients = 0, .profile = "fast"});
    REQUIRE(system.settle());
    let_sleep(system,
              std::chrono::seconds(1000 + system.world.random().below(600)));
    system.world.run_for(3s);
    INFO(system.transcript.text());
    CHECK(stays_whole(system, 20s));
  });
}

TEST_CASE("who died while a nameserver slept is dropped after it woke") {
  for_each_seed(50, [](std::uint64_t seed) {
    CAPTURE(seed);
    Deployment system(
        {.seed = seed, .brokers = 4, .clients = 0, .profile = "fast"});
    REQUIRE(system.settle());
    system.nameservers[0]->node().freeze();
    system.world.run_for(1s);
    system.transcript.note("agent-2 is killed");
    system.agents[2]->kill();
    system.world.run_for(20s);
    system.nameservers[0]->node().thaw();
    system.transcript.note("ns-0 continues");
    INFO(system.transcript.text());
    const Names left{"broker-0", "broker-1", "broker-3"};
    CHECK(system.world.run_until(
        [&] { return system.nameservers[0]->brokers_of("orders") == left; },
        10s));
  });
}

TEST_CASE("what an abandoned connection brings late undoes nothing") {
  for_each_seed(150, [](std::uint64_t seed) {
    CAPTURE(seed);
    Deployment system({.seed = seed, .clients = 0, .profile = "fast"});
    REQUIRE(system.settle());
    base::Random& random = system.world.random();
    // Dropped by expiry. Then the link is back for as long as it takes to
    // connect and say hello, so that a registration is sent and lost on the
    // way: the kernel goes on sending it after the agent has given that
    // connection up and registered over another.
    system.world.run_for(1s);
    system.world.set_delay("ns-0", "broker-0", {80ms, 100ms});
    system.world.cut("ns-0", "broker-0");
    system.world.run_for(6s);
    system.world.heal("ns-0", "broker-0");
    system.world.run_for(std::chrono::milliseconds(300 + random.below(900)));
    system.world.cut_one_way("broker-0", "ns-0");
    system.world.run_for(std::chrono::milliseconds(1000 + random.below(3000)));
    system.world.heal("ns-0", "broker-0");
    system.transcript.note("the link is up for good");
    system.world.run_for(3s);
    const bool stayed = stays_whole(system, 60s);
    INFO(system.transcript.text());
    REQUIRE(stayed);
  });
}

// Asks one nameserver every 20 ms and keeps what it says.
class Inquirer {
 public:
  Inquirer(Deployment& system, SimNameserver& nameserver)
      : system_(system),
        client_(system.world.add_node("inquirer", "10.0.9.1"), system.profile(),
                {{nameserver.endpoint()}, {}, true},
                system.transcript.logger("inquirer")) {}

  // Until `done` or `limit`; false at the limit.
  bool ask_until(const std::function<bool()>& done, base::Duration limit) {
    const base::Instant end = system_.world.now() + limit;
    while (system_.world.now() < end) {
      client_.refresh("orders");
      if (system_.world.run_until(done, 20ms)) return true;
    }
    return false;
  }
  // Whether every route it was ever told was this one.
  bool only_heard(const Names& route) const {
    for (const Names& heard : client_.history()) {
      if (heard != route) return false;
    }
    return true;
  }
  std::uint64_t answers() const { return client_.refresher().answered(); }

 private:
  Deployment& system_;
  SimClient client_;
};

TEST_CASE("a restarted nameserver never answers part of a route") {
  for_each_seed(200, [](std::uint64_t seed) {
    CAPTURE(seed);
    Deployment system({.seed = seed, .brokers = 6, .clients = 0});
    REQUIRE(system.settle());
    SimNameserver& restarted = *system.nameservers[0];
    system.world.run_for(1s);  // the roster has been kept
    base::Random& random = system.world.random();
    restarted.kill();
    system.transcript.note("ns-0 is killed");
    // In some runs for longer than any broker's expiry.
    const auto away =
        random.chance(0.1) ? random.below(300'000) : random.below(10'000);
    system.world.run_for(std::chrono::milliseconds(away));

    restarted.start();
    system.transcript.note("ns-0 starts");
    const base::Instant start = system.world.now();
    Inquirer inquirer(system, restarted);
    const bool back = inquirer.ask_until(
        [&] { return restarted.brokers_of("orders") == system.full_route(); },
        60s);
    INFO(system.transcript.text());
    REQUIRE(back);
    // Agents look in vain at most 750 ms apart.
    CHECK(system.world.now() - start <= 1s);
    const auto answers = inquirer.answers();
    CHECK(inquirer.ask_until([&] { return inquirer.answers() > answers; }, 1s));
    CHECK(inquirer.only_heard(system.full_route()));
    CHECK(restarted.state() == model::ServerState::kServing);
  });
}

TEST_CASE("a broker that never comes back is waited for, but not for ever") {
  for_each_seed(30, [](std::uint64_t seed) {
    CAPTURE(seed);
    Deployment system({.seed = seed, .brokers = 3, .clients = 0});
    REQUIRE(system.settle());
    system.world.run_for(1s);
    SimNameserver& restarted = *system.nameservers[0];
    restarted.kill();
    system.agents[2]->kill();
    system.world.run_for(1s);
    restarted.start();
    const base::Instant start = system.world.now();
    Inquirer inquirer(system, restarted);
    const bool answered =
        inquirer.ask_until([&] { return inquirer.answers() > 0; }, 120s);
    INFO(system.transcript.text());
    CHECK(answered);
    CHECK(system.world.now() - start >= 40s);
    CHECK(system.world.now() - start <= 46s);
    CHECK(inquirer.only_heard({"broker-0", "broker-1"}));
  });
}

TEST_CASE("a nameserver that is told to stop sends its clients on first") {
  for_each_seed(50, [](std::uint64_t seed) {
    CAPTURE(seed);
    Deployment system({.seed = seed, .clients = 5});
    REQUIRE(system.settle());
    INFO(system.transcript.text());
    system.nameservers[0]->terminate();
    const bool gone = system.world.run_until(
        [&] { return !system.nameservers[0]->running(); }, 10s);
    CHECK(gone);
    for (const auto& client : system.clients) {
      CHECK(client->nameserver() ==
            system.nameservers[1]->endpoint().to_string());
      CHECK(client->refresher().failed() == 0);
    }
    CHECK(system.nameservers[1]->brokers_of("orders") == system.full_route());
    CHECK(system.all_clients_have(system.full_route()));
  });
}

TEST_CASE("an agent that leaves unregisters; one that is replaced does not") {
  for (const auto leave : {agent::Leave::kUnregister, agent::Leave::kKeep}) {
    for_each_seed(30, [leave](std::uint64_t seed) {
      CAPTURE(seed);
      Deployment system({.seed = seed, .nameservers = 3, .clients = 0});
      REQUIRE(system.settle());
      system.agents[0]->stop(leave);
      const bool stopped = system.world.run_until(
          [&] { return !system.agents[0]->running(); }, 3s);
      INFO(system.transcript.text());
      CHECK(stopped);
      if (leave == agent::Leave::kUnregister) {
        CHECK(system.all_nameservers_have({"broker-1"}));
        return;
      }
      CHECK(stays_whole(system, 25s));
      system.agents[0]->start();
      CHECK(stays_whole(system, 200s));
    });
  }
}

TEST_CASE("a killed agent's broker is dropped at once, a hung one's is not") {
  Deployment system({.nameservers = 3, .clients = 0});
  REQUIRE(system.settle());
  INFO(system.transcript.text());
  system.agents[0]->node().freeze();
  CHECK(stays_whole(system, 100s));
  system.agents[0]->node().thaw();
  CHECK(stays_whole(system, 60s));
  system.agents[0]->kill();
  CHECK(system.world.run_until(
      [&] { return system.all_nameservers_have({"broker-1"}); }, 100ms));
}

}  // namespace
}  // namespace waypost::sim
