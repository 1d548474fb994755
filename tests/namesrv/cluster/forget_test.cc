// What an operator may have forgotten.

#include <doctest/doctest.h>

#include "tests/namesrv/cluster/keeper_group.h"

namespace waypost::cluster {
namespace {

using namespace std::chrono_literals;

TEST_CASE("forget: one of whom only the kept record of being down tells") {
  KeeperGroup group(partition::Mode::kKeepMajority, 2,
                    [](std::size_t, ClusterSettings& settings) {
                      settings.membership.down_before =
                          model::PeerNames{model::PeerName("b")};
                    });
  group.start(0);
  group.run(30s);
  REQUIRE(group.state(0) == model::ServerState::kPaused);
  const auto stranger = group.keeper(0).forget(model::PeerName("x"), true);
  REQUIRE_FALSE(stranger);
  CHECK(stranger.error().code == base::ErrorCode::kNotFound);
  const auto forgotten = group.keeper(0).forget(model::PeerName("b"), true);
  REQUIRE(forgotten);
  CHECK(*forgotten);
  group.run(10s);
  CHECK(group.state(0) == model::ServerState::kServing);
}

}  // namespace
}  // namespace waypost::cluster
