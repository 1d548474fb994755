#ifndef WAYPOST_TESTS_SIM_CLUSTER_FAULT_SCENARIOS_H_
#define WAYPOST_TESTS_SIM_CLUSTER_FAULT_SCENARIOS_H_

#include <vector>

#include "tests/sim/cluster/scenario_list.h"

namespace waypost::sim {

// Clusters drawn from the seed to which faults of one style happen.
std::vector<Scenario> fault_scenarios();

}  // namespace waypost::sim

#endif  // WAYPOST_TESTS_SIM_CLUSTER_FAULT_SCENARIOS_H_
