// A machine hangs with its TCP connections open. In 2018 it cost RocketMQ
// producers ten minutes, because each of them went on asking the nameserver on
// that machine: a timed-out call left the connection in place. Told with the
// timings of the profile rocketmq-4, in virtual time.

#include <doctest/doctest.h>

#include "tests/sim/deployment.h"

namespace waypost::sim {
namespace {

using namespace std::chrono_literals;
using Names = std::vector<std::string>;

// Machine A: ns-0 with broker-0 and its agent. Machine B: ns-1 with broker-1.
// The client is on a third one, and asks ns-0.
void hang_machine_a(Deployment& system) {
  system.transcript.note("machine A hangs");
  system.nameservers[0]->node().freeze();
  system.brokers[0]->node().freeze();
}

void wake_machine_a(Deployment& system) {
  system.transcript.note("machine A wakes up");
  system.nameservers[0]->node().thaw();
  system.brokers[0]->node().thaw();
}

// Virtual time until `happened`; more than `limit` when it did not.
base::Duration time_until(Deployment& system, base::Duration limit,
                          const std::function<bool()>& happened) {
  const base::Instant start = system.world.now();
  if (!system.world.run_until(happened, limit)) return limit + 1h;
  return system.world.now() - start;
}

TEST_CASE("a hung machine is left within one budget and gone on schedule") {
  for_each_seed(100, [](std::uint64_t seed) {
    CAPTURE(seed);
    Deployment system({.seed = seed});
    REQUIRE(system.settle());
    SimClient& client = *system.clients[0];
    SimNameserver& healthy = *system.nameservers[1];
    // Anywhere between two polls.
    system.world.run_for(
        std::chrono::milliseconds(system.world.random().below(40'000)));
    INFO(system.transcript.text());
    CHECK(client.nameserver() == system.nameservers[0]->endpoint().to_string());

    const base::Instant hung = system.world.now();
    hang_machine_a(system);

    // The next poll, at most 33 s away, times out and goes elsewhere: within
    // its budget of 3 s.
    const auto left = time_until(system, 40s, [&] {
      return client.nameserver() == healthy.endpoint().to_string();
    });
    CHECK(left <= 36s);
    CHECK(client.brokers_of("orders").size() == 2);

    // ns-1 knows from silence alone: last heard at most a heartbeat before.
    const auto dropped = [&] {
      return healthy.brokers_of("orders") == Names{"broker-1"};
    };
    REQUIRE(system.world.run_until(dropped, 200s));
    const auto dropped_after = system.world.now() - hung;
    CHECK(dropped_after >= 118s);
    CHECK(dropped_after <= 132s);

    REQUIRE(system.world.run_until(
        [&] { return client.brokers_of("orders") == Names{"broker-1"}; }, 60s));
    CHECK(system.world.now() - hung <= 132s + 34s);
    // Never without a route, and no other route in between than one that marks
    // the hung broker.
    for (const Names& route : client.history()) {
      const bool as_told = route == Names{"broker-0", "broker-1"} ||
                           route == Names{"broker-0 (suspect)", "broker-1"} ||
                           route == Names{"broker-1"};
      CHECK(as_told);
    }

    system.world.run_for(8min);
    CHECK(client.brokers_of("orders") == Names{"broker-1"});
    wake_machine_a(system);
    const auto whole = time_until(system, 60s, [&] {
      return system.all_nameservers_have(system.full_route());
    });
    CHECK(whole <= 5s);
    CHECK(time_until(system, 60s, [&] {
            return system.all_clients_have(system.full_route());
          }) <= 34s);
  });
}

TEST_CASE("the hung broker is suspect within seconds") {
  for_each_seed(50, [](std::uint64_t seed) {
    CAPTURE(seed);
    Deployment system({.seed = seed});
    REQUIRE(system.settle());
    INFO(system.transcript.text());
    const base::Instant hung = system.world.now();
    hang_machine_a(system);
    // A client of the healthy nameserver that asks each second.
    SimNode& node = system.world.add_node("watcher", "10.0.9.1");
    SimClient watcher(node, system.profile(),
                      {{system.nameservers[1]->endpoint()}, {}, true},
                      system.transcript.logger("watcher"));
    const Names expected{"broker-0 (suspect)", "broker-1"};
    for (int i = 0; i < 20 && watcher.brokers_of("orders") != expected; ++i) {
      watcher.refresh("orders");
      system.world.run_for(500ms);
    }
    CHECK(watcher.brokers_of("orders") == expected);
    CHECK(system.world.now() - hung <= 7500ms);
  });
}

TEST_CASE("without close-on-timeout the client hangs as the incident did") {
  Deployment system({.close_on_timeout = false});
  REQUIRE(system.settle());
  INFO(system.transcript.text());
  hang_machine_a(system);
  system.world.run_for(10min);
  SimClient& client = *system.clients[0];
  CHECK(client.nameserver() == system.nameservers[0]->endpoint().to_string());
  CHECK(client.switches() == 0);
  // The dead broker has been gone from the healthy nameserver for eight
  // minutes.
  CHECK(system.nameservers[1]->brokers_of("orders") == Names{"broker-1"});
  CHECK(client.brokers_of("orders").size() == 2);
  wake_machine_a(system);
  system.world.run_for(1min);
  CHECK(system.all_clients_have(system.full_route()));
}

TEST_CASE("a query to a hung nameserver is answered elsewhere in its budget") {
  for (const std::size_t nameservers : {2U, 3U, 5U}) {
    for_each_seed(40, [nameservers](std::uint64_t seed) {
      CAPTURE(nameservers);
      CAPTURE(seed);
      Deployment system({.seed = seed, .nameservers = nameservers});
      REQUIRE(system.settle());
      INFO(system.transcript.text());
      // All but one hang, the client's own among them.
      for (std::size_t i = 0; i + 1 < nameservers; ++i) {
        system.nameservers[i]->node().freeze();
      }
      const auto asked = system.clients[0]->refresh("orders");
      system.world.run_for(system.profile().client_rpc_timeout);
      CHECK(asked->done);
      CHECK(asked->status.has_value());
      CHECK(system.clients[0]->nameserver() ==
            system.nameservers.back()->endpoint().to_string());
      // And stays there: the next one is quick.
      const auto again = system.clients[0]->refresh("orders");
      system.world.run_for(100ms);
      CHECK(again->done);
    });
  }
}

TEST_CASE("a cut link to a nameserver is left within the budget too") {
  for_each_seed(40, [](std::uint64_t seed) {
    CAPTURE(seed);
    Deployment system({.seed = seed});
    REQUIRE(system.settle());
    INFO(system.transcript.text());
    if (seed % 2 == 0) {
      system.world.cut("app-0", "ns-0");
    } else {
      system.world.cut_one_way("ns-0", "app-0");
    }
    const auto asked = system.clients[0]->refresh("orders");
    system.world.run_for(system.profile().client_rpc_timeout);
    CHECK(asked->done);
    CHECK(asked->status.has_value());
  });
}

TEST_CASE("a killed nameserver is left at once") {
  for_each_seed(40, [](std::uint64_t seed) {
    CAPTURE(seed);
    Deployment system({.seed = seed});
    REQUIRE(system.settle());
    INFO(system.transcript.text());
    system.nameservers[0]->kill();
    const auto asked = system.clients[0]->refresh("orders");
    system.world.run_for(150ms);
    CHECK(asked->done);
    CHECK(asked->status.has_value());
  });
}

TEST_CASE("with all nameservers gone, known routes stay in use") {
  for (const bool hang : {true, false}) {
    CAPTURE(hang);
    Deployment system({.nameservers = 3, .clients = 5});
    REQUIRE(system.settle());
    for (auto& nameserver : system.nameservers) {
      if (hang) {
        nameserver->node().freeze();
      } else {
        nameserver->kill();
      }
    }
    system.world.run_for(20min);
    CHECK(system.all_clients_have(system.full_route()));
    for (const auto& client : system.clients) {
      for (const Names& route : client->history()) {
        CHECK(route == system.full_route());
      }
    }
    for (auto& nameserver : system.nameservers) {
      hang ? nameserver->node().thaw() : nameserver->start();
    }
    system.transcript.note("nameservers are back");
    INFO(system.transcript.text());
    CHECK(system.world.run_until(
        [&] { return system.all_nameservers_have(system.full_route()); }, 60s));
    const auto asked = system.clients[0]->refresh("orders");
    system.world.run_for(3s);
    CHECK(asked->done);
    CHECK(asked->status.has_value());
  }
}

TEST_CASE("one hung nameserver delays no registration at the others") {
  for_each_seed(100, [](std::uint64_t seed) {
    CAPTURE(seed);
    Deployment system({.seed = seed, .nameservers = 3, .brokers = 4});
    INFO(system.transcript.text());
    for (auto& nameserver : system.nameservers) nameserver->start();
    system.nameservers[seed % 3]->node().freeze();
    for (auto& agent : system.agents) agent->start();
    const auto others_have = [&](const std::string& topic) {
      for (std::size_t i = 0; i < 3; ++i) {
        if (i == seed % 3) continue;
        if (system.nameservers[i]->brokers_of(topic) != system.full_route()) {
          return false;
        }
      }
      return true;
    };
    CHECK(time_until(system, 10s, [&] { return others_have("orders"); }) <=
          500ms);
    system.world.run_for(20s);
    for (auto& agent : system.agents) agent->set_topics({"orders", "more"});
    CHECK(time_until(system, 10s, [&] { return others_have("more"); }) <=
          500ms);
    system.nameservers[seed % 3]->node().thaw();
    CHECK(time_until(system, 10s, [&] {
            return system.all_nameservers_have(system.full_route());
          }) <= 3s);
  });
}

TEST_CASE("a hung broker under an exchange probe is unrouted in 5 s") {
  for_each_seed(100, [](std::uint64_t seed) {
    CAPTURE(seed);
    Deployment system({.seed = seed, .brokers = 3, .probes = true});
    REQUIRE(system.settle());
    INFO(system.transcript.text());
    system.world.run_for(
        std::chrono::milliseconds(system.world.random().below(5'000)));
    system.transcript.note("broker-1 hangs");
    system.brokers[1]->node().freeze();
    const Names without{"broker-0", "broker-2"};
    CHECK(time_until(system, 20s, [&] {
            return system.all_nameservers_have(without);
          }) < 5s);
    system.world.run_for(1min);
    CHECK(system.all_nameservers_have(without));
    system.transcript.note("broker-1 wakes up");
    system.brokers[1]->node().thaw();
    CHECK(time_until(system, 20s, [&] {
            return system.all_nameservers_have(system.full_route());
          }) < 5s);
  });
}

}  // namespace
}  // namespace waypost::sim
