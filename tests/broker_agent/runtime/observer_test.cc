// Observers of brokers that register themselves, against the real registry
// behind the real protocol, on the simulated network.

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
using testing::rocketmq_answer;
using testing::rocketmq_request_bytes;
using testing::ScriptedBroker;
using testing::SmallNameserver;

const base::Endpoint kBrokerA{"10.0.0.9", 10911};
const base::Endpoint kBrokerB{"10.0.0.7", 10911};

// Two nameservers that know two stock brokers, of which the observer on a
// fifth machine watches the first.
struct ObserverWorld {
  explicit ObserverWorld(std::uint64_t seed = 1) : world({.seed = seed}) {
    for (std::size_t i = 0; i < 2; ++i) {
      const std::string digit = std::to_string(i + 1);
      ns_nodes.push_back(&world.add_node("ns" + digit, "10.0.0." + digit));
      boot_nameserver(i);
      settings.nameservers.push_back({"10.0.0." + digit, 9876});
    }
    settings.observe = kBrokerA;
    settings.registration.seed = seed;
    settings.probes.push_back(*parse_probe("rocketmq", kBrokerA));
    broker.emplace(broker_node.executor(), broker_node.network(), kBrokerA);
    broker->set_answer(rocketmq_answer());
    broker->set_requests(rocketmq_request_bytes);
  }

  void boot_nameserver(std::size_t i) {
    if (servers.size() <= i) servers.resize(i + 1);
    servers[i] = std::make_unique<SmallNameserver>(
        ns_nodes[i]->executor(), ns_nodes[i]->network(),
        base::Endpoint{ns_nodes[i]->address(), 9876}, ++incarnations);
  }
  void register_brokers() {
    for (auto& server : servers) {
      server->register_stock_broker("broker-a", kBrokerA, "orders");
      server->register_stock_broker("broker-b", kBrokerB, "orders");
    }
  }
  void start_observer() {
    observer = std::make_unique<AgentRunner>(
        AgentSurroundings{observer_node.executor(),
                          observer_node.network(),
                          {},
                          [](const std::string&) { return false; },
                          {}},
        settings, nullptr, [this](const Note& note, const std::string&) {
          notes.push_back(note);
        });
    observer->start();
  }
  bool in_route(std::size_t i) {
    return servers[i]->in_route("orders", "broker-a").present;
  }
  bool in_no_route() { return !in_route(0) && !in_route(1); }
  bool in_all_routes() { return in_route(0) && in_route(1); }
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

  sim::SimWorld world;
  std::vector<sim::SimNode*> ns_nodes;
  sim::SimNode& broker_node = world.add_node("broker", "10.0.0.9");
  sim::SimNode& observer_node = world.add_node("observer", "10.0.0.8");
  std::uint64_t incarnations = 0;
  std::vector<std::unique_ptr<SmallNameserver>> servers;
  AgentSettings settings;
  std::optional<ScriptedBroker> broker;
  std::deque<Note> notes;
  std::unique_ptr<AgentRunner> observer;
};

TEST_CASE("a hung stock broker leaves the routes in under 5 s and returns") {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    CAPTURE(seed);
    ObserverWorld w(seed);
    w.register_brokers();
    w.start_observer();
    w.world.run_for(5s + seed * 130ms);  // anywhere in the interval
    REQUIRE(w.in_all_routes());
    CHECK(w.observer->registered_count() == 2);
    w.broker_node.freeze();
    CHECK(w.time_until([&] { return w.in_no_route(); }, 10s) < 3100ms);
    w.world.run_for(20s);  // the verdict is repeated and does not lapse
    CHECK(w.in_no_route());
    CHECK(
        w.servers[0]->broker("broker-a")->health_reason.find("rocketmq: no") ==
        0);
    w.broker_node.thaw();
    CHECK(w.time_until([&] { return w.in_all_routes(); }, 10s) < 3100ms);
  }
}

TEST_CASE("an observer registers nothing and keeps nobody registered") {
  ObserverWorld w;
  w.start_observer();
  w.world.run_for(10s);
  CHECK(w.servers[0]->changes().empty());
  CHECK(w.count(Note::What::kNobodyThere) == 2);
  w.register_brokers();
  w.world.run_for(3s);
  CHECK(w.count(Note::What::kObserves) == 2);
  // Silent, as far as the nameservers can hear: its expiry is 120 s.
  w.world.run_for(130s);
  CHECK_FALSE(w.servers[0]->broker("broker-a").has_value());
  CHECK(w.servers[0]->requests(codec::FrameKind::kRegister) == 0);
}

TEST_CASE(
    "an observer that dies lets its verdict lapse after three intervals") {
  ObserverWorld w;
  w.register_brokers();
  w.start_observer();
  w.world.run_for(5s);
  w.broker_node.freeze();
  w.world.run_for(10s);
  REQUIRE(w.in_no_route());
  w.observer_node.freeze();  // not even a close
  const auto back = w.time_until([&] { return w.in_all_routes(); }, 10s);
  CHECK(back > 1900ms);
  CHECK(back < 4100ms);
}

TEST_CASE("a stopped observer closes, takes nobody with it, and lapses") {
  ObserverWorld w;
  w.register_brokers();
  w.start_observer();
  w.world.run_for(5s);
  bool stopped = false;
  w.observer->stop(Leave::kUnregister, [&] { stopped = true; });
  CHECK(w.world.run_until([&] { return stopped; }, 1s));
  w.world.run_for(5s);
  CHECK(w.servers[0]->connection_count() == 0);
  CHECK(w.in_all_routes());
}

TEST_CASE("a restarted nameserver knows the verdict as soon as the broker") {
  ObserverWorld w;
  w.register_brokers();
  w.start_observer();
  w.world.run_for(5s);
  w.broker_node.freeze();
  w.world.run_for(10s);
  REQUIRE(w.in_no_route());
  w.ns_nodes[0]->kill();
  w.servers[0].reset();
  w.world.run_for(2s);
  w.ns_nodes[0]->restart();
  w.boot_nameserver(0);
  w.world.run_for(3s);
  CHECK(w.count(Note::What::kRestarted) == 1);
  CHECK_FALSE(w.in_route(1));  // the other one was told all the time
  // The hung broker's kernel cannot register; suppose that it just had.
  w.servers[0]->register_stock_broker("broker-b", kBrokerB, "orders");
  w.servers[0]->register_stock_broker("broker-a", kBrokerA, "orders");
  CHECK(w.time_until([&] { return w.in_no_route(); }, 5s) < 1200ms);
}

TEST_CASE("a broker that has moved is not judged by its old address") {
  ObserverWorld w;
  w.register_brokers();
  w.start_observer();
  w.world.run_for(5s);
  for (auto& server : w.servers) {
    server->register_stock_broker("broker-a", {"10.0.0.10", 10911}, "orders");
  }
  w.broker_node.freeze();
  w.world.run_for(10s);
  CHECK(w.in_all_routes());
  CHECK(w.count(Note::What::kNobodyThere) == 2);
  CHECK(w.count(Note::What::kUnhealthy) == 1);
}

TEST_CASE("one lost probe of a new observer is no verdict") {
  ObserverWorld w;
  w.register_brokers();
  w.broker_node.freeze();
  w.start_observer();
  w.world.run_for(1500ms);
  w.broker_node.thaw();
  w.world.run_for(5s);
  CHECK(w.count(Note::What::kUnhealthy) == 0);
  CHECK(w.in_all_routes());
}

TEST_CASE("an observer warns of a nameserver on its broker's machine only") {
  ObserverWorld w;
  w.settings.nameservers.push_back({kBrokerA.host, 9876});
  w.settings.nameservers.push_back({w.observer_node.address(), 9876});
  w.start_observer();
  w.world.run_for(1s);
  REQUIRE(w.count(Note::What::kSharesHost) == 1);
  for (const Note& note : w.notes) {
    if (note.what != Note::What::kSharesHost) continue;
    CHECK(note.nameserver == NameserverIndex(2));
  }
}

}  // namespace
}  // namespace waypost::agent
