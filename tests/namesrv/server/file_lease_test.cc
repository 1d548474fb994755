#include "namesrv/server/file_lease.h"

#include <string>

#include <doctest/doctest.h>

#include "tests/support/sim/sim_world.h"
#include "tests/support/temp_dir.h"

namespace waypost::server {
namespace {

using namespace std::chrono_literals;

TEST_CASE("a file lease: one has it, the others know who") {
  const support::TempDir directory;
  sim::SimWorld world;
  base::Executor& executor = world.add_node("all", "10.0.0.1").executor(0);
  const auto acquire = [&](FileLease& lease) {
    bool held = false;
    lease.acquire([&held](bool answer) { held = answer; });
    world.run_for(1ms);
    return held;
  };
  const std::string path = directory / "lease";
  FileLease long_name(executor, path, "a-name-that-is-long/1");
  FileLease other(executor, path, "b/2");
  REQUIRE(acquire(long_name));
  CHECK_FALSE(acquire(other));
  CHECK(other.holder() == "a-name-that-is-long/1");
  bool released = false;
  long_name.release([&released](bool answer) { released = answer; });
  world.run_for(1ms);
  REQUIRE(released);
  REQUIRE(acquire(other));
  CHECK_FALSE(acquire(long_name));
  CHECK(long_name.holder() == "b/2");
}

}  // namespace
}  // namespace waypost::server
