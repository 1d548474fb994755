#ifndef WAYPOST_TESTS_SIM_CLUSTER_SCENARIO_LIST_H_
#define WAYPOST_TESTS_SIM_CLUSTER_SCENARIO_LIST_H_

// The stories that waypost-sim can play, by name. A scenario builds its world,
// lets it run and returns the transcript and what went wrong; how it does that
// is its own business (cluster_world.h has faults and checkers for it, an
// incident may as well drive a Deployment by hand). The same plan gives the
// same transcript, byte by byte: nothing in it may depend on real time, on
// addresses in memory or on the order of unordered containers.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "namesrv/partition/mode.h"

namespace waypost::sim {

// What the command line or a test said; what is missing is drawn from the seed.
struct Plan {
  std::uint64_t seed = 1;
  std::optional<partition::Mode> mode;
  // Seconds of virtual time with faults.
  std::optional<std::int64_t> ticks;
};

struct Violation {
  std::string checker;  // "live-broker-stays"
  std::string text;     // when, who, what
};

struct Outcome {
  // What was played: seed, mode, sizes, faults. Then what the programs logged,
  // with virtual times and the faults among it.
  std::string transcript;
  std::vector<Violation> violations;
  partition::Mode mode = partition::Mode::kIgnore;  // that was played
};

struct Scenario {
  std::string name;         // "one-way-cuts"; lower case, hyphens
  std::string description;  // one line, for --list
  std::function<Outcome(const Plan&)> run;
  // False: only played when asked for by name (it is a story of its own, with
  // its own mode), never drawn from a seed.
  bool drawn = true;
};

// All, in a fixed order; a seed without a scenario draws one of the `drawn`.
const std::vector<Scenario>& scenarios();
// Null: there is none by that name.
const Scenario* find_scenario(const std::string& name);
const Scenario& draw_scenario(std::uint64_t seed);

// "waypost-sim --seed 7 --scenario partitions": plays the same again.
std::string command_of(const Plan& plan, const Scenario& scenario);

}  // namespace waypost::sim

#endif  // WAYPOST_TESTS_SIM_CLUSTER_SCENARIO_LIST_H_
