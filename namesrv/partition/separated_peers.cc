#include "namesrv/partition/separated_peers.h"

namespace waypost::partition {

void SeparatedPeers::on_stopped_serving(
    const model::PeerNames& serving, const model::PeerNames& in_shared_state) {
  for (const model::PeerName& name : names_) {
    if (serving.contains(name) || in_shared_state.contains(name)) return;
  }
  names_.clear();
}

}  // namespace waypost::partition
