#ifndef WAYPOST_TESTS_SIM_CLUSTER_CHECKERS_H_
#define WAYPOST_TESTS_SIM_CLUSTER_CHECKERS_H_

// What must hold in a cluster of nameservers whatever happens to it. Each
// checker is fed every observation of a run, in order, and says what is wrong,
// if anything; it knows nothing of scenarios, and nothing of the programs but
// what an observation shows. All of them forgive for a bounded time: `Bounds`
// tells how long and why.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "namesrv/partition/mode.h"
#include "tests/sim/cluster/observation.h"

namespace waypost::sim {

struct Bounds {
  // A client that reaches a serving nameserver has an answer of one this young.
  base::Duration client_finds{0};
  // A broker that reaches a serving nameserver is in its table.
  base::Duration broker_found{0};
  // A broker that reaches one serving nameserver is in the tables of those that
  // this one reaches.
  base::Duration broker_told{0};
  // A dead broker is in no table, in no client's route.
  base::Duration broker_forgotten{0};
  // After the network healed everything is whole.
  base::Duration converges{0};
  // A paused nameserver has let go of the last connection.
  base::Duration pause_closes{0};
  // Nameservers that have served and reached each other know each other.
  base::Duration meets{0};
  // Nameservers that cannot reach each other do not both serve.
  base::Duration one_side{0};
  // Nameservers that all reach each other, one of which serves, all serve.
  base::Duration joins{0};
};

class Checker {
 public:
  virtual ~Checker() = default;
  virtual std::string_view name() const = 0;
  // What is wrong, if anything.
  virtual std::optional<std::string> look(const Observation& seen) = 0;
};

// (a) A client that can reach a serving nameserver finds it.
std::unique_ptr<Checker> make_client_finds_checker(const Bounds& bounds);
// (b) No live, reachable broker is dropped; what one nameserver hears, those
// that it reaches know as well.
std::unique_ptr<Checker> make_live_broker_checker(const Bounds& bounds);
std::unique_ptr<Checker> make_told_broker_checker(const Bounds& bounds);
// (c) A dead broker is gone everywhere.
std::unique_ptr<Checker> make_dead_broker_checker(const Bounds& bounds);
// (d) After the network heals all hold the same, and all serve.
std::unique_ptr<Checker> make_convergence_checker(const Bounds& bounds);
// (e) A paused nameserver serves nobody.
std::unique_ptr<Checker> make_pause_checker(const Bounds& bounds);
// (f) At most one side serves. Holds for who met the other since it started:
// pausing is never done at start-up, and one that comes up alone cannot know.
std::unique_ptr<Checker> make_one_side_checker(const Bounds& bounds);
// (g) No dead peer blocks a join. In the modes that pause, being paused is no
// join: after a partial cut pause-minority waits for all, the dead included.
std::unique_ptr<Checker> make_join_checker(const Bounds& bounds,
                                           partition::Mode mode);

// Whether the mode promises that of two sides at most one serves. For
// pause-if-all-down: when it lists one nameserver.
bool promises_one_side(partition::Mode mode);

// All that the mode promises.
std::vector<std::unique_ptr<Checker>> make_checkers(partition::Mode mode,
                                                    const Bounds& bounds);

}  // namespace waypost::sim

#endif  // WAYPOST_TESTS_SIM_CLUSTER_CHECKERS_H_
