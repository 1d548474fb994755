// Real brokers that hang and die beside their agents, with default settings;
// and agents that end.

#include <doctest/doctest.h>

#include "tests/processes/system.h"

namespace waypost::processes {
namespace {

using namespace std::chrono_literals;
using support::Stopwatch;

const Names kBoth{"broker-a", "broker-b"};
const Names kOther{"broker-b"};

// A second broker that stays, so that the route is not empty; a topic whose
// brokers are all unhealthy keeps them.
void add_other(System& system) {
  system.add_agent("broker-b");
  REQUIRE(system.all_have(kBoth));
}

void check_hang_and_recovery(System& system, BrokerProcess& broker) {
  broker.process().stop();
  const Stopwatch watch;
  const bool gone = system.all_have(kOther, scaled(5s));
  INFO(system.transcript());
  CHECK(gone);
  MESSAGE("unrouted after " << watch.elapsed().count() << " ms");
  broker.process().resume();
  CHECK(system.all_have(kBoth, scaled(8s)));
}

TEST_CASE("a hung broker under an exchange probe is unrouted in 5 s") {
  System system(2);
  BrokerProcess broker = BrokerProcess::stub();
  system.add_agent("broker-a", {"--probe", "tcp-exchange:ping\\n/pong"},
                   broker.address());
  add_other(system);
  check_hang_and_recovery(system, broker);
}

TEST_CASE("a hung mosquitto under an mqtt probe is unrouted in 5 s") {
  auto broker = BrokerProcess::mosquitto();
  if (!broker) {
    MESSAGE("mosquitto is not installed: nothing tested");
    return;
  }
  System system(2);
  system.add_agent("broker-a", {"--probe", "mqtt"}, broker->address());
  add_other(system);
  check_hang_and_recovery(system, *broker);
}

TEST_CASE("a killed broker under a tcp probe is unrouted in 5 s") {
  System system(2);
  BrokerProcess broker = BrokerProcess::stub();
  system.add_agent("broker-a", {"--probe", "tcp"}, broker.address());
  add_other(system);
  broker.process().kill();
  CHECK(system.all_have(kOther, scaled(5s)));
}

TEST_CASE("a client's route follows and its picks avoid the hung broker") {
  System system(2, "fast");
  BrokerProcess broker = BrokerProcess::stub();
  system.add_agent("broker-a", {"--probe", "tcp-exchange:ping\\n/pong"},
                   broker.address());
  add_other(system);
  auto client = Client::create(system.client_options());
  REQUIRE(client.has_value());
  REQUIRE(client->route(kTopic, scaled(5s)).has_value());
  broker.process().stop();
  // Verdict and the next poll, 2 s.
  CHECK(wait_until(scaled(8s), [&] {
    return brokers_of(*client->route(kTopic)) == kOther;
  }));
  for (int i = 0; i < 10; ++i) {
    CHECK(client->pick(kTopic)->broker_name() == "broker-b");
  }
}

TEST_CASE("an unhealthy broker can be kept for consumers only") {
  System system(1, "fast");
  BrokerProcess broker = BrokerProcess::stub();
  system.add_agent("broker-a",
                   {"--probe", "tcp-exchange:ping\\n/pong",
                    "--agent.unhealthy-action", "drop-write"},
                   broker.address());
  add_other(system);
  support::RouteInquirer inquirer(system.nameservers[0]->endpoint());
  broker.process().stop();
  CHECK(wait_until(scaled(5s), [&] {
    const auto answer = inquirer.ask(kTopic);
    if (answer.brokers() != kBoth) return false;
    const auto& permission = answer.route.route.groups[0].queues.permission;
    return permission.readable() && !permission.writable();
  }));
}

TEST_CASE("the only broker of a topic stays in its route, flagged") {
  System system(1);
  BrokerProcess broker = BrokerProcess::stub();
  system.add_agent("broker-a", {"--probe", "tcp-exchange:ping\\n/pong"},
                   broker.address());
  REQUIRE(system.all_have({"broker-a"}));
  broker.process().stop();
  support::RouteInquirer inquirer(system.nameservers[0]->endpoint());
  CHECK(wait_until(scaled(8s), [&] {
    const auto answer = inquirer.ask(kTopic);
    return !answer.error &&
           answer.route.route.groups.at(0).replicas.at(0).health ==
               model::BrokerHealth::kUnhealthy;
  }));
}

TEST_CASE("an agent that ends takes its broker out of the routes") {
  System system(2);
  AgentProcess& agent = system.add_agent("broker-a");
  add_other(system);
  agent.process().terminate();
  const auto exit = agent.process().wait(scaled(5s));
  REQUIRE(exit.has_value());
  CHECK(exit->status == 0);
  CHECK(system.all_have(kOther));
}

TEST_CASE("an agent that is replaced leaves its broker in the routes") {
  System system(2, "fast");
  AgentProcess& agent = system.add_agent(
      "broker-a", {"--on-exit", "keep", "--agent.handover-grace", "12s"});
  add_other(system);
  agent.process().terminate();
  const auto exit = agent.process().wait(scaled(5s));
  REQUIRE(exit.has_value());
  CHECK(exit->status == 0);
  // Longer than an expiry, 3 s, and shorter than the grace.
  std::vector<support::RouteInquirer> inquirers;
  for (const auto& each : system.nameservers) {
    inquirers.emplace_back(each->endpoint());
  }
  const Stopwatch watch;
  while (watch.elapsed() < 5s) {
    for (auto& inquirer : inquirers) {
      INFO(system.transcript());
      REQUIRE(inquirer.ask(kTopic).brokers() == kBoth);
    }
  }
  // The next one takes over before the grace is over, and it stays.
  agent.start();
  CHECK(wait_until(scaled(5s), [&] {
    return agent.process().transcript().find("registered") != std::string::npos;
  }));
  while (watch.elapsed() < 15s) {
    for (auto& inquirer : inquirers) {
      INFO(system.transcript());
      REQUIRE(inquirer.ask(kTopic).brokers() == kBoth);
    }
  }
}

TEST_CASE("a killed agent's broker goes at once") {
  System system(2);  // expiry 120 s
  AgentProcess& agent = system.add_agent("broker-a");
  add_other(system);
  agent.process().kill();
  CHECK(system.all_have(kOther));
}

TEST_CASE("a stopped agent's broker goes by expiry, and comes back") {
  System system(2, "fast");
  AgentProcess& agent = system.add_agent("broker-a");
  add_other(system);
  agent.process().stop();
  support::RouteInquirer inquirer(system.nameservers[0]->endpoint());
  CHECK(wait_until(scaled(5s), [&] {
    const auto answer = inquirer.ask(kTopic);
    return answer.brokers() == kBoth &&
           answer.route.route.groups[0].replicas[0].health ==
               model::BrokerHealth::kSuspect;
  }));
  CHECK(system.all_have(kOther, scaled(8s)));
  agent.process().resume();
  CHECK(system.all_have(kBoth, scaled(5s)));
}

}  // namespace
}  // namespace waypost::processes
