// waypost-sim: plays one seed of a simulated cluster and prints what happened.

#include <cstdio>
#include <iostream>
#include <string>

#include "base/options.h"
#include "process/command_line.h"
#include "tests/sim/cluster/scenario_list.h"

namespace waypost::sim {
namespace {

constexpr int kExitViolation = 1;

struct Options {
  std::int64_t seed = 1;
  std::string scenario;
  std::string mode;
  std::int64_t ticks = 0;
  bool list = false;
  bool quiet = false;
};

process::Program describe_program() {
  process::Program program;
  program.name = "waypost-sim";
  program.summary =
      "plays a simulated cluster of nameservers to which faults happen";
  program.synopsis = {
      "--seed N [--scenario S] [--mode M] [--ticks T] [--quiet]", "--list"};
  program.notes = {
      "What is not given is drawn from the seed. The same command prints the "
      "same transcript, byte by byte.",
      "A tick is a second of virtual time with faults; what it takes to heal "
      "afterwards comes on top."};
  program.examples = {{"--seed 7", "whatever seed 7 stands for"},
                      {"--seed 7 --mode pause-minority --scenario partitions",
                       "partitions of a cluster that pauses minorities"}};
  program.exit_statuses = {{kExitViolation,
                            "something that is promised did not hold; the last "
                            "line is the command that repeats it"}};
  return program;
}

void declare_options(base::OptionTable& table, Options& options) {
  table.number("seed", options.seed, 0, INT64_MAX, "Which run");
  table.text("scenario", options.scenario,
             "What kind of faults, or which story; see --list");
  table.text("mode", options.mode, "The cluster's partition handling");
  table.number("ticks", options.ticks, 0, 100'000,
               "Seconds of virtual time with faults; 0: drawn");
  table.flag("list", options.list, "Lists scenarios and modes");
  table.flag("quiet", options.quiet,
             "Prints no transcript unless something is violated");
}

int list() {
  std::cout << "scenarios:\n";
  for (const Scenario& each : scenarios()) {
    std::cout << "  " << each.name << ": " << each.description
              << (each.drawn ? "" : " (only by name)") << "\n";
  }
  std::cout << "modes:\n";
  for (const std::string& mode : partition::mode_names()) {
    std::cout << "  " << mode << "\n";
  }
  return process::kExitSuccess;
}

int refuse(const std::string& why) {
  std::cerr << "waypost-sim: " << why << "\n";
  return process::kExitUsage;
}

int run(int argc, char** argv) {
  Options options;
  base::OptionTable table;
  declare_options(table, options);
  const auto line =
      process::parse_command_line(argc, argv, describe_program(), table);
  if (line.exit_status) return *line.exit_status;
  if (options.list) return list();

  Plan plan;
  plan.seed = static_cast<std::uint64_t>(options.seed);
  if (options.ticks > 0) plan.ticks = options.ticks;
  if (!options.mode.empty()) {
    const auto mode = partition::parse_mode(options.mode);
    if (!mode) return refuse(mode.error().to_string());
    plan.mode = *mode;
  }
  const Scenario* scenario = options.scenario.empty()
                                 ? &draw_scenario(plan.seed)
                                 : find_scenario(options.scenario);
  if (scenario == nullptr) {
    std::string allowed;
    for (const Scenario& each : scenarios()) {
      allowed += (allowed.empty() ? "" : ", ") + each.name;
    }
    return refuse("there is no scenario '" + options.scenario +
                  "'; allowed: " + allowed);
  }

  const Outcome outcome = scenario->run(plan);
  if (!options.quiet || !outcome.violations.empty()) {
    std::cout << outcome.transcript;
  }
  if (outcome.violations.empty()) {
    std::cout << "nothing was violated\n";
    return process::kExitSuccess;
  }
  for (const Violation& violation : outcome.violations) {
    std::cout << "violated: " << violation.checker << ": " << violation.text
              << "\n";
  }
  std::cout << "again: " << command_of(plan, *scenario) << "\n";
  return kExitViolation;
}

}  // namespace
}  // namespace waypost::sim

int main(int argc, char** argv) { return waypost::sim::run(argc, argv); }
