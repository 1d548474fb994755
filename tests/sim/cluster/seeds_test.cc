// Thousands of seeds of simulated clusters, in all modes of partition handling.

#include <algorithm>
#include <cstdlib>
#include <map>
#include <string>

#include <doctest/doctest.h>

#include "tests/sim/cluster/cluster_world.h"

namespace waypost::sim {
namespace {

using namespace std::chrono_literals;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kSeeds = 200;
#else
constexpr std::uint64_t kSeeds = 2000;
#endif

std::uint64_t seeds() {
  const char* many = std::getenv("WAYPOST_SIM_SEEDS");
  return many == nullptr ? kSeeds : std::strtoull(many, nullptr, 10);
}

TEST_CASE("what is promised holds for every seed, in every mode") {
  std::map<partition::Mode, std::uint64_t> played;
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
    const Plan plan{seed, {}, {}};
    const Scenario& scenario = draw_scenario(seed);
    const Outcome outcome = scenario.run(plan);
    ++played[outcome.mode];
    for (const Violation& violation : outcome.violations) {
      FAIL_CHECK(violation.checker << ": " << violation.text << "; again: "
                                   << command_of(plan, scenario));
    }
  }
  for (const auto& [mode, count] : played) {
    MESSAGE(std::string(partition::mode_name(mode)) << ": " << count);
  }
  // All nine, about as often each.
  if (seeds() >= 200) {
    CHECK(played.size() == partition::mode_names().size());
    for (const auto& [mode, count] : played) CHECK(count >= seeds() / 20);
  }
}

TEST_CASE("a seed is the same story each time, and no two are the same") {
  std::map<std::string, std::uint64_t> stories;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const Plan plan{seed, {}, 15};
    const std::string once = draw_scenario(seed).run(plan).transcript;
    CHECK(once == draw_scenario(seed).run(plan).transcript);
    CHECK(stories.emplace(once, seed).second);
  }
}

TEST_CASE("a mode that is given changes the mode and not the faults") {
  const Scenario& scenario = *find_scenario("partitions");
  const auto faults_of = [&](partition::Mode mode) {
    const std::string text = scenario.run({5, mode, 10}).transcript;
    const auto from = text.find("faults, ");
    return text.substr(from, text.find("\n\n", from) - from);
  };
  CHECK(faults_of(partition::Mode::kIgnore) ==
        faults_of(partition::Mode::kAutoheal));
  CHECK(scenario.run({5, partition::Mode::kDownAll, 10}).mode ==
        partition::Mode::kDownAll);
}

// A cluster that breaks a promise ends with a violation that says so: here one
// whose mode does not promise what is checked.
TEST_CASE("what is violated ends the run and is told") {
  ClusterSetup setup;
  setup.peer_heartbeat = 500ms;
  setup.peer_timeout = 2s;
  setup.mode = partition::Mode::kIgnore;
  ClusterWorld world(setup);
  Bounds bounds = bounds_of(setup);
  world.add_checker(make_one_side_checker(bounds));
  Fault split;
  split.kind = FaultKind::kSplit;
  split.at = 1s;
  split.lasts = 20s;
  split.sides = {{"ns-0"}, {"ns-1", "ns-2"}};
  REQUIRE(world.settle());
  CHECK_FALSE(world.play({split}, 25s));
  REQUIRE(world.violations().size() == 1);
  CHECK(world.violations()[0].checker == "one-side-serves");
  CHECK(world.transcript().contains("VIOLATION one-side-serves: ns-"));
}

// When ns-1 was not up, or not well.
class Recorder : public Checker {
 public:
  std::string_view name() const override { return "recorder"; }
  std::optional<std::string> look(const Observation& seen) override {
    const NameserverView& ns = seen.nameservers[1];
    if (ns.up() && ns.state != model::ServerState::kDraining) return {};
    if (!first) first = seen.at;
    last = seen.at;
    return {};
  }
  std::optional<base::Duration> first;
  std::optional<base::Duration> last;
};

TEST_CASE("every fault is done and undone, overlapping ones with the last") {
  for (const FaultKind kind :
       {FaultKind::kStop, FaultKind::kSleep, FaultKind::kKill, FaultKind::kWipe,
        FaultKind::kPowerOff, FaultKind::kTerminate, FaultKind::kWallJump}) {
    ClusterWorld world({});
    auto owned = std::make_unique<Recorder>();
    const Recorder& recorder = *owned;
    world.add_checker(std::move(owned));
    Fault fault;
    fault.kind = kind;
    fault.at = 1s;
    fault.lasts = 3s;
    fault.who = "ns-1";
    fault.amount = 1h;
    Fault again = fault;
    again.at = 2s;
    const std::string text = to_string(fault);
    CAPTURE(text);
    REQUIRE(world.settle());
    const base::Duration start = world.observe().at;
    REQUIRE(world.play({fault, again}, 6s));
    if (kind == FaultKind::kWallJump) {
      CHECK_FALSE(recorder.first);
    } else {
      CHECK(recorder.first == start + 1s);
      CHECK(*recorder.last >= start + 4700ms);
      CHECK(*recorder.last <= start + 5s);
    }
    REQUIRE(world.heal());
    CHECK(world.observe().nameservers[1].serves());
    CHECK(world.transcript().contains(text));
  }
}

}  // namespace
}  // namespace waypost::sim
