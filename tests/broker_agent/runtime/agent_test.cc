// Whole agents against the real registry behind the real protocol, on the
// simulated network: what operators are promised, with the times.

#include <deque>
#include <optional>

#include <doctest/doctest.h>

#include "broker_agent/runtime/agent_runner.h"
#include "tests/broker_agent/runtime/scripted_broker.h"
#include "tests/broker_agent/runtime/small_nameserver.h"
#include "tests/support/sim/sim_world.h"

namespace waypost::agent {
namespace {

using namespace std::chrono_literals;
using testing::mqtt_answer;
using testing::ScriptedBroker;
using testing::SmallNameserver;

TopicListPtr topics_named(std::vector<std::string> names) {
  std::vector<model::TopicConfig> topics;
  for (auto& name : names)
    topics.push_back({model::TopicName(name), {4, 4, {}, 0}});
  return std::make_shared<const TopicList>(*TopicList::make(topics));
}

// Two nameservers, and a broker with its agent on a third machine.
struct AgentWorld {
  explicit AgentWorld(std::vector<std::string> probes = {},
                      std::uint64_t seed = 1)
      : world({.seed = seed}) {
    for (std::size_t i = 0; i < 2; ++i) {
      const std::string digit = std::to_string(i + 1);
      ns_nodes.push_back(&world.add_node("ns" + digit, "10.0.0." + digit));
      boot_nameserver(i);
      settings.nameservers.push_back({"10.0.0." + digit, 9876});
    }
    settings.registration.identity = {
        model::ClusterName("c"),
        {model::BrokerName("broker-a"), model::kMasterId},
        {"10.0.0.9", 1883},
        "z1"};
    settings.registration.seed = seed;
    for (const auto& probe : probes) {
      settings.probes.push_back(
          *parse_probe(probe, settings.registration.identity.address));
    }
    broker.emplace(broker_node.executor(), broker_node.network(),
                   settings.registration.identity.address);
  }

  void boot_nameserver(std::size_t i) {
    if (servers.size() <= i) servers.resize(i + 1);
    servers[i] = std::make_unique<SmallNameserver>(
        ns_nodes[i]->executor(), ns_nodes[i]->network(),
        base::Endpoint{ns_nodes[i]->address(), 9876}, ++incarnations);
  }
  void start_agent() {
    agent = make_agent(agent_node);
    agent->start();
  }
  std::unique_ptr<AgentRunner> make_agent(sim::SimNode& node) {
    return std::make_unique<AgentRunner>(
        AgentSurroundings{node.executor(),
                          node.network(),
                          {},
                          [](const std::string&) { return false; },
                          {}},
        settings, topics_named({"orders"}),
        [this](const Note& note, const std::string& nameserver) {
          notes.push_back({note.what, nameserver, note.detail});
        });
  }

  bool in_route(std::size_t i, const std::string& topic = "orders") {
    return servers[i]->in_route(topic, "broker-a").present;
  }
  // How long from now until `done`; fails when not within `limit`.
  base::Duration time_until(const std::function<bool()>& done,
                            base::Duration limit) {
    const auto start = world.elapsed();
    CHECK(world.run_until(done, limit));
    return world.elapsed() - start;
  }
  std::size_t count(Note::What what) const {
    std::size_t found = 0;
    for (const auto& each : notes) found += each.what == what ? 1U : 0U;
    return found;
  }

  struct Noted {
    Note::What what;
    std::string nameserver;
    std::string detail;
  };
  sim::SimWorld world;
  std::vector<sim::SimNode*> ns_nodes;
  sim::SimNode& broker_node = world.add_node("broker", "10.0.0.9");
  sim::SimNode& agent_node = world.add_node("agent", "10.0.0.8");
  std::uint64_t incarnations = 0;
  std::vector<std::unique_ptr<SmallNameserver>> servers;
  AgentSettings settings;
  std::optional<ScriptedBroker> broker;
  std::deque<Noted> notes;
  std::unique_ptr<AgentRunner> agent;
};

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
  CHECK(listing->epoch.value() == 1);
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

TEST_CASE("one hung nameserver does not delay what the other is told") {
  AgentWorld w;
  w.ns_nodes[0]->freeze();
  w.start_agent();
  CHECK(w.time_until([&] { return w.in_route(1); }, 1s) < 50ms);
  w.world.run_for(20s);
  w.agent->set_topics(topics_named({"orders", "new"}));
  CHECK(w.time_until([&] { return w.in_route(1, "new"); }, 1s) < 10ms);
}

TEST_CASE("a nameserver that hung and woke never misses the broker") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    AgentWorld w({}, seed);
    w.start_agent();
    w.world.run_for(5s);
    w.ns_nodes[0]->freeze();
    w.world.run_for(20s + seed * 77ms);
    CHECK(w.count(Note::What::kNameserverHung) >= 1);
    w.ns_nodes[0]->thaw();
    w.world.run_for(3s);
    CHECK(w.in_route(0));
    // The socket that was kept open is gone, and with it nothing else: the
    // broker was never removed.
    CHECK(w.servers[0]->changes().size() <= 3);
    for (const std::string& change : w.servers[0]->changes()) {
      CHECK(change.find("closed") == std::string::npos);
      CHECK(change.find("expired") == std::string::npos);
    }
    w.world.run_for(15s);
    CHECK(w.servers[0]->connection_count() == 1);
  }
}

TEST_CASE("a restarted nameserver has everything back within a heartbeat") {
  AgentWorld w;
  w.start_agent();
  w.world.run_for(5s);
  w.ns_nodes[0]->kill();
  w.servers[0].reset();
  w.ns_nodes[0]->restart();
  w.boot_nameserver(0);
  CHECK(w.time_until([&] { return w.in_route(0); }, 5s) < 1s);
  CHECK(w.count(Note::What::kRestarted) == 1);
}

TEST_CASE("a nameserver that comes back after long is found within a second") {
  AgentWorld w;
  w.start_agent();
  w.world.run_for(5s);
  w.ns_nodes[0]->kill();
  w.servers[0].reset();
  w.world.run_for(10min);
  CHECK(w.in_route(1));
  w.ns_nodes[0]->restart();
  w.boot_nameserver(0);
  CHECK(w.time_until([&] { return w.in_route(0); }, 5s) < 1s);
  // Ten minutes of failures are not six hundred log lines.
  CHECK(w.count(Note::What::kCannotReach) <= 25);
}

TEST_CASE("a newer process takes the name over and the old one stands back") {
  AgentWorld w;
  w.start_agent();
  w.world.run_for(5s);
  auto newer = w.make_agent(w.broker_node);
  newer->start();
  w.world.run_for(10s);
  CHECK(newer->registered_count() == 2);
  CHECK(w.servers[0]->broker("broker-a")->epoch.value() == 2);
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

TEST_CASE("it says which nameserver shares its machine, by name too") {
  AgentWorld w;
  w.world.add_host("ns.example", {"10.0.0.8"});
  w.settings.nameservers.push_back({"ns.example", 9876});
  AgentRunner agent({w.agent_node.executor(),
                     w.agent_node.network(),
                     {},
                     [](const std::string& host) { return host == "10.0.0.8"; },
                     {}},
                    w.settings, topics_named({"orders"}),
                    [&](const Note& note, const std::string& nameserver) {
                      w.notes.push_back({note.what, nameserver, note.detail});
                    });
  agent.start();
  w.world.run_for(1s);
  REQUIRE(w.count(Note::What::kSharesHost) == 1);
  for (const auto& note : w.notes) {
    if (note.what != Note::What::kSharesHost) continue;
    CHECK(note.nameserver == "ns.example:9876 (10.0.0.8)");
  }
}

TEST_CASE("a name stands for all its addresses, and follows them") {
  AgentWorld w;
  w.ns_nodes.push_back(&w.world.add_node("ns3", "10.0.0.3"));
  w.boot_nameserver(2);
  w.settings.nameservers = {{"ns.example", 9876}};
  w.world.add_host("ns.example", {"10.0.0.1", "10.0.0.2"}, 30s);
  // Not yet.
  w.world.set_lookup("ns.example", sim::SimWorld::Lookup::kFails);
  w.start_agent();
  w.world.run_for(70s);
  CHECK(w.agent->registered_count() == 0);
  w.world.set_lookup("ns.example", sim::SimWorld::Lookup::kWorks);
  w.world.run_for(40s);
  CHECK(w.in_route(0));
  CHECK(w.in_route(1));
  CHECK_FALSE(w.in_route(2));
  // One goes, one comes; the one that goes is left, not told goodbye.
  w.world.add_host("ns.example", {"10.0.0.2", "10.0.0.3"}, 30s);
  w.world.run_for(40s);
  CHECK_FALSE(w.in_route(0));
  CHECK(w.in_route(1));
  CHECK(w.in_route(2));
  CHECK(w.agent->registered_count() == 2);
  CHECK(w.count(Note::What::kUnregistered) == 0);
  // The last good list is kept.
  w.world.set_lookup("ns.example", sim::SimWorld::Lookup::kFails);
  w.world.run_for(10min);
  CHECK(w.in_route(1));
  CHECK(w.in_route(2));
  // And back again, in a place that was free.
  w.world.set_lookup("ns.example", sim::SimWorld::Lookup::kWorks);
  w.world.add_host("ns.example", {"10.0.0.1", "10.0.0.3"}, 30s);
  w.world.run_for(2min);
  CHECK(w.in_route(0));
  CHECK_FALSE(w.in_route(1));
  CHECK(w.in_route(2));
  CHECK(w.count(Note::What::kSuperseded) == 0);
  bool stopped = false;
  w.agent->stop(Leave::kUnregister, [&] { stopped = true; });
  w.world.run_for(5s);
  CHECK(stopped);
  CHECK_FALSE(w.in_route(0));
  CHECK_FALSE(w.in_route(2));
}

TEST_CASE("a nameserver with two addresses is registered with once") {
  AgentWorld w;
  // Another port of the first one's process, as far as anybody can tell.
  auto second = std::make_unique<SmallNameserver>(
      w.ns_nodes[0]->executor(), w.ns_nodes[0]->network(),
      base::Endpoint{w.ns_nodes[0]->address(), 9877}, 1);
  w.settings.nameservers = {{"10.0.0.1", 9876}, {"10.0.0.1", 9877}};
  w.start_agent();
  w.world.run_for(10min);
  const auto at_second = [&] {
    return second->in_route("orders", "broker-a").present;
  };
  CHECK(w.agent->registered_count() == 1);
  CHECK(w.in_route(0) != at_second());
  CHECK(w.count(Note::What::kRegistered) == 1);
  CHECK(w.count(Note::What::kSuperseded) == 0);
  // When the way to it breaks, the other one is taken.
  const bool first = w.in_route(0);
  (first ? w.servers[0] : second).reset();
  w.world.run_for(5s);
  CHECK(w.agent->registered_count() == 1);
  CHECK((first ? at_second() : w.in_route(0)));
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
