// What the membership looks like, for policies and for people.

#include <algorithm>

#include "namesrv/membership/membership.h"

namespace waypost::membership {

model::PeerHeartbeat Membership::heartbeat() const {
  model::PeerHeartbeat heartbeat;
  heartbeat.sender = self_;
  heartbeat.sender_down_through = self_down_through_;
  for (const auto& [name, record] : table_.records()) {
    if (record.forgotten) continue;
    heartbeat.members.push_back(
        {record.info, record.down_through, matrix_.reach(self_.name, name)});
  }
  heartbeat.verdicts = table_.verdicts();
  PeerTable whole = table_;
  whole.merge(self_);
  whole.merge_down(self_.name, self_down_through_);
  heartbeat.membership = whole.digest();
  return heartbeat;
}

std::vector<Membership::Target> Membership::targets() const {
  std::vector<Target> targets;
  for (const auto& [name, record] : table_.records()) {
    if (record.forgotten) continue;
    Target target{name, record.info.cluster_addresses};
    // Where it is configured to be, it may be again.
    for (const base::Endpoint& seed : seeds_) {
      if (table_.owner_of(seed) != name) continue;
      auto& known = target.addresses;
      if (std::find(known.begin(), known.end(), seed) == known.end()) {
        known.push_back(seed);
      }
    }
    targets.push_back(std::move(target));
  }
  for (const base::Endpoint& seed : unknown_seeds()) {
    targets.push_back({std::nullopt, {seed}});
  }
  return targets;
}

std::vector<base::Endpoint> Membership::unknown_seeds() const {
  std::vector<base::Endpoint> unknown;
  for (const base::Endpoint& seed : seeds_) {
    const auto& own = self_.cluster_addresses;
    if (own_seeds_.contains(seed)) continue;
    if (std::find(own.begin(), own.end(), seed) != own.end()) continue;
    if (!table_.owner_of(seed)) unknown.push_back(seed);
  }
  return unknown;
}

model::PeerNames Membership::members(bool with_unknown) const {
  model::PeerNames names = table_.members();
  names.insert(self_.name);
  if (with_unknown) {
    for (const base::Endpoint& seed : unknown_seeds()) {
      names.insert(model::PeerName(seed.to_string()));
    }
  }
  return names;
}

model::PeerNames Membership::reachable() const {
  model::PeerNames names = {self_.name};
  for (const auto& [name, peer] : peers_) {
    if (reachable(name)) names.insert(name);
  }
  return names;
}

bool Membership::reachable(const model::PeerName& name) const {
  if (is_self(name)) return true;
  const Peer* peer = find(name);
  const PeerTable::Record* record = table_.find(name);
  return peer != nullptr && peer->reachable && record != nullptr &&
         record->member();
}

base::Duration Membership::silence(const model::PeerName& name,
                                   base::Instant now) const {
  const Peer* peer = find(name);
  return peer == nullptr ? base::Duration::max() : peer->detector.silence(now);
}

double Membership::suspicion(const model::PeerName& name,
                             base::Instant now) const {
  const Peer* peer = find(name);
  return peer == nullptr ? 0 : peer->detector.suspicion(now);
}

std::optional<base::Instant> Membership::lost_since(
    const model::PeerName& name) const {
  const Peer* peer = find(name);
  return peer == nullptr ? std::nullopt : peer->lost;
}

model::PeerNames Membership::reached_by(const model::PeerName& name) const {
  return matrix_.reached_by(name, reachable());
}

std::vector<ReachMatrix::Pair> Membership::observations() const {
  const model::PeerNames ours = members(false);
  std::vector<ReachMatrix::Pair> pairs = matrix_.unreachable(ours);
  std::erase_if(pairs, [&](const ReachMatrix::Pair& pair) {
    return !reachable(pair.first);
  });
  return pairs;
}

model::PeerNames Membership::seen_by() const {
  const model::Digest ours = heartbeat().membership;
  model::PeerNames names = {self_.name};
  for (const auto& [name, peer] : peers_) {
    if (reachable(name) && peer.membership == ours) names.insert(name);
  }
  return names;
}

model::PeerNames Membership::ends_of_bad_links() const {
  model::PeerNames ends;
  for (const auto& [observer, subject] : observations()) {
    model::PeerNames others = reached_by(subject);
    others.erase(observer);
    others.erase(subject);
    if (!others.empty()) ends.insert({observer, subject});
  }
  return ends;
}

std::optional<model::PeerName> Membership::leader() const {
  const model::PeerNames ends = ends_of_bad_links();
  std::optional<model::PeerName> first;
  for (const model::PeerName& name : reachable()) {
    const PeerTable::Record* record = table_.find(name);
    const model::PeerStatus status =
        is_self(name) ? self_.status : record->info.status;
    if (status == model::PeerStatus::kJoining) continue;
    if (!ends.contains(name)) return name;
    if (!first) first = name;
  }
  return first;
}

}  // namespace waypost::membership
