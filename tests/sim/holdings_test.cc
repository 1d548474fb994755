// Which nameserver hears which broker: warm starts, brokers that reach only
// one, those that go in order and those that do not.

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/sim/peer_group.h"
#include "wire/codec/native.h"

namespace waypost::sim {
namespace {

using namespace std::chrono_literals;
using partition::Mode;
using State = model::ServerState;

const std::vector<std::string> kOne = {"broker-1"};

std::vector<std::string> indirect_at(PeerGroup& group, std::size_t i) {
  Caller caller(group, i);
  REQUIRE(caller.ask(codec::FrameKind::kListBrokers,
                     codec::encode(model::PageRequest{})) == "ok");
  const auto page = codec::decode<model::BrokerPage>(caller.payload());
  REQUIRE(page.has_value());
  std::vector<std::string> names;
  for (const model::BrokerListing& each : page->brokers) {
    if (each.indirect) names.push_back(each.broker.broker_name.value());
  }
  return names;
}

bool alike(PeerGroup& group) {
  for (std::size_t i = 0; i < group.system.nameservers.size(); ++i) {
    for (const auto& member : group.ns(i).keeper().show().members) {
      if (member.diverges_for) return false;
    }
  }
  return true;
}

TEST_CASE("a start takes all from a peer, and answers nobody before") {
  PeerGroup group(Mode::kIgnore);
  REQUIRE(group.system.settle());
  group.run(5s);
  group.ns(2).kill();
  group.ns(2).roster().clear();
  for (const char* broker : {"broker-0", "broker-1"}) {
    group.system.world.cut(broker, "ns-2");
  }
  group.run(5s);
  group.ns(2).start();
  CHECK(group.state(2) == State::kStarting);
  REQUIRE(group.system.world.run_until(
      [&] { return group.state(2) == State::kServing; }, 1s));
  INFO(group.system.transcript.text());
  CHECK(group.ns(2).brokers_of(Deployment::kTopic) ==
        group.system.full_route());
  CHECK(indirect_at(group, 2).size() == 2);
  CHECK(indirect_at(group, 0).empty());
  // They speak to it again.
  group.system.world.heal_all();
  group.run(30s);
  CHECK(indirect_at(group, 2).empty());
  CHECK(alike(group));
}

TEST_CASE("a start waits for no peer that is dead, and not for ever") {
  PeerGroup group(Mode::kIgnore);
  REQUIRE(group.system.settle());
  group.run(5s);
  for (auto& each : group.system.nameservers) each->kill();
  group.ns(1).roster().clear();
  group.ns(1).start();
  group.run(5s);
  CHECK(group.state(1) == State::kServing);
}

TEST_CASE("a broker that reaches one nameserver is known to all") {
  PeerGroup group(Mode::kIgnore);
  group.system.world.cut("broker-0", "ns-1");
  group.system.world.cut("broker-0", "ns-2");
  REQUIRE(group.system.settle());
  group.run(5min);
  INFO(group.system.transcript.text());
  CHECK(group.system.all_nameservers_have(group.system.full_route()));
  CHECK(indirect_at(group, 1) == std::vector<std::string>{"broker-0"});
  // When it dies, it is gone everywhere.
  group.system.agents[0]->kill();
  REQUIRE(group.system.world.run_until(
      [&] { return group.system.all_nameservers_have(kOne); }, 1s));
}

TEST_CASE("a broker that one nameserver loses stays while others hear it") {
  PeerGroup group(Mode::kIgnore);
  REQUIRE(group.system.settle());
  group.run(5s);
  group.system.world.cut("broker-0", "ns-1");
  for (int i = 0; i < 100; ++i) {
    group.run(1s);
    REQUIRE(group.system.all_nameservers_have(group.system.full_route()));
  }
  CHECK(indirect_at(group, 1) == std::vector<std::string>{"broker-0"});
  // Who heard it is gone itself: the broker is given its expiry, no more.
  group.ns(0).kill();
  group.ns(2).kill();
  group.run(2s);
  CHECK(group.ns(1).brokers_of(Deployment::kTopic) ==
        group.system.full_route());
  group.run(10s);
  CHECK(group.ns(1).brokers_of(Deployment::kTopic) == kOne);
}

TEST_CASE("a dead broker is gone everywhere, hung or killed") {
  PeerGroup group(Mode::kIgnore);
  REQUIRE(group.system.settle());
  group.run(5s);
  group.system.agents[0]->node().freeze();
  // Its expiry is 3 s, looked at each half second.
  CHECK(group.system.world.run_until(
      [&] { return group.system.all_nameservers_have(kOne); }, 5s));
  INFO(group.system.transcript.text());
  group.system.agents[0]->node().thaw();
  group.run(10s);
  CHECK(group.system.all_nameservers_have(group.system.full_route()));
  group.system.agents[0]->kill();
  CHECK(group.system.world.run_until(
      [&] { return group.system.all_nameservers_have(kOne); }, 200ms));
}

TEST_CASE("an orderly unregister is never undone by a peer") {
  PeerGroup group(Mode::kIgnore);
  REQUIRE(group.system.settle());
  group.run(5s);
  // It does not reach ns-2, which is told by peers.
  group.system.world.cut("broker-0", "ns-2");
  group.system.agents[0]->stop(agent::Leave::kUnregister);
  CHECK(group.system.world.run_until(
      [&] { return group.system.all_nameservers_have(kOne); }, 1s));
  INFO(group.system.transcript.text());
  for (int i = 0; i < 180; ++i) {
    group.run(1s);
    REQUIRE(group.system.all_nameservers_have(kOne));
  }
}

TEST_CASE("one that was cut off does not bring back who left meanwhile") {
  PeerGroup group(Mode::kIgnore);
  for (auto& each : group.system.nameservers) {
    // It would keep them for a long time.
    each->settings.service.registry.agent_expiry = 10min;
  }
  REQUIRE(group.system.settle());
  group.run(5s);
  group.cut_off({2});
  for (const char* broker : {"broker-0", "broker-1"}) {
    group.system.world.cut(broker, "ns-2");
  }
  group.run(10s);
  group.system.agents[0]->stop(agent::Leave::kUnregister);
  group.run(10s);
  CHECK(group.ns(2).brokers_of(Deployment::kTopic) ==
        group.system.full_route());
  group.system.world.heal_all();
  CHECK(group.system.world.run_until(
      [&] { return group.system.all_nameservers_have(kOne); }, 10s));
  group.run(60s);
  INFO(group.system.transcript.text());
  CHECK(group.system.all_nameservers_have(kOne));
  CHECK(alike(group));
}

TEST_CASE("many brokers that fall silent here, heard by peers, stay") {
  PeerGroup group(Mode::kIgnore, 3, 1, 10);
  REQUIRE(group.system.settle());
  group.run(5s);
  for (auto& broker : group.system.brokers) {
    group.system.world.cut(broker->node().name(), "ns-0");
  }
  for (int i = 0; i < 60; ++i) {
    group.run(1s);
    REQUIRE(group.system.all_nameservers_have(group.system.full_route()));
  }
  CHECK(indirect_at(group, 0).size() == 10);
  // All die at once: peers' silence is evidence, and the brake holds nobody
  // at the last of them for longer than one expiry.
  for (auto& agent : group.system.agents) agent->node().freeze();
  CHECK(group.system.world.run_until(
      [&] { return group.system.all_nameservers_have({}); }, 10s));
}

}  // namespace
}  // namespace waypost::sim
