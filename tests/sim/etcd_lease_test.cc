// lease-majority with its lease in etcd: which side of an even cut goes on.

#include <set>
#include <string>

#include <doctest/doctest.h>

#include "tests/namesrv/etcd/fake_etcd.h"
#include "tests/sim/peer_group.h"

namespace waypost::sim {
namespace {

using namespace std::chrono_literals;
using State = model::ServerState;

// Four nameservers and an etcd of one member.
struct LeaseGroup {
  LeaseGroup()
      : system({.nameservers = 4,
                .brokers = 2,
                .clients = 1,
                .profile = "fast",
                .peers = true,
                .adjust =
                    [](SimNameserver& nameserver) {
                      auto& cluster = nameserver.settings.cluster;
                      cluster.partition_handling = static_cast<std::size_t>(
                          partition::Mode::kLeaseMajority);
                      cluster.lease_implementation = "etcd";
                      cluster.etcd_endpoints = "http://10.0.5.1:2379";
                      cluster.keeper.partition.stable_after = 7s;
                    }}),
        store(system.world),
        etcd(system.world, store, 1) {}

  SimNameserver& ns(std::size_t i) { return *system.nameservers[i]; }
  std::set<std::size_t> serving() {
    std::set<std::size_t> those;
    for (std::size_t i = 0; i < 4; ++i) {
      if (ns(i).state() == State::kServing) those.insert(i);
    }
    return those;
  }
  void cut_in_two() {
    for (const int i : {0, 1}) {
      for (const int j : {2, 3}) {
        system.world.cut("ns-" + std::to_string(i), "ns-" + std::to_string(j));
      }
    }
  }

  Deployment system;
  etcd::FakeEtcdStore store;
  etcd::FakeEtcd etcd;
};

using Set = std::set<std::size_t>;

TEST_CASE("an even cut: the side that gets the lease in etcd goes on") {
  LeaseGroup group;
  REQUIRE(group.system.settle());
  group.system.world.run_for(5s);
  Set expected = {0, 1};  // has the lowest name: may ask first
  SUBCASE("both sides reach etcd") {}
  SUBCASE("only the other side reaches etcd") {
    group.system.world.cut("ns-0", "etcd-1");
    group.system.world.cut("ns-1", "etcd-1");
    expected = {2, 3};
  }
  SUBCASE("nobody reaches etcd: in doubt nobody goes on") {
    group.system.world.isolate("etcd-1");
    expected = {};
  }
  SUBCASE("etcd has no leader") {
    group.etcd.manner = etcd::FakeEtcd::Manner::kUnavailable;
    expected = {};
  }
  group.cut_in_two();
  group.system.world.run_for(60s);
  INFO(group.system.transcript.text());
  CHECK(group.serving() == expected);
  // The lease is given back, the cluster whole again.
  group.etcd.manner = etcd::FakeEtcd::Manner::kWell;
  group.system.world.heal_all();
  group.system.world.rejoin("etcd-1");
  group.system.world.run_for(60s);
  CHECK(group.serving() == Set{0, 1, 2, 3});
  CHECK(group.store.holder("waypost/lease/waypost-sbr").empty());
  CHECK(group.system.all_clients_have(group.system.full_route()));
}

}  // namespace
}  // namespace waypost::sim
