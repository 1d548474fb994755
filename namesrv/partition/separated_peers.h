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
  void on_met_again(const model::PeerName& peer) { names_.insert(peer); }

  // Some peer stopped serving. Forgets all once every recorded peer has neither
  // a running service nor a place in our shared state; never only some of them,
  // for as long as one goes on nobody has decided whose state holds.
  void on_stopped_serving(const model::PeerNames& serving,
                          const model::PeerNames& in_shared_state);

  // Our own restart, also in process.
  void on_own_restart() { names_.clear(); }

  bool empty() const { return names_.empty(); }
  const model::PeerNames& names() const { return names_; }

 private:
  model::PeerNames names_;
};

}  // namespace waypost::partition

#endif  // WAYPOST_NAMESRV_PARTITION_SEPARATED_PEERS_H_
