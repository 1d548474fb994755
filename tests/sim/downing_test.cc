// Who goes on and who comes back when sides of a cut know different members, or
// an operator restarts what was set to down.

#include <set>
#include <string>

#include <doctest/doctest.h>

#include "tests/sim/peer_group.h"

namespace waypost::sim {
namespace {

using namespace std::chrono_literals;
using partition::Mode;
using State = model::ServerState;
using Set = std::set<std::size_t>;

Set serving(PeerGroup& group) {
  Set those;
  for (std::size_t i = 0; i < group.system.nameservers.size(); ++i) {
    if (group.ns(i).running() && group.state(i) == State::kServing) {
      those.insert(i);
    }
  }
  return those;
}

// 0 joins one side just when it is cut off: the other has never heard of it.
void joins_during_a_cut(const Set& side, const Set& expected) {
  PeerGroup group(Mode::kKeepMajority, 5);
  REQUIRE(group.system.settle());
  group.run(5s);
  // Gone, set to down, and out of everybody's count.
  group.ns(0).kill();
  group.run(30s);
  REQUIRE(serving(group) == Set{1, 2, 3, 4});
  group.cut_off(side);
  group.ns(0).start();
  group.run(60s);
  INFO(group.system.transcript.text());
  CHECK(serving(group) == expected);
  group.system.world.heal_all();
  group.run(40s);
  CHECK(group.all_serve());
  CHECK(group.system.all_nameservers_have(group.system.full_route()));
}

TEST_CASE("keep-majority: a joiner that one side alone knows decides no tie") {
  // It has the lowest name, and would make three of two.
  joins_during_a_cut({0, 3, 4}, {1, 2});
  joins_during_a_cut({0, 1, 2}, {0, 1, 2});
}

TEST_CASE("keep-majority: a joiner leads no side and keeps no majority down") {
  joins_during_a_cut({0, 2, 3, 4}, {0, 2, 3, 4});
  joins_during_a_cut({0, 4}, {1, 2, 3});
}

TEST_CASE("one that was set to down waits over a restart by hand") {
  for (const Mode mode :
       {Mode::kKeepMajority, Mode::kStaticQuorum, Mode::kLeaseMajority}) {
    CAPTURE(partition::mode_name(mode));
    PeerGroup group(mode);
    REQUIRE(group.system.settle());
    group.run(5s);
    group.cut_off({2});
    group.run(40s);
    INFO(group.system.transcript.text());
    REQUIRE(serving(group) == Set{0, 1});
    for (int i = 0; i < 2; ++i) {
      group.ns(2).kill();
      group.ns(2).start();
      group.run(60s);
      CHECK(group.state(2) == State::kPaused);
      CHECK(group.ns(2).keeper().members().was_down());
    }
    group.system.world.heal_all();
    group.run(20s);
    CHECK(group.all_serve());
    // It is over: a start alone is a start.
    group.cut_off({2});
    group.ns(2).kill();
    group.ns(2).start();
    group.run(10s);
    CHECK(group.state(2) == State::kServing);
  }
}

TEST_CASE("after down-all a restart of everybody brings everybody back") {
  PeerGroup group(Mode::kDownAll, 3);
  REQUIRE(group.system.settle());
  group.run(5s);
  group.system.world.cut("ns-0", "ns-1");
  group.system.world.cut("ns-1", "ns-2");
  group.system.world.cut("ns-0", "ns-2");
  group.run(60s);
  REQUIRE(serving(group).empty());
  for (std::size_t i = 0; i < 3; ++i) {
    group.ns(i).kill();
    group.ns(i).start();
  }
  group.run(30s);
  INFO(group.system.transcript.text());
  CHECK(serving(group).empty());
  // Two of three are more than half, the third had not been set to down as far
  // as they knew: only its word or an operator's settles that.
  group.system.world.heal("ns-0", "ns-1");
  group.run(30s);
  const Set two = serving(group);
  CHECK((two.empty() || two == Set{0, 1}));
  group.system.world.heal_all();
  group.run(30s);
  CHECK(group.all_serve());
}

}  // namespace
}  // namespace waypost::sim
