#ifndef WAYPOST_TESTS_SIM_CLUSTER_CLUSTER_WORLD_H_
#define WAYPOST_TESTS_SIM_CLUSTER_CLUSTER_WORLD_H_

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/cluster/cluster_setup.h"
#include "tests/sim/cluster/observation.h"
#include "tests/sim/cluster/scenario_list.h"
#include "tests/sim/cluster/sim_lease.h"
#include "tests/sim/deployment.h"

namespace waypost::sim {

// A cluster of real nameserver services with their peers, agents and clients,
// to which a schedule of faults happens while the checkers look on.
//
//   ClusterWorld world(draw_setup(7, partition::Mode::kPauseMinority));
//   if (world.settle() && world.play(schedule, 40s)) world.heal();
//   world.violations();  // what was wrong, at most one: the first ends it all
class ClusterWorld {
 public:
  explicit ClusterWorld(const ClusterSetup& setup);
  ~ClusterWorld();

  // Starts everything and waits until all is well. False: it is not, which is a
  // violation.
  bool settle();
  // Faults for `length`; all of them are over then. False: a violation.
  bool play(const Schedule& schedule, base::Duration length);
  // Waits until everything is whole again and a little longer.
  bool heal();

  // Beside those that the mode brings; before settle().
  void add_checker(std::unique_ptr<Checker> checker) {
    checkers_.push_back(std::move(checker));
  }

  // What somebody who sees everything sees now.
  Observation observe();

  const std::vector<Violation>& violations() const { return violations_; }
  Deployment& system() { return system_; }
  const Transcript& transcript() const { return system_.transcript; }

 private:
  // Faults that a machine suffers from.
  struct Ills {
    int dead = 0;  // killed, wiped, powered off
    int leaving = 0;
    int dark = 0;
    int stopped = 0;
    int asleep = 0;
    bool terminated = false;
  };

  void begin(const Fault& fault);
  void end(const Fault& fault);
  void count(const Fault& fault, int by);
  void change_links();
  static void set_awake(SimNode& node, const Ills& ills);
  void treat(SimNameserver& nameserver);
  void treat(SimAgent& agent);
  void treat(const std::string& name);
  std::size_t number_of(const std::string& name) const;
  // Runs on, looks several times a second; false after a violation.
  bool run(base::Duration duration);
  bool look();
  bool whole();

  const ClusterSetup setup_;
  const Cast cast_;
  std::vector<std::string> names_;  // of all machines, by number
  // Of machines, stores included.
  std::vector<std::uint64_t> passes_;
  std::map<std::string, Ills> ills_;
  std::vector<const Fault*> link_faults_;
  std::unique_ptr<SimLease> lease_;
  Deployment system_;
  std::vector<std::unique_ptr<Checker>> checkers_;
  std::vector<Violation> violations_;
  std::optional<base::Duration> healed_at_;
};

}  // namespace waypost::sim

#endif  // WAYPOST_TESTS_SIM_CLUSTER_CLUSTER_WORLD_H_
