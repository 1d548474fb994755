#include "tests/sim/incidents/incidents.h"

#include <string>

namespace waypost::sim {

const std::vector<Incident>& incidents() {
  static const std::vector<Incident> all = {
      {"incident-1", "1-hung-machine.md",
       "a machine hangs with its connections open", play_hung_machine},
      {"incident-2", "2-one-dead-of-three.md",
       "one of three dies, and the others go on", play_one_dead_of_three},
      {"incident-3", "3-both-sides-run.md",
       "a partition that leaves both sides running", play_both_sides_run},
      {"incident-4", "4-who-becomes-master.md",
       "a master dies, hangs and comes back", play_who_becomes_master},
      {"incident-5", "5-unreachable-for-ever.md",
       "an unreachable member keeps nobody out", play_unreachable_for_ever},
  };
  return all;
}

std::vector<Scenario> incident_scenarios() {
  std::vector<Scenario> list;
  for (const Incident& incident : incidents()) {
    Scenario scenario;
    scenario.name = incident.name;
    scenario.description = "docs/incidents: " + std::string(incident.title);
    scenario.drawn = false;
    scenario.run = [&incident](const Plan& plan) {
      Story story(plan.seed);
      incident.play(story);
      Outcome outcome;
      for (const Story::Block& block : story.blocks()) {
        outcome.transcript += "--- " + std::string(incident.name) + ": " +
                              block.name + "\n\n" + block.text + "\n";
      }
      for (const std::string& violation : story.violations()) {
        outcome.violations.push_back({std::string(incident.name), violation});
      }
      return outcome;
    };
    list.push_back(std::move(scenario));
  }
  return list;
}

}  // namespace waypost::sim
