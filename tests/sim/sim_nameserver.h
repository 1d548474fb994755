#ifndef WAYPOST_TESTS_SIM_SIM_NAMESERVER_H_
#define WAYPOST_TESTS_SIM_SIM_NAMESERVER_H_

#include <memory>
#include <string>
#include <vector>

#include "base/byte_budget.h"
#include "base/log.h"
#include "base/profile.h"
#include "namesrv/cluster/cluster_keeper.h"
#include "namesrv/server/settings.h"
#include "namesrv/service/name_service.h"
#include "namesrv/service/published_table.h"
#include "tests/support/sim/sim_world.h"

namespace waypost::sim {

// A nameserver as namesrv/server/server.h wires it, on a simulated node: loop 0
// is the registry thread, the others are I/O loops that share the port. What
// the data directory would hold survives stop, crash and start.
class SimNameserver {
 public:
  static constexpr std::uint16_t kPort = 9876;
  static constexpr std::uint16_t kClusterPort = 9877;

  SimNameserver(SimNode& node, const base::Profile& profile,
                base::Logger logger, std::size_t io_loops = 2);
  ~SimNameserver();

  void start();
  // The process is gone without a word; as with SIGKILL.
  void kill();
  // SIGTERM: drains, then goes. Returns at once; running() tells.
  void terminate();
  bool running() const { return life_ != nullptr; }
  // What the data directory held is lost; for the next start.
  void wipe_disk();

  SimNode& node() { return node_; }
  base::Endpoint endpoint() const { return {node_.address(), kPort}; }
  base::Endpoint cluster_endpoint() const {
    return {node_.address(), kClusterPort};
  }
  // Before start(): it has peers, at these cluster addresses.
  void set_peers(const std::vector<base::Endpoint>& peers);
  // Of one with peers, while running.
  cluster::ClusterKeeper& keeper() const;
  // As its own service sees it; only while running, as what follows.
  model::ServerState state() const;
  // Neither its state nor a gate refuses route queries.
  bool answers_routes() const;
  bool takes_registrations() const;
  // Paused for an autoheal that it lost.
  bool restarting() const;
  // How often it closed its service port to pause.
  std::uint64_t port_closes() const { return port_closes_; }
  std::size_t service_connections() const;
  // Names of the broker groups in the published route of a topic.
  const std::vector<std::string>& brokers_of(const std::string& topic);
  // Where the published route of a topic has that group's master; "": nowhere.
  std::string master_address(const std::string& topic,
                             const std::string& group);
  std::vector<lifecycle::RosterEntry>& roster() { return roster_; }

  // To be changed before start().
  server::ServerSettings settings;
  cluster::Lease* lease = nullptr;  // instead of the configured one

 private:
  struct Life;

  void start_cluster();
  void wait_for_clients();

  SimNode& node_;
  const base::Logger logger_;
  const std::size_t io_loops_;
  std::vector<lifecycle::RosterEntry> roster_;           // on disk
  std::vector<membership::PartitionRecord> partitions_;  // likewise
  std::optional<model::PeerNames> down_;                 // likewise
  std::uint64_t port_closes_ = 0;
  std::unique_ptr<Life> life_;
  std::vector<std::unique_ptr<Life>> ended_;
};

}  // namespace waypost::sim

#endif  // WAYPOST_TESTS_SIM_SIM_NAMESERVER_H_
