// Peers whose list is a DNS name.

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/sim/deployment.h"

namespace waypost::sim {
namespace {

using namespace std::chrono_literals;
using State = model::ServerState;

constexpr const char* kName = "peers.example";

// Nameservers that know of each other by one name alone; what it stands for is
// the test's to say.
struct NamedGroup {
  explicit NamedGroup(std::size_t size = 3)
      : system({.nameservers = size,
                .brokers = 2,
                .clients = 1,
                .profile = "fast",
                .peers = true,
                .adjust = [](SimNameserver& nameserver) {
                  nameserver.settings.cluster.peers =
                      std::string(kName) + ":9877";
                }}) {}

  void list(const std::vector<std::size_t>& members, base::Duration ttl = 10s) {
    std::vector<std::string> addresses;
    for (const std::size_t i : members) {
      addresses.push_back(system.nameservers[i]->node().address());
    }
    system.world.add_host(kName, addresses, ttl);
  }
  SimNameserver& ns(std::size_t i) { return *system.nameservers[i]; }
  std::size_t members(std::size_t i) {
    return ns(i).keeper().members().members(true).size();
  }
  std::size_t reachable(std::size_t i) {
    return ns(i).keeper().members().reachable().size();
  }
  void run(base::Duration duration) { system.world.run_for(duration); }

  Deployment system;
};

TEST_CASE("one name stands for all peers, oneself among them") {
  NamedGroup group;
  group.list({0, 1, 2});
  REQUIRE(group.system.settle());
  group.run(15s);
  INFO(group.system.transcript.text());
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(group.members(i) == 3);
    CHECK(group.reachable(i) == 3);
    CHECK(group.ns(i).keeper().readiness().ready());
  }
}

TEST_CASE("a peer whose address left the name stays while it lives") {
  NamedGroup group;
  group.list({0, 1, 2});
  REQUIRE(group.system.settle());
  group.run(5s);
  group.list({0, 1});
  group.run(60s);
  CHECK(group.members(0) == 3);
  CHECK(group.reachable(0) == 3);
  // And is found again wherever it was: peers remember, the name does not.
  group.ns(2).kill();
  group.ns(2).start();
  group.run(20s);
  INFO(group.system.transcript.text());
  CHECK(group.reachable(0) == 3);
  CHECK(group.reachable(2) == 3);
}

TEST_CASE("an address that is added is found within the answer's lifetime") {
  NamedGroup group;
  // Where nobody is: nobody meets anybody.
  group.system.world.add_host(kName, {"10.9.9.9"}, 10s);
  REQUIRE(group.system.settle());
  group.run(5s);
  for (std::size_t i = 0; i < 3; ++i) CHECK(group.reachable(i) == 1);
  group.list({0, 1, 2});
  group.run(13s);
  INFO(group.system.transcript.text());
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(group.reachable(i) == 3);
    // The dead address stands for nobody any more.
    CHECK(group.members(i) == 3);
  }
}

TEST_CASE("failed lookups keep the last answer, and start without one") {
  NamedGroup group;
  group.list({0, 1, 2});
  SUBCASE("after an answer") {
    REQUIRE(group.system.settle());
    group.run(5s);
    SUBCASE("refused") {
      group.system.world.set_lookup(kName, SimWorld::Lookup::kFails);
    }
    SUBCASE("hanging") {
      group.system.world.set_lookup(kName, SimWorld::Lookup::kHangs);
    }
    group.run(60s);
    INFO(group.system.transcript.text());
    for (std::size_t i = 0; i < 3; ++i) CHECK(group.reachable(i) == 3);
    CHECK(group.members(0) == 3);
  }
  SUBCASE("from the start") {
    group.system.world.set_lookup(kName, SimWorld::Lookup::kFails);
    REQUIRE(group.system.settle());
    group.run(20s);
    // Nobody can be asked; all serve, each by itself.
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(group.ns(i).state() == State::kServing);
    }
    CHECK(group.reachable(0) == 1);
    group.system.world.set_lookup(kName, SimWorld::Lookup::kWorks);
    group.run(15s);
    INFO(group.system.transcript.text());
    for (std::size_t i = 0; i < 3; ++i) CHECK(group.reachable(i) == 3);
    CHECK(group.members(0) == 3);
  }
  CHECK(group.system.all_nameservers_have(group.system.full_route()));
}

}  // namespace
}  // namespace waypost::sim
