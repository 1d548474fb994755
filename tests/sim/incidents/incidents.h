#ifndef WAYPOST_TESTS_SIM_INCIDENTS_INCIDENTS_H_
#define WAYPOST_TESTS_SIM_INCIDENTS_INCIDENTS_H_

#include <string_view>
#include <vector>

#include "tests/sim/cluster/scenario_list.h"
#include "tests/sim/incidents/story.h"

namespace waypost::sim {

// An operation report, played again with Waypost in its place. Told in
// docs/incidents, whose blocks are what play() adds for seed 1.
struct Incident {
  std::string_view name;  // "incident-1"
  std::string_view page;  // within docs/incidents
  std::string_view title;
  void (*play)(Story& story);
};

const std::vector<Incident>& incidents();
// The same for waypost-sim, any seed.
std::vector<Scenario> incident_scenarios();

void play_hung_machine(Story& story);
void play_one_dead_of_three(Story& story);
void play_both_sides_run(Story& story);
void play_who_becomes_master(Story& story);
void play_unreachable_for_ever(Story& story);

}  // namespace waypost::sim

#endif  // WAYPOST_TESTS_SIM_INCIDENTS_INCIDENTS_H_
