#ifndef WAYPOST_NAMESRV_PARTITION_SEPARATED_PEERS_H_
#define WAYPOST_NAMESRV_PARTITION_SEPARATED_PEERS_H_

#include "wire/model/peer.h"

namespace waypost::partition {

// The peers from which this nameserver was separated and with which it has met
// again, both having gone on meanwhile: what autoheal works from. In memory
// only, as in RabbitMQ; the lasting record of partitions is the store's.
class SeparatedPeers {
 public:
  SeparatedPeers() = default;
  explicit SeparatedPeers(model::PeerNames names) : names_(std::move(names)) {}

  // Met again after each had written the other off.
  void on_met_again(const model::PeerName& peer) {
    names_.insert(peer);
    restarted_.erase(peer);
  }

  // Some peer stopped serving. Forgets all once every recorded peer has neither
  // a running service nor a place in our shared state; never only some of them,
  // for as long as one goes on nobody has decided whose state holds.
  void on_stopped_serving(const model::PeerNames& serving,
                          const model::PeerNames& in_shared_state);

  // A peer has restarted as a loser since, which we need not have seen: it took
  // another's state. Forgets all once every recorded peer has. In RabbitMQ
  // nobody misses that another one stops.
  void on_restarted(const model::PeerName& peer);

  // Our own restart, also in process.
  void on_own_restart() { forget(); }

  bool empty() const { return names_.empty(); }
  const model::PeerNames& names() const { return names_; }

 private:
  void forget() {
    names_.clear();
    restarted_.clear();
  }

  model::PeerNames names_;
  model::PeerNames restarted_;  // of these, since they were recorded
};

}  // namespace waypost::partition

#endif  // WAYPOST_NAMESRV_PARTITION_SEPARATED_PEERS_H_
