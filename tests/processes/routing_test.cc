// Two nameservers, agents and a client: register, query, pick.

#include <map>
#include <set>

#include <doctest/doctest.h>

#include "tests/processes/system.h"

namespace waypost::processes {
namespace {

using namespace std::chrono_literals;

TEST_CASE("brokers register, a client finds them and picks them fairly") {
  System system(2);
  system.add_agent("broker-a", {}, "127.0.0.1:1001");
  system.add_agent("broker-b", {"--zone", "z2"}, "127.0.0.1:1002");
  REQUIRE(system.all_have({"broker-a", "broker-b"}));

  auto created = Client::create(system.client_options());
  REQUIRE(created.has_value());
  Client& client = *created;
  const auto route = client.route(kTopic, scaled(5s));
  INFO(system.transcript());
  REQUIRE(route.has_value());
  CHECK(brokers_of(*route) == Names{"broker-a", "broker-b"});
  CHECK(route->nameserver == system.addresses()[0]);
  const RouteGroup& group = route->groups[1];
  CHECK(group.cluster == "c1");
  CHECK(group.read_queues == 4);
  CHECK(group.write_queues == 4);
  CHECK(group.readable);
  CHECK(group.writable);
  REQUIRE(group.replicas.size() == 1);
  CHECK(group.replicas[0].broker.address == "127.0.0.1:1002");
  CHECK(group.replicas[0].broker.zone == "z2");
  CHECK(group.replicas[0].health == BrokerHealth::kHealthy);

  std::map<std::string, std::map<std::uint32_t, int>> picked;
  for (int i = 0; i < 800; ++i) {
    const auto pick = client.pick(kTopic);
    REQUIRE(pick.has_value());
    ++picked[pick->broker_name()][pick->queue()];
  }
  CHECK(picked.size() == 2);
  for (const auto& [broker, queues] : picked) {
    CAPTURE(broker);
    CHECK(queues.size() == 4);
    for (const auto& [queue, times] : queues) CHECK(times == 100);
  }

  // The same route has the same version everywhere.
  std::set<std::string> digests;
  for (const auto& each : system.nameservers) {
    support::RouteInquirer inquirer(each->endpoint());
    digests.insert(inquirer.ask(kTopic).route.digest.to_string());
  }
  CHECK(digests.size() == 1);

  const auto missing = client.route("nobody-serves-this", scaled(5s));
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().code == ErrorCode::kNotFound);
  CHECK(client.close(scaled(5s)).has_value());
}

TEST_CASE("a changed topic file is registered everywhere at once") {
  System system(2);
  AgentProcess& agent = system.add_agent("broker-a");
  REQUIRE(system.all_have({"broker-a"}));
  agent.set_topics({kTopic, "invoices"});
  for (const auto& each : system.nameservers) {
    CHECK(support::wait_for_route(each->endpoint(), "invoices", {"broker-a"},
                                  scaled(5s)));
  }
  agent.set_topics({"invoices"});
  for (const auto& each : system.nameservers) {
    support::RouteInquirer inquirer(each->endpoint());
    CHECK(wait_until(scaled(5s), [&] {
      const auto answer = inquirer.ask(kTopic);
      return answer.error && answer.error->code == base::ErrorCode::kNotFound;
    }));
    CHECK(inquirer.ask("invoices").brokers() == Names{"broker-a"});
  }
  // A broken file changes nothing.
  INFO(system.transcript());
  agent.set_topics({"bad name with blanks"});
  CHECK(wait_until(scaled(5s), [&] {
    return agent.process().transcript().find("bad name") != std::string::npos;
  }));
  support::RouteInquirer inquirer(system.nameservers[0]->endpoint());
  CHECK(inquirer.ask("invoices").brokers() == Names{"broker-a"});
}

TEST_CASE("send goes on to another broker when one does not answer") {
  System system(1);
  system.add_agent("broker-a", {}, "127.0.0.1:1001");
  system.add_agent("broker-b", {}, "127.0.0.1:1002");
  REQUIRE(system.all_have({"broker-a", "broker-b"}));
  auto client = Client::create(system.client_options());
  REQUIRE(client.has_value());
  std::size_t attempts = 0;
  for (int i = 0; i < 20; ++i) {
    const SendResult sent =
        client->send(kTopic, [](const Pick& pick, std::chrono::nanoseconds) {
          return pick.broker_name() == "broker-a"
                     ? AttemptResult::failed("no answer")
                     : AttemptResult::ok();
        });
    CHECK(sent.ok());
    attempts += sent.attempts.size();
  }
  // The first failure makes the client avoid it.
  CHECK(attempts <= 21);
  CHECK(client->stats().avoided == 1);
}

TEST_CASE("an agent on a nameserver's host warns of it") {
  System system(1);
  AgentProcess& agent = system.add_agent("broker-a");
  REQUIRE(system.all_have({"broker-a"}));
  CHECK(wait_until(scaled(5s), [&] {
    const auto text = agent.process().transcript();
    return text.find("runs on the broker's machine") != std::string::npos &&
           text.find(system.addresses()[0]) != std::string::npos;
  }));
  INFO(agent.process().transcript());
}

}  // namespace
}  // namespace waypost::processes
