// Nameservers that know each other, in the simulated world: what partition
// handling does to services, agents and clients.

#include <algorithm>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "tests/sim/peer_group.h"
#include "wire/codec/native.h"

namespace waypost::sim {
namespace {

using namespace std::chrono_literals;
using partition::Mode;
using State = model::ServerState;
using Group = PeerGroup;

TEST_CASE("peers find each other and go on serving") {
  Group group(Mode::kIgnore);
  REQUIRE(group.system.settle());
  group.run(5s);
  INFO(group.system.transcript.text());
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(group.ns(i).keeper().members().reachable().size() == 3);
    CHECK(group.ns(i).keeper().members().members(true).size() == 3);
    CHECK(group.ns(i).keeper().readiness().ready());
  }
}

TEST_CASE(
    "the death of one of three disturbs nobody, in any mode but down-all") {
  for (const Mode mode : {Mode::kIgnore, Mode::kPauseMinority, Mode::kAutoheal,
                          Mode::kStaticQuorum, Mode::kKeepMajority,
                          Mode::kKeepOldest, Mode::kLeaseMajority}) {
    CAPTURE(partition::mode_name(mode));
    Group group(mode);
    REQUIRE(group.system.settle());
    group.run(5s);
    group.ns(2).kill();
    group.run(60s);
    INFO(group.system.transcript.text());
    CHECK(group.state(0) == State::kServing);
    CHECK(group.state(1) == State::kServing);
    group.ns(2).start();
    group.run(30s);
    CHECK(group.all_serve());
  }
}

// Which nameservers serve while they are cut into two parts.
std::set<std::size_t> serving_during(Mode mode, std::size_t size,
                                     const std::set<std::size_t>& side) {
  Group group(mode, size);
  REQUIRE(group.system.settle());
  group.run(5s);
  group.cut_off(side);
  group.run(60s);
  std::set<std::size_t> serving;
  for (std::size_t i = 0; i < size; ++i) {
    if (group.state(i) == State::kServing) serving.insert(i);
  }
  INFO(group.system.transcript.text());
  group.system.world.heal_all();
  // Those who come back take nobody with them who has served all the time.
  bool somebody_served = true;
  for (int step = 0; step < 400; ++step) {
    group.run(100ms);
    somebody_served = somebody_served &&
                      (serving.empty() ||
                       std::any_of(serving.begin(), serving.end(), [&](auto i) {
                         return group.state(i) == State::kServing;
                       }));
  }
  CHECK(somebody_served);
  CHECK(group.all_serve());
  CHECK(group.system.all_nameservers_have(group.system.full_route()));
  CHECK(group.system.all_clients_have(group.system.full_route()));
  return serving;
}

using Set = std::set<std::size_t>;

TEST_CASE("a cut in each mode: who serves during it and all after it") {
  const Set all3 = {0, 1, 2};
  CHECK(serving_during(Mode::kIgnore, 3, {2}) == all3);
  CHECK(serving_during(Mode::kAutoheal, 3, {2}) == all3);
  CHECK(serving_during(Mode::kPauseMinority, 3, {2}) == Set{0, 1});
  CHECK(serving_during(Mode::kPauseMinority, 4, {2, 3}) == Set{});
  CHECK(serving_during(Mode::kPauseIfAllDown, 3, {2}) == Set{0, 1});
  CHECK(serving_during(Mode::kPauseIfAllDown, 3, {0}) == Set{0});
  CHECK(serving_during(Mode::kStaticQuorum, 5, {3, 4}) == Set{0, 1, 2});
  CHECK(serving_during(Mode::kKeepMajority, 5, {0, 1}) == Set{2, 3, 4});
  CHECK(serving_during(Mode::kKeepMajority, 4, {2, 3}) == Set{0, 1});
  CHECK(serving_during(Mode::kLeaseMajority, 5, {3, 4}) == Set{0, 1, 2});
  // More than half of all reach each other and come back by themselves.
  CHECK(serving_during(Mode::kDownAll, 3, {2}) == Set{0, 1});
}

TEST_CASE("keep-oldest keeps the side of the oldest") {
  Group group(Mode::kKeepOldest, 5);
  REQUIRE(group.system.settle());
  group.run(5s);
  std::size_t oldest = 0;
  for (std::size_t i = 1; i < 5; ++i) {
    const auto& one = group.ns(i).keeper().members().self();
    const auto& best = group.ns(oldest).keeper().members().self();
    if (std::tie(one.up_number, one.name) <
        std::tie(best.up_number, best.name)) {
      oldest = i;
    }
  }
  const std::size_t companion = (oldest + 1) % 5;
  group.cut_off({oldest, companion});
  group.run(60s);
  INFO(group.system.transcript.text());
  CHECK(group.serving() == 2);
  CHECK(group.state(oldest) == State::kServing);
  CHECK(group.state(companion) == State::kServing);
  group.system.world.heal_all();
  group.run(40s);
  CHECK(group.all_serve());
}

TEST_CASE("a paused nameserver serves nobody, and its clients move on") {
  Group group(Mode::kPauseMinority);
  REQUIRE(group.system.settle());
  auto& client = *group.system.clients[0];
  REQUIRE(client.nameserver() == group.ns(0).endpoint().to_string());
  group.run(5s);
  group.cut_off({0});
  group.run(20s);
  INFO(group.system.transcript.text());
  CHECK(group.state(0) == State::kPaused);
  CHECK(client.nameserver() != group.ns(0).endpoint().to_string());
  CHECK(group.system.all_clients_have(group.system.full_route()));
  // Its pause has removed no broker.
  CHECK(group.ns(0).brokers_of(Deployment::kTopic) ==
        group.system.full_route());
}

TEST_CASE("a partial cut: pause-minority pauses an end, ignore completes it") {
  Group group(Mode::kPauseMinority);
  REQUIRE(group.system.settle());
  group.run(5s);
  group.system.world.cut("ns-0", "ns-1");
  group.run(30s);
  INFO(group.system.transcript.text());
  CHECK(group.state(2) == State::kServing);
  CHECK(group.serving() < 3);
  group.system.world.heal_all();
  group.run(30s);
  CHECK(group.all_serve());
}

TEST_CASE("a sleeper finds out that it was written off") {
  for (const Mode mode : {Mode::kIgnore, Mode::kPauseMinority, Mode::kAutoheal,
                          Mode::kKeepMajority}) {
    CAPTURE(partition::mode_name(mode));
    Group group(mode);
    REQUIRE(group.system.settle());
    group.run(5s);
    group.ns(1).node().suspend();
    group.run(60s);
    group.ns(1).node().resume();
    group.run(30s);
    INFO(group.system.transcript.text());
    CHECK(group.all_serve());
    const auto& records = group.ns(1).keeper().partitions().partitions;
    CHECK(std::any_of(records.begin(), records.end(), [](const auto& record) {
      return record.kind == "own-gap";
    }));
    CHECK(group.system.all_nameservers_have(group.system.full_route()));
  }
}

TEST_CASE("partitions are recorded and survive a restart") {
  Group group(Mode::kIgnore);
  REQUIRE(group.system.settle());
  group.run(5s);
  group.cut_off({2});
  group.run(30s);
  group.system.world.heal_all();
  group.run(10s);
  const auto list = group.ns(2).keeper().partitions().partitions;
  INFO(group.system.transcript.text());
  REQUIRE(list.size() == 1);
  CHECK(list[0].kind == "partition");
  CHECK(list[0].peers ==
        std::vector{model::PeerName("ns-0"), model::PeerName("ns-1")});
  CHECK(list[0].until.has_value());
  group.ns(2).kill();
  group.ns(2).start();
  group.run(10s);
  CHECK(group.ns(2).keeper().partitions().partitions == list);
  CHECK(group.ns(2).keeper().clear_partitions() == 1);
  group.ns(2).kill();
  group.ns(2).start();
  group.run(3s);
  CHECK(group.ns(2).keeper().partitions().partitions.empty());
}

TEST_CASE("a partition that a killed nameserver did not see end") {
  Group group(Mode::kIgnore);
  REQUIRE(group.system.settle());
  group.run(5s);
  group.cut_off({2});
  const base::WallTime cut = group.ns(2).node().executor().wall_now();
  group.run(60s);
  REQUIRE(group.ns(2).keeper().partitions().partitions.size() == 1);
  CHECK_FALSE(
      group.ns(2).keeper().partitions().partitions[0].until.has_value());
  group.ns(2).kill();
  group.run(60s);
  group.system.world.heal_all();
  group.ns(2).start();
  group.run(10s);
  const auto list = group.ns(2).keeper().partitions().partitions;
  REQUIRE(list.size() == 1);
  CHECK(list[0].end_unknown);
  REQUIRE(list[0].until.has_value());
  // Put down every ten seconds.
  CHECK(*list[0].until > cut + 48s);
  CHECK(*list[0].until <= cut + 60s);
  CHECK(group.ns(2).keeper().show().open_partitions == 0);
  // The others saw it, and know when.
  const auto others = group.ns(0).keeper().partitions().partitions;
  REQUIRE(others.size() == 1);
  CHECK_FALSE(others[0].end_unknown);
  CHECK(*others[0].until > cut + 119s);
}

TEST_CASE("autoheal heals once: who won is not restarted afterwards") {
  for (const std::size_t alone : {0U, 1U, 2U}) {
    CAPTURE(alone);
    Group group(Mode::kAutoheal);
    REQUIRE(group.system.settle());
    group.run(5s);
    group.cut_off({alone});
    group.run(30s);
    group.system.world.heal_all();
    group.run(30s);
    INFO(group.system.transcript.text());
    CHECK(group.all_serve());
    std::size_t won = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      for (const auto& record : group.ns(i).keeper().partitions().partitions) {
        for (const std::string& action : record.actions) {
          won += action.find("wins, to restart") != std::string::npos ? 1U : 0U;
        }
      }
    }
    CHECK(won == 1);
  }
}

TEST_CASE("a sleeper brings back nobody who went while it slept") {
  for (const Mode mode :
       {Mode::kIgnore, Mode::kPauseMinority, Mode::kKeepMajority}) {
    CAPTURE(partition::mode_name(mode));
    Group group(mode, 3, 1, 4);
    REQUIRE(group.system.settle());
    group.run(5s);
    group.ns(1).node().suspend();
    group.run(10s);
    group.system.agents[2]->stop(agent::Leave::kUnregister);
    group.system.agents[3]->kill();
    group.run(5min);
    group.ns(1).node().resume();
    const std::vector<std::string> living = {"broker-0", "broker-1"};
    for (int i = 0; i < 300; ++i) {
      group.run(100ms);
      for (const std::size_t other : {0U, 2U}) {
        REQUIRE(group.ns(other).brokers_of(Deployment::kTopic) == living);
      }
    }
    INFO(group.system.transcript.text());
    CHECK(group.all_serve());
    CHECK(group.ns(1).brokers_of(Deployment::kTopic) == living);
  }
}

TEST_CASE("one that starts while a peer is dead says so, in log and records") {
  Group group(Mode::kIgnore);
  REQUIRE(group.system.settle());
  group.run(10s);
  group.ns(2).kill();
  group.run(20s);
  const auto& before = group.ns(1).keeper().partitions().partitions;
  REQUIRE(before.size() == 1);
  CHECK(before[0].seen_by == std::vector{model::PeerName("ns-0")});

  group.ns(0).kill();
  group.ns(0).start();
  const std::size_t restarted = group.system.transcript.text().size();
  group.run(20s);
  INFO(group.system.transcript.text());
  const std::string since = group.system.transcript.text().substr(restarted);
  CHECK(since.find("ns-0: warn not all members are fine missing=ns-2") !=
        std::string::npos);
  // A start takes its peers' table before it serves, and never the other way.
  CHECK(since.find("ns-0: info state changed from=starting to=serving") !=
        std::string::npos);
  CHECK(since.find("from=serving to=starting") == std::string::npos);
  const auto records = [&] { return group.ns(0).keeper().partitions(); };
  REQUIRE(records().partitions.size() == 2);
  CHECK_FALSE(records().partitions[1].until.has_value());
  CHECK(records().partitions[1].peers == std::vector{model::PeerName("ns-2")});
  group.ns(2).start();
  group.run(10s);
  CHECK(records().partitions[1].kind == "outage");
  CHECK(records().partitions[1].until.has_value());
  CHECK(group.system.transcript.contains("ns-0: info all members are fine"));
}

TEST_CASE("a bad link costs its ends at most, never those between them") {
  for (const Mode mode :
       {Mode::kStaticQuorum, Mode::kKeepMajority, Mode::kLeaseMajority}) {
    CAPTURE(partition::mode_name(mode));
    Group group(mode, 5);
    REQUIRE(group.system.settle());
    group.run(5s);
    group.system.world.cut("ns-0", "ns-1");
    bool went_on = true;
    for (int step = 0; step < 600; ++step) {
      group.run(100ms);
      // Its ends go once, and then come to rest.
      if (step > 300) went_on = went_on && group.all_serve();
      for (std::size_t i = 2; i < 5; ++i) {
        went_on = went_on && group.state(i) == State::kServing;
      }
    }
    INFO(group.system.transcript.text());
    CHECK(went_on);
    // Who decided is none of the two.
    const auto& list = group.ns(2).keeper().partitions().partitions;
    group.system.world.heal_all();
    group.run(40s);
    CHECK(group.all_serve());
    CHECK(std::any_of(list.begin(), list.end(), [](const auto& record) {
      return std::any_of(record.actions.begin(), record.actions.end(),
                         [](const std::string& action) {
                           return action.find("ns-0, ns-1") !=
                                  std::string::npos;
                         });
    }));
  }
}

TEST_CASE("all of a side record whom its leader set to down") {
  Group group(Mode::kKeepMajority);
  REQUIRE(group.system.settle());
  group.run(5s);
  group.cut_off({2});
  group.run(30s);
  INFO(group.system.transcript.text());
  for (std::size_t i = 0; i < 2; ++i) {
    const auto& list = group.ns(i).keeper().partitions().partitions;
    REQUIRE(list.size() == 1);
    REQUIRE(list[0].actions.size() == 1);
    CHECK(list[0].actions[0].find("ns-2") != std::string::npos);
    CHECK(list[0].actions[0].find("to down") != std::string::npos);
  }
}

TEST_CASE("gates refuse natively while a peer is missing, and say who") {
  Group group(Mode::kIgnore);
  for (auto& each : group.system.nameservers) {
    auto& gate = each->settings.cluster.keeper.partition.gate;
    each->settings.cluster.netsplit_gate = 1;
    gate.allow[static_cast<std::size_t>(partition::Operation::kRegister)] =
        true;
  }
  REQUIRE(group.system.settle());
  group.run(5s);
  Caller caller(group, 0);
  model::RouteQueryRequest asked;
  asked.topics.push_back({model::TopicName(Deployment::kTopic), {}});
  const auto query = codec::encode(asked);
  const auto put = codec::encode(model::KvPutRequest{{"a", "b", "c"}});
  const auto unregister = codec::encode(model::UnregisterRequest{
      {model::BrokerName("nobody"), model::kMasterId}, model::Epoch(1), ""});
  using Kind = codec::FrameKind;
  CHECK(caller.ask(Kind::kQueryRoutes, query) == "ok");
  CHECK(caller.ask(Kind::kKvPut, put) == "ok");
  group.ns(2).kill();
  group.run(10s);
  const std::string refusal = "not-ready: netsplit, missing peers ns-2";
  CHECK(caller.ask(Kind::kQueryRoutes, query).starts_with(refusal));
  CHECK(caller.ask(Kind::kKvPut, put).starts_with(refusal));
  CHECK(caller.ask(Kind::kUnregister, unregister).starts_with(refusal));
  // Registrations are let through.
  group.run(3min);
  CHECK(group.ns(0).brokers_of(Deployment::kTopic) ==
        group.system.full_route());
  CHECK(group.ns(0).keeper().forget(model::PeerName("ns-2"), true).has_value());
  group.run(3s);
  CHECK(caller.ask(Kind::kQueryRoutes, query) == "ok");
  CHECK(caller.ask(Kind::kUnregister, unregister) == "ok");
}

}  // namespace
}  // namespace waypost::sim
