#ifndef WAYPOST_TESTS_NAMESRV_CLUSTER_KEEPER_GROUP_H_
#define WAYPOST_TESTS_NAMESRV_CLUSTER_KEEPER_GROUP_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "namesrv/cluster/cluster_keeper.h"
#include "tests/support/sim/sim_world.h"

namespace waypost::cluster {

// Nameservers' keepers that call each other with a delay of 1 ms, on a virtual
// clock, with nothing else of a nameserver around them: any single message can
// be lost, and any of them can die at it. Named "a", "b", ...
class KeeperGroup {
 public:
  using Adjust = std::function<void(std::size_t, ClusterSettings&)>;
  KeeperGroup(partition::Mode mode, std::size_t size, Adjust adjust = {});
  ~KeeperGroup();

  void start(std::size_t i);
  void start_all();
  // Its kernel closes its connections. May be called from within a message.
  void kill(std::size_t i);
  void run(base::Duration duration) { world_.run_for(duration); }
  bool run_until(const std::function<bool()>& done, base::Duration limit) {
    return world_.run_until(done, limit);
  }
  void cut(std::size_t i, std::size_t j);
  // No message between these and the others.
  void cut_off(const std::set<std::size_t>& side);
  void heal_links() { cut_.clear(); }

  std::size_t size() const { return nodes_.size(); }
  bool runs(std::size_t i) const;
  ClusterKeeper& keeper(std::size_t i);
  model::ServerState state(std::size_t i) const;
  bool all_serve() const;
  void set_clients(std::size_t i, std::uint64_t count);
  int restarts(std::size_t i) const;  // by autoheal, of this process
  // For its next start. Processes are numbered from 1, as they start.
  void set_lease(std::size_t i, Lease* lease);
  static std::string lease_owner_of(std::size_t i, std::uint64_t process);
  base::Executor& executor() { return node_.executor(0); }

  // Asked for each message that is not repeated for its own sake (heartbeats
  // are); false loses it.
  using Hook = std::function<bool(std::size_t from, std::size_t to)>;
  void set_hook(Hook hook) { hook_ = std::move(hook); }

 private:
  class Node;
  friend class Node;

  bool passes(std::size_t from, std::size_t to) const;
  bool let_pass(std::size_t from, std::size_t to) const {
    return !hook_ || hook_(from, to);
  }
  // Runs at `to`, if both live and the link holds then.
  void deliver(std::size_t from, std::size_t to,
               std::function<void(Node&)> arrive);
  void after(base::Duration delay, std::function<void()> run) {
    world_.schedule(sim::EventKind::kTask, &node_.executor(0), delay,
                    std::move(run));
  }

  const partition::Mode mode_;
  const Adjust adjust_;
  sim::SimWorld world_;
  sim::SimNode& node_;
  std::vector<std::shared_ptr<Node>> nodes_;
  std::vector<std::uint64_t> clients_;
  std::vector<Lease*> leases_;
  std::set<std::pair<std::size_t, std::size_t>> cut_;
  std::uint64_t lives_ = 0;
  Hook hook_;
};

}  // namespace waypost::cluster

#endif  // WAYPOST_TESTS_NAMESRV_CLUSTER_KEEPER_GROUP_H_
