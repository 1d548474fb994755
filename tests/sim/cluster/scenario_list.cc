#include "tests/sim/cluster/scenario_list.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/random.h"
#include "tests/sim/cluster/fault_scenarios.h"
#include "tests/sim/incidents/incidents.h"

namespace waypost::sim {

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> all = [] {
    std::vector<Scenario> list = fault_scenarios();
    for (Scenario& each : incident_scenarios()) {
      list.push_back(std::move(each));
    }
    return list;
  }();
  return all;
}

const Scenario* find_scenario(const std::string& name) {
  const auto& all = scenarios();
  const auto found =
      std::find_if(all.begin(), all.end(),
                   [&](const Scenario& each) { return each.name == name; });
  return found == all.end() ? nullptr : &*found;
}

const Scenario& draw_scenario(std::uint64_t seed) {
  std::vector<const Scenario*> drawn;
  for (const Scenario& each : scenarios()) {
    if (each.drawn) drawn.push_back(&each);
  }
  base::Random random(seed ^ 0x57a9'57a9'57a9'57a9U);
  return *drawn[random.below(drawn.size())];
}

std::string command_of(const Plan& plan, const Scenario& scenario) {
  std::string command = "waypost-sim --seed " + std::to_string(plan.seed) +
                        " --scenario " + scenario.name;
  if (plan.mode) {
    command += " --mode " + std::string(partition::mode_name(*plan.mode));
  }
  if (plan.ticks) command += " --ticks " + std::to_string(*plan.ticks);
  return command;
}

}  // namespace waypost::sim
