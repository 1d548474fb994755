#ifndef WAYPOST_TESTS_SIM_CLUSTER_FAULTS_H_
#define WAYPOST_TESTS_SIM_CLUSTER_FAULTS_H_

// What goes wrong, when and for how long: plain values that can be drawn,
// printed, and played by a ClusterWorld.

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"

namespace waypost::sim {

enum class FaultKind : std::uint8_t {
  kStop,       // SIGSTOP: the kernel goes on acknowledging
  kSleep,      // the whole machine, its monotonic clock too
  kKill,       // SIGKILL; starts again with its disk
  kWipe,       // SIGKILL; starts again with an empty disk
  kPowerOff,   // no word to anybody, no answer; starts again with its disk
  kTerminate,  // SIGTERM to a nameserver, an orderly leave of an agent
  kSplit,      // no packets between different sides; others see all of them
  kCut,        // no packets between sides[0] and sides[1]
  kOneWay,     // no packets from sides[0] to sides[1]
  kSlow,       // links between sides[0] and sides[1] take up to `amount` longer
  kWallJump,   // the civil clock, by `amount`
};

struct Fault {
  base::Duration at{0};     // since the faults begin
  base::Duration lasts{0};  // then it is undone
  FaultKind kind = FaultKind::kStop;
  std::string who;                              // one machine
  std::vector<std::vector<std::string>> sides;  // of links
  base::Duration amount{0};                     // kSlow, kWallJump

  base::Duration until() const { return at + lasts; }
};

// Ordered by `at`. Faults overlap; one that finds its machine already dead does
// nothing, and a machine is whole again when its last fault is over.
using Schedule = std::vector<Fault>;

std::string to_string(const Fault& fault);        // without times: "stop ns-1"
std::string to_string(const Schedule& schedule);  // a line for each

// Machines by name.
struct Cast {
  std::vector<std::string> nameservers;
  std::vector<std::string> brokers;
  std::vector<std::string> clients;
  // Machines that only links lead to.
  std::vector<std::string> stores;
};

// A way of drawing schedules: which faults, how many, how long.
struct FaultStyle {
  struct Weight {
    FaultKind kind;
    unsigned weight;
  };
  std::vector<Weight> weights;
  // Mean time from one fault to the next.
  base::Duration every = std::chrono::seconds(4);
  base::Duration lasts_min = std::chrono::milliseconds(200);
  base::Duration lasts_max = std::chrono::seconds(20);
  // Share of process faults that hit nameservers; the rest hits brokers and
  // clients.
  double nameserver_share = 0.6;
};

Schedule draw_schedule(const FaultStyle& style, const Cast& cast,
                       base::Duration length, base::Random& random);

}  // namespace waypost::sim

#endif  // WAYPOST_TESTS_SIM_CLUSTER_FAULTS_H_
