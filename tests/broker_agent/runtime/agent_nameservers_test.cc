// How an agent gets on with its nameservers: they hang, restart, share its
// machine, change addresses.

#include <memory>
#include <string>

#include <doctest/doctest.h>

#include "tests/broker_agent/runtime/agent_world.h"

namespace waypost::agent {
namespace {

using namespace std::chrono_literals;
using testing::AgentWorld;
using testing::SmallNameserver;
using testing::topics_named;

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
  // Told once, although it was tried again and again.
  REQUIRE(w.count(Note::What::kLookupFailed) == 1);
  CHECK(w.notes.front().what == Note::What::kLookupFailed);
  CHECK(w.notes.front().nameserver == "ns.example:9876");
  CHECK(w.notes.front().detail.find("ns.example") != std::string::npos);
  w.world.set_lookup("ns.example", sim::SimWorld::Lookup::kWorks);
  w.world.run_for(40s);
  CHECK(w.count(Note::What::kLookupFailed) == 1);
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
  CHECK(w.count(Note::What::kLookupFailed) == 2);
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

}  // namespace
}  // namespace waypost::agent
