#ifndef WAYPOST_TESTS_SIM_CLUSTER_CLUSTER_SETUP_H_
#define WAYPOST_TESTS_SIM_CLUSTER_CLUSTER_SETUP_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "namesrv/partition/mode.h"
#include "namesrv/partition/netsplit_gate.h"
#include "tests/sim/cluster/checkers.h"
#include "tests/sim/cluster/faults.h"

namespace waypost::sim {

// What a cluster consists of, how it is configured and how good its network is.
// Timing of brokers and clients is that of the profile `fast`.
struct ClusterSetup {
  std::uint64_t seed = 1;
  partition::Mode mode = partition::Mode::kIgnore;
  std::size_t nameservers = 3;
  std::size_t brokers = 2;
  std::size_t clients = 2;
  // Clients have what changes pushed to them; they poll in any case.
  bool watch = false;
  base::Duration peer_heartbeat = std::chrono::seconds(1);
  base::Duration peer_timeout = std::chrono::seconds(5);
  base::Duration stable_after = std::chrono::seconds(7);
  base::Duration delay_max = std::chrono::milliseconds(2);
  // Shares of packets. Programs see streams: a lost packet, or one that came
  // too early, is sent again 200 ms later at the soonest, one that came twice
  // is dropped by the kernel. What the programs see of all this is time.
  double loss = 0;
  double duplication = 0;
  double reordering = 0;
  // Set: `cluster.netsplit-gate = all-members`, and what it lets through.
  std::optional<std::array<bool, partition::kOperations>> gate_allows;
};

// Everything that `mode` leaves open, drawn.
ClusterSetup draw_setup(std::uint64_t seed,
                        std::optional<partition::Mode> mode);

// A few lines that say all of it.
std::string to_string(const ClusterSetup& setup);

// ns-0.., broker-0.., app-0.., and store-0, which keeps the lease.
Cast cast_of(const ClusterSetup& setup);

// How long each promise may take with these timings; the .cc says why.
Bounds bounds_of(const ClusterSetup& setup);

}  // namespace waypost::sim

#endif  // WAYPOST_TESTS_SIM_CLUSTER_CLUSTER_SETUP_H_
