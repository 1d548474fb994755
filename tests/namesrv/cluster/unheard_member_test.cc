// Who is out of reach without ever having been lost.

#include <doctest/doctest.h>

#include "tests/namesrv/cluster/keeper_group.h"

namespace waypost::cluster {
namespace {

using namespace std::chrono_literals;
using model::ServerState;

TEST_CASE("a member heard of through one that is cut off is cut off with it") {
  KeeperGroup group(partition::Mode::kKeepMajority, 3);
  group.start_all();
  group.run(30s);
  REQUIRE(group.all_serve());

  // c is restarted; a hears of its new life from b alone.
  group.kill(2);
  group.run(10ms);
  group.cut(0, 2);
  group.start(2);
  group.run(3s);
  REQUIRE(group.all_serve());

  // a loses b, and with it all that it knew of c: it is one of three.
  group.cut_off({0});
  group.run(120s);
  CHECK(group.state(0) == ServerState::kPaused);
  CHECK(group.state(1) == ServerState::kServing);
  CHECK(group.state(2) == ServerState::kServing);

  group.heal_links();
  group.run(60s);
  CHECK(group.all_serve());
}

}  // namespace
}  // namespace waypost::cluster
