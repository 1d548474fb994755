#include "tests/sim/cluster/fault_scenarios.h"

#include <algorithm>
#include <utility>

#include "tests/sim/cluster/cluster_world.h"

namespace waypost::sim {
namespace {

using namespace std::chrono_literals;
using Kind = FaultKind;

struct Style {
  const char* name;
  const char* description;
  FaultStyle faults;
};

std::vector<Style> styles() {
  return {
      {"everything",
       "any fault at any machine and link",
       {{{Kind::kStop, 3},
         {Kind::kSleep, 2},
         {Kind::kKill, 3},
         {Kind::kWipe, 1},
         {Kind::kPowerOff, 2},
         {Kind::kTerminate, 2},
         {Kind::kSplit, 3},
         {Kind::kCut, 2},
         {Kind::kOneWay, 2},
         {Kind::kSlow, 2},
         {Kind::kWallJump, 1}},
        3s}},
      {"partitions",
       "nameservers in two or three parts, again and again",
       {{{Kind::kSplit, 1}}, 12s, 500ms, 25s}},
      {"bad-links",
       "cuts of single links and machines, one-way cuts, slow links",
       {{{Kind::kCut, 2}, {Kind::kOneWay, 2}, {Kind::kSlow, 1}}, 4s}},
      {"crashes",
       "processes that die, with and without their disk, or leave in order",
       {{{Kind::kKill, 3},
         {Kind::kWipe, 2},
         {Kind::kPowerOff, 2},
         {Kind::kTerminate, 2}},
        4s}},
      {"sleepers",
       "processes that are stopped, machines that sleep",
       {{{Kind::kStop, 3}, {Kind::kSleep, 3}, {Kind::kWallJump, 1}}, 4s}},
      {"flapping",
       "links that come and go several times a second",
       {{{Kind::kCut, 2}, {Kind::kOneWay, 2}, {Kind::kSplit, 1}},
        700ms,
        100ms,
        4s}},
  };
}

Outcome play(const Plan& plan, const Style& style) {
  const ClusterSetup setup = draw_setup(plan.seed, plan.mode);
  base::Random random(plan.seed ^ 0xfa17'fa17'fa17'fa17U);
  const auto drawn = static_cast<std::int64_t>(12 + random.below(28));
  const std::int64_t ticks = plan.ticks.value_or(drawn);
  const base::Duration length = std::chrono::seconds(ticks);
  const Schedule schedule =
      draw_schedule(style.faults, cast_of(setup), length, random);

  Outcome outcome;
  outcome.mode = setup.mode;
  outcome.transcript = "seed " + std::to_string(plan.seed) + ", scenario " +
                       style.name + ", ticks " + std::to_string(ticks) + "\n" +
                       to_string(setup) + "faults, from their beginning on:\n" +
                       to_string(schedule) + "\n";
  ClusterWorld world(setup);
  if (world.settle() && world.play(schedule, length)) world.heal();
  outcome.violations = world.violations();
  outcome.transcript += world.transcript().text();
  return outcome;
}

}  // namespace

std::vector<Scenario> fault_scenarios() {
  std::vector<Scenario> scenarios;
  for (const Style& style : styles()) {
    scenarios.push_back(
        {style.name, style.description,
         [style](const Plan& plan) { return play(plan, style); }});
  }
  return scenarios;
}

}  // namespace waypost::sim
