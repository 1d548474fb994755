#ifndef WAYPOST_NAMESRV_PARTITION_INDIRECT_CONNECTIONS_H_
#define WAYPOST_NAMESRV_PARTITION_INDIRECT_CONNECTIONS_H_

#include <vector>

#include "namesrv/partition/downing_view.h"

namespace waypost::partition {

// Members that somebody cannot reach and that are connected some other way
// (Akka calls them indirectly connected). In a clean cut, and when a process
// dies, who is unreachable neither observes anybody in our view nor sees our
// state; whoever does one of these still reaches us over a third member.
struct IndirectConnections {
  model::PeerNames in_cycle;  // observer and subject at once
  model::PeerNames by_seen;   // both ends of an observation whose subject has
                              // seen the current state

  model::PeerNames all() const;
  bool empty() const { return in_cycle.empty() && by_seen.empty(); }
};

IndirectConnections find_indirect(const std::vector<Observation>& observations,
                                  const model::PeerNames& seen_by);

// Observations between known members of the deciding side's data center: only
// these mean anything.
std::vector<Observation> own_observations(const DowningView& view);

// For the second look: without what indirectly connected members say of each
// other, and without who may not be downed.
std::vector<Observation> without_indirect(
    const std::vector<Observation>& observations,
    const IndirectConnections& indirect, const model::PeerNames& downable);

}  // namespace waypost::partition

#endif  // WAYPOST_NAMESRV_PARTITION_INDIRECT_CONNECTIONS_H_
