// What operators are told.

#include <algorithm>

#include "namesrv/cluster/cluster_keeper.h"
#include "wire/model/operations.h"

namespace waypost::cluster {

model::ClusterMembers ClusterKeeper::show() const {
  model::ClusterMembers shown;
  model::MemberListing self;
  self.info = membership_.self();
  self.self = true;
  self.reach = model::PeerReach::kReachable;
  self.state = shell_.service->state();
  self.state_reason = shell_.service->state_reason();
  self.forgotten = membership_.forgotten();
  self.holdings = shell_.table->held_brokers().size();
  self.down = membership_.was_down();
  shown.members.push_back(std::move(self));
  for (const auto& [name, record] : membership_.table().records()) {
    model::MemberListing listing;
    listing.info = record.info;
    listing.down = record.down();
    listing.forgotten = record.forgotten;
    listing.reach = membership_.reachable(name) ? model::PeerReach::kReachable
                    : membership_.lost_since(name)
                        ? model::PeerReach::kUnreachable
                        : model::PeerReach::kUnknown;
    if (const auto told = told_.find(name); told != told_.end()) {
      listing.state = told->second.state;
      listing.state_reason = told->second.reason;
    }
    const base::Duration silence = membership_.silence(name, now());
    if (silence != base::Duration::max()) listing.silent_for = silence;
    listing.suspicion = membership_.suspicion(name, now());
    listing.holdings = holdings_.holdings_of(name);
    listing.diverges_for = holdings_.diverges_for(name);
    for (const model::PeerName& by : membership_.reached_by(name)) {
      if (by != membership_.self().name && by != name) {
        listing.reached_by.push_back(by);
      }
    }
    shown.members.push_back(std::move(listing));
  }
  std::sort(shown.members.begin(), shown.members.end(),
            [](const auto& one, const auto& other) {
              return one.info.name < other.info.name;
            });
  for (const auto& target : membership_.targets()) {
    if (!target.name) shown.unknown.push_back(target.addresses.front());
  }
  shown.partition_handling = membership_.self().partition_handling;
  shown.leader = membership_.leader();
  shown.ready = readiness_.ready();
  const model::PeerNames missing = readiness_.missing();
  shown.missing = {missing.begin(), missing.end()};
  shown.netsplits_detected = readiness_.detected();
  shown.netsplits_resolved = readiness_.resolved();
  shown.open_partitions = static_cast<std::uint32_t>(
      std::count_if(history_.records().begin(), history_.records().end(),
                    [](const auto& record) { return record.open(); }));
  shown.warnings = warnings_;
  return shown;
}

std::vector<model::NameserverAddresses> ClusterKeeper::addresses() const {
  std::vector<model::NameserverAddresses> all;
  const auto add = [&all](const model::PeerInfo& info) {
    all.push_back(
        {info.name.value(), info.service_addresses, info.cluster_addresses});
  };
  add(membership_.self());
  for (const auto& [name, record] : membership_.table().records()) {
    if (!record.forgotten) add(record.info);
  }
  std::sort(all.begin(), all.end(), [](const auto& one, const auto& other) {
    return one.name < other.name;
  });
  return all;
}

model::PartitionList ClusterKeeper::partitions() const {
  model::PartitionList list;
  for (const membership::PartitionRecord& record : history_.records()) {
    list.partitions.push_back(
        {record.id,
         std::string(membership::partition_kind_name(record.kind)),
         {record.peers.begin(), record.peers.end()},
         {record.seen_by.begin(), record.seen_by.end()},
         record.since,
         record.until,
         record.actions,
         record.end_unknown});
  }
  return list;
}

std::size_t ClusterKeeper::clear_partitions(
    std::function<void(base::Status)> kept) {
  const std::size_t cleared = history_.clear();
  keep_history(std::move(kept));
  return cleared;
}

base::Result<bool> ClusterKeeper::forget(const model::PeerName& name,
                                         bool forgotten) {
  if (name == membership_.self().name && forgotten) {
    return base::fail(base::ErrorCode::kConflict,
                      "this is " + name.value() + " itself",
                      "ask another nameserver of the group to forget it");
  }
  // Of those left behind before a restart nothing but the name may be known.
  const bool known = membership_.table().find(name) != nullptr ||
                     membership_.table().forgotten(name) ||
                     membership_.left_behind().contains(name);
  if (!known) {
    return base::fail(base::ErrorCode::kNotFound,
                      "no peer is known by the name " + name.value(),
                      "see waypostctl cluster show");
  }
  if (membership_.table().forgotten(name) == forgotten) return false;
  step(membership::Forget{name, forgotten});
  beat();
  return true;
}

}  // namespace waypost::cluster
