// Whole agents against the real registry behind the real protocol, on the
// simulated network: what operators are promised, with the times.

#include <doctest/doctest.h>

#include "tests/broker_agent/runtime/agent_world.h"

namespace waypost::agent {
namespace {

using namespace std::chrono_literals;
using testing::AgentWorld;
using testing::mqtt_answer;
using testing::topics_named;

TEST_CASE("an agent is in the routes of all nameservers within milliseconds") {
  AgentWorld w;
  w.start_agent();
  CHECK(w.time_until([&] { return w.in_route(0) && w.in_route(1); }, 1s) <
        50ms);
  const auto listing = w.servers[0]->broker("broker-a");
  REQUIRE(listing.has_value());
  CHECK(listing->cluster.value() == "c");
  CHECK(listing->zone == "z1");
  CHECK(listing->address.to_string() == "10.0.0.9:1883");
  // Nobody knew of one: the time of its start.
  CHECK(listing->epoch.value() == 1'767'225'600'000);
}

TEST_CASE("it stays registered for ever, with light heartbeats") {
  AgentWorld w;
  w.start_agent();
  w.world.run_for(30min);
  for (auto& server : w.servers) {
    CHECK(server->changes().size() == 1);  // registered, and nothing since
    CHECK(server->requests(codec::FrameKind::kHello) == 1);
    const auto registers = server->requests(codec::FrameKind::kRegister);
    CHECK(registers >= 55);
    CHECK(registers <= 68);
    const auto heartbeats = server->requests(codec::FrameKind::kHeartbeat);
    CHECK(heartbeats >= 1650);
    CHECK(heartbeats <= 1900);
  }
}

TEST_CASE("a hung broker leaves the routes in under 5 s, for all but tcp") {
  for (const char* probe : {"mqtt", "tcp-exchange:PING/+PONG", "http:/"}) {
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
      CAPTURE(probe);
      CAPTURE(seed);
      AgentWorld w({probe}, seed);
      const std::string kind = probe;
      w.broker->set_answer(kind == "mqtt"
                               ? mqtt_answer()
                               : [&kind](std::string_view) -> std::string {
        return kind == "http:/" ? "HTTP/1.1 200 OK\r\n\r\n" : "+PONG";
      });
      w.start_agent();
      REQUIRE(w.world.run_until([&] { return w.in_route(0) && w.in_route(1); },
                                3s));
      // Another broker, so that leaving the routes is possible at all: the
      // last one of a topic stays, flagged.
      AgentSettings other = w.settings;
      other.probes.clear();
      other.registration.identity.broker.broker_name =
          model::BrokerName("broker-b");
      AgentRunner second({w.agent_node.executor(),
                          w.agent_node.network(),
                          {},
                          [](const std::string&) { return false; },
                          {}},
                         other, topics_named({"orders"}));
      second.start();
      w.world.run_for(5s + seed * 130ms);  // anywhere in the interval
      REQUIRE(w.in_route(0));
      w.broker_node.freeze();
      CHECK(w.time_until([&] { return !w.in_route(0) && !w.in_route(1); },
                         10s) < 3100ms);
      w.broker_node.thaw();
      CHECK(w.time_until([&] { return w.in_route(0) && w.in_route(1); }, 10s) <
            3100ms);
    }
  }
}

TEST_CASE("a dead broker leaves the routes in under 5 s, also for tcp") {
  for (const char* probe : {"tcp", "mqtt"}) {
    for (const bool machine_too : {false, true}) {
      CAPTURE(probe);
      CAPTURE(machine_too);
      AgentWorld w({probe});
      w.broker->set_answer(mqtt_answer());
      w.start_agent();
      w.world.run_for(5300ms);
      REQUIRE(w.servers[0]->broker("broker-a")->health ==
              model::BrokerHealth::kHealthy);
      if (machine_too) {
        w.world.isolate("broker");
      } else {
        w.broker_node.kill();
        w.broker.reset();
      }
      CHECK(w.time_until(
                [&] {
                  return w.servers[0]->broker("broker-a")->health ==
                             model::BrokerHealth::kUnhealthy &&
                         w.servers[1]->broker("broker-a")->health ==
                             model::BrokerHealth::kUnhealthy;
                },
                10s) < 3100ms);
    }
  }
}

TEST_CASE("an agent that starts beside a dead broker registers it unhealthy") {
  AgentWorld w({"mqtt"});
  SUBCASE("refusing") { w.broker->stop_listening(); }
  SUBCASE("hung") { w.broker_node.freeze(); }
  w.start_agent();
  REQUIRE(w.world.run_until(
      [&] { return w.servers[0]->broker("broker-a").has_value(); }, 2s));
  CHECK(w.servers[0]->broker("broker-a")->health ==
        model::BrokerHealth::kUnhealthy);
  CHECK(w.servers[0]->broker("broker-a")->health_reason.starts_with("mqtt: "));
}

TEST_CASE("drop-write keeps the broker readable") {
  AgentWorld w({"mqtt"});
  w.settings.registration.unhealthy_action =
      model::VerdictAction::kDropWritePermission;
  w.broker->set_answer(mqtt_answer());
  w.start_agent();
  w.world.run_for(2s);
  CHECK(w.servers[0]->in_route("orders", "broker-a").writable);
  w.broker_node.freeze();
  w.world.run_for(4s);
  CHECK(w.servers[0]->in_route("orders", "broker-a").present);
  CHECK_FALSE(w.servers[0]->in_route("orders", "broker-a").writable);
}

TEST_CASE("the embedding broker's own word is a verdict at once") {
  AgentWorld w;
  w.start_agent();
  w.world.run_for(1s);
  w.agent->report_health(false, "disk full");
  CHECK(w.time_until(
            [&] {
              return w.servers[1]->broker("broker-a")->health ==
                     model::BrokerHealth::kUnhealthy;
            },
            1s) < 10ms);
  CHECK(w.servers[1]->broker("broker-a")->health_reason ==
        "the broker reports: disk full");
}

TEST_CASE("changed topics are in the routes within milliseconds") {
  AgentWorld w;
  w.start_agent();
  w.world.run_for(1s);
  w.agent->set_topics(topics_named({"orders", "new"}));
  CHECK(w.time_until([&] { return w.in_route(0, "new"); }, 1s) < 10ms);
  w.agent->set_topics(topics_named({"new"}));
  CHECK(w.time_until([&] { return !w.in_route(1, "orders"); }, 1s) < 10ms);
}

TEST_CASE("a newer process takes the name over and the old one stands back") {
  AgentWorld w;
  w.start_agent();
  w.world.run_for(5s);
  const model::Epoch first = w.servers[0]->broker("broker-a")->epoch;
  auto newer = w.make_agent(w.broker_node);
  newer->start();
  w.world.run_for(10s);
  CHECK(newer->registered_count() == 2);
  CHECK(w.servers[0]->broker("broker-a")->epoch > first);
  CHECK(w.agent->registered_count() == 0);
  CHECK(w.count(Note::What::kSuperseded) == 2);
  // No fight: nobody takes anything from anybody any more.
  const auto before = w.servers[0]->changes().size();
  w.world.run_for(5min);
  CHECK(w.servers[0]->changes().size() == before);
  // The newer one leaves; the old one takes its place again.
  bool stopped = false;
  newer->stop(Leave::kUnregister, [&] { stopped = true; });
  REQUIRE(w.world.run_until([&] { return stopped; }, 3s));
  newer.reset();
  w.world.run_for(70s);
  CHECK(w.agent->registered_count() == 2);
}

TEST_CASE("stopping unregisters everywhere before the callback") {
  AgentWorld w;
  w.start_agent();
  w.world.run_for(5s);
  bool stopped = false;
  w.agent->stop(Leave::kUnregister, [&] {
    stopped = true;
    w.agent.reset();  // allowed here
  });
  CHECK(w.time_until([&] { return stopped; }, 5s) < 50ms);
  CHECK_FALSE(w.servers[0]->broker("broker-a").has_value());
  CHECK_FALSE(w.servers[1]->broker("broker-a").has_value());
  CHECK(w.servers[0]->changes().back() == "unregistered broker-a/0");
}

TEST_CASE("stopping with keep leaves the routes as they are for the next") {
  AgentWorld w;
  w.start_agent();
  w.world.run_for(5s);
  bool stopped = false;
  w.agent->stop(Leave::kKeep, [&] { stopped = true; });
  REQUIRE(w.world.run_until([&] { return stopped; }, 3s));
  w.agent.reset();
  w.world.run_for(10s);
  CHECK(w.in_route(0));
  w.start_agent();
  w.world.run_for(60s);
  CHECK(w.in_route(0));
  CHECK(w.in_route(1));
  for (const std::string& change : w.servers[0]->changes()) {
    CHECK(change.find("closed") == std::string::npos);
  }
}

TEST_CASE("stopping is bounded when a nameserver hangs") {
  AgentWorld w;
  w.start_agent();
  w.world.run_for(5s);
  w.ns_nodes[0]->freeze();
  w.world.run_for(300ms);
  bool stopped = false;
  w.agent->stop(Leave::kUnregister, [&] { stopped = true; });
  CHECK(w.time_until([&] { return stopped; }, 10s) <= 2100ms);
  CHECK_FALSE(w.servers[1]->broker("broker-a").has_value());
}

TEST_CASE("an agent is destroyed at any moment without harm") {
  for (int step = 0; step < 40; ++step) {
    AgentWorld w({"mqtt", "tcp", "http:/"});
    w.broker->set_answer(mqtt_answer());
    w.start_agent();
    w.world.run_for(step * 300us);
    w.agent.reset();
    w.world.run_for(5s);
    CHECK_FALSE(w.servers[0]->broker("broker-a").has_value());
  }
}

TEST_CASE("an agent that was stopped for a while blames nobody when it wakes") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const bool with_machine = seed % 2 == 0;
    CAPTURE(seed);
    AgentWorld w({"mqtt", "tcp"}, seed);
    w.broker->set_answer(mqtt_answer());
    w.start_agent();
    w.world.run_for(5s + seed * 97ms);
    with_machine ? w.agent_node.suspend() : w.agent_node.freeze();
    w.world.run_for(20s);
    with_machine ? w.agent_node.resume() : w.agent_node.thaw();
    w.world.run_for(5s);
    CHECK(w.agent->registered_count() == 2);
    CHECK(w.count(Note::What::kUnhealthy) == 0);
    for (auto& server : w.servers) {
      // It was suspect for its silence, and never gone.
      CHECK(server->broker("broker-a")->health ==
            model::BrokerHealth::kHealthy);
      for (const std::string& change : server->changes()) {
        CHECK(change.find("closed") == std::string::npos);
        CHECK(change.find("unhealthy") == std::string::npos);
      }
    }
  }
}

TEST_CASE("over a bad network it is whole again soon after it is good") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    CAPTURE(seed);
    AgentWorld w({"mqtt"}, seed);
    w.broker->set_answer(mqtt_answer());
    w.start_agent();
    base::Random random(seed);
    for (int i = 0; i < 30; ++i) {
      const std::string ns = random.chance(0.5) ? "ns1" : "ns2";
      switch (random.below(5)) {
        case 0:
          w.world.cut("agent", ns);
          break;
        case 1:
          w.world.cut_one_way(ns, "agent");
          break;
        case 2:
          w.world.node(ns).running() ? w.world.node(ns).freeze()
                                     : w.world.node(ns).thaw();
          break;
        case 3:
          w.world.set_delay("agent", ns, {10ms, 900ms});
          break;
        default:
          w.agent->set_topics(
              topics_named({"orders", "t" + std::to_string(i)}));
      }
      w.world.run_for(std::chrono::milliseconds(random.below(4000)));
    }
    w.world.heal_all();
    for (auto* node : w.ns_nodes) {
      if (!node->running()) node->thaw();
      w.world.set_delay("agent", node->name(), {});
    }
    w.agent->set_topics(topics_named({"orders", "last"}));
    w.world.run_for(75s);
    CHECK(w.agent->registered_count() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
      CHECK(w.in_route(i, "last"));
      CHECK(w.servers[i]->connection_count() == 1);
      CHECK(w.servers[i]->broker("broker-a")->health ==
            model::BrokerHealth::kHealthy);
    }
  }
}

}  // namespace
}  // namespace waypost::agent
