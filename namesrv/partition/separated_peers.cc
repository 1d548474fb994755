#include "namesrv/partition/separated_peers.h"

namespace waypost::partition {

void SeparatedPeers::on_stopped_serving(
    const model::PeerNames& serving, const model::PeerNames& in_shared_state) {
  for (const model::PeerName& name : names_) {
    if (serving.contains(name) || in_shared_state.contains(name)) return;
  }
  forget();
}

void SeparatedPeers::on_restarted(const model::PeerName& peer) {
  if (names_.contains(peer)) restarted_.insert(peer);
  if (restarted_ == names_) forget();
}

}  // namespace waypost::partition
