#include "namesrv/partition/indirect_connections.h"

namespace waypost::partition {

model::PeerNames IndirectConnections::all() const {
  model::PeerNames names = in_cycle;
  names.insert(by_seen.begin(), by_seen.end());
  return names;
}

IndirectConnections find_indirect(const std::vector<Observation>& observations,
                                  const model::PeerNames& seen_by) {
  model::PeerNames observers;
  for (const Observation& each : observations) observers.insert(each.observer);
  IndirectConnections indirect;
  for (const Observation& each : observations) {
    if (observers.contains(each.subject)) {
      indirect.in_cycle.insert(each.subject);
    }
    if (seen_by.contains(each.subject)) {
      indirect.by_seen.insert(each.observer);
      indirect.by_seen.insert(each.subject);
    }
  }
  return indirect;
}

std::vector<Observation> own_observations(const DowningView& view) {
  model::PeerNames ours;
  for (const Member& member : view.members) {
    if (member.data_center == view.data_center) ours.insert(member.name);
  }
  std::vector<Observation> own;
  for (const Observation& each : view.observations) {
    if (ours.contains(each.observer) && ours.contains(each.subject)) {
      own.push_back(each);
    }
  }
  return own;
}

std::vector<Observation> without_indirect(
    const std::vector<Observation>& observations,
    const IndirectConnections& indirect, const model::PeerNames& downable) {
  const auto both_in = [](const model::PeerNames& names,
                          const Observation& each) {
    return names.contains(each.observer) && names.contains(each.subject);
  };
  std::vector<Observation> left;
  for (const Observation& each : observations) {
    if (!both_in(downable, each)) continue;
    if (both_in(indirect.in_cycle, each)) continue;
    if (both_in(indirect.by_seen, each)) continue;
    left.push_back(each);
  }
  return left;
}

}  // namespace waypost::partition
