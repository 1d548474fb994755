#ifndef WAYPOST_TESTS_SCENARIOS_PAUSE_WORLD_H_
#define WAYPOST_TESTS_SCENARIOS_PAUSE_WORLD_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "namesrv/partition/autoheal.h"
#include "namesrv/partition/partial_partition.h"
#include "namesrv/partition/pause_keeper.h"
#include "namesrv/partition/separated_peers.h"

namespace waypost::scenarios {

// A small group of members with the pure decisions of the pause family and
// nothing else: links that are cut and mended, losses noticed at once. Its
// messages are delivered one by one and depth first, except those to a member
// that is held back.
class PauseWorld {
 public:
  using Link = std::pair<model::PeerName, model::PeerName>;

  PauseWorld(const partition::PausePolicy& policy,
             const std::vector<model::PeerName>& members,
             std::map<model::PeerName, std::uint64_t> client_connections);

  void hold_back(const model::PeerName& name) { held_.insert(name); }
  void let_go();  // of all that are held back

  void cut(const std::vector<Link>& links);
  void mend(const std::vector<Link>& links);

  model::PeerNames paused() const;
  model::PeerNames running() const;
  model::PeerNames separated(const model::PeerName& name) const;
  const model::PeerNames& restarted() const { return restarted_; }

 private:
  struct Node {
    Node(const partition::PausePolicy& policy, const model::PeerName& self,
         const model::PeerNames& members)
        : keeper(policy), heal(self, members) {}
    partition::PauseKeeper keeper;
    partition::Autoheal heal;
    partition::SeparatedPeers separated;
    model::PeerNames written_off;  // lost while both ran, not met since
    bool stopped = false;          // by a heal
  };

  bool serves(const model::PeerName& name) const;
  partition::Reach reach(const model::PeerName& name) const;
  model::PeerNames serving_peers(const model::PeerName& name) const;
  void disconnect(const model::PeerName& one, const model::PeerName& other);
  void on_lost(const model::PeerName& name, const model::PeerName& peer);
  void ask(const model::PeerName& name, const model::PeerName& suspect,
           const model::PeerName& via);
  void react(const model::PeerName& name, const model::PeerName& suspect,
             const model::PeerName& via);
  void tell_stopped(const model::PeerName& name);
  void settle();
  void meet(const model::PeerName& one, const model::PeerName& other);
  void heal_if_asked();
  void perform(const model::PeerName& from,
               const partition::HealEffects& effects);
  void restart(const model::PeerName& name);

  partition::PausePolicy policy_;
  std::vector<model::PeerName> order_;
  model::PeerNames members_;
  std::map<model::PeerName, std::uint64_t> client_connections_;
  std::map<model::PeerName, Node> nodes_;
  std::set<Link> cut_;        // smaller name first
  std::set<Link> connected_;  // likewise
  model::PeerNames held_;
  std::deque<std::function<void()>> waiting_;
  model::PeerNames restarted_;
  model::PeerNames released_;
  base::Instant now_;
};

}  // namespace waypost::scenarios

#endif  // WAYPOST_TESTS_SCENARIOS_PAUSE_WORLD_H_
