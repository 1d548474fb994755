// What a heartbeat brings.

#include <algorithm>
#include <utility>

#include "namesrv/membership/membership.h"

namespace waypost::membership {

void Membership::on(const Heard& event, base::Instant now) {
  const model::PeerHeartbeat& heartbeat = event.heartbeat;
  const model::PeerInfo& sender = heartbeat.sender;
  if (is_self(sender.name)) {
    if (sender.incarnation != self_.incarnation) {
      tell_conflict(event.dialed, now);
    } else if (event.dialed) {
      own_seeds_.insert(*event.dialed);
    }
    return;
  }
  if (event.dialed) table_.answered_at(sender.name, *event.dialed);
  // Operators' words first: they say whether the rest matters.
  for (const model::PeerVerdict& verdict : heartbeat.verdicts) merge(verdict);
  merge(sender, now);
  merge_down(sender.name, heartbeat.sender_down_through);
  for (const model::PeerReport& report : heartbeat.members) {
    merge_report(report, now);
  }
  const PeerTable::Record* record = table_.find(sender.name);
  if (record == nullptr) return;  // the table is full
  if (sender.generation == record->info.generation) {
    // It speaks: it did not go when we did.
    table_.withdraw_presumption(sender.name);
  }
  // An earlier life speaks, or one that is out: it learns that by our answer.
  if (sender.generation != record->info.generation || !record->member()) return;

  Peer& from = peer(sender.name);
  from.membership = heartbeat.membership;
  from.serving = heartbeat.state == model::ServerState::kServing;
  heard(sender.name, now);
  if (matrix_.set_row(sender.name, row_of(heartbeat))) {
    effects_.push_back(ObservationsMoved{});
  }
  const bool writes_us_off =
      matrix_.reach(sender.name, self_.name) == model::PeerReach::kUnreachable;
  // One that was set to down and begins anew lost us then: nobody here was
  // absent.
  if (writes_us_off && !from.wrote_us_off &&
      sender.status != model::PeerStatus::kJoining) {
    effects_.push_back(WrittenOff{sender.name});
  }
  from.wrote_us_off = writes_us_off;
  const std::string& theirs = sender.partition_handling;
  if (theirs != self_.partition_handling && theirs != from.handling_told) {
    effects_.push_back(HandlingDiffers{sender.name, theirs});
  }
  from.handling_told = theirs;
}

void Membership::merge(const model::PeerInfo& info, base::Instant now) {
  if (is_self(info.name)) return;
  const PeerTable::Record* known = table_.find(info.name);
  std::optional<model::PeerInfo> before;
  if (known != nullptr) before = known->info;
  switch (table_.merge(info)) {
    case PeerTable::Merge::kNothing:
      return;
    case PeerTable::Merge::kNew:
      peer(info.name);
      effects_.push_back(PeerJoined{info.name});
      return;
    case PeerTable::Merge::kNewLife: {
      Peer& again = peer(info.name);
      // Of the new life nothing is known yet but that somebody heard it.
      if (again.reachable) again.detector.restart(now);
      again.wrote_us_off = false;
      effects_.push_back(PeerRestarted{info.name});
      break;
    }
    case PeerTable::Merge::kChanged:
      break;
  }
  PeerChanged changed{info.name, std::nullopt};
  if (before->cluster_addresses != info.cluster_addresses &&
      !info.cluster_addresses.empty()) {
    changed.moved_to = info.cluster_addresses.front();
    // Where it was it is waited for no more.
    for (const base::Endpoint& old : before->cluster_addresses) {
      const bool configured =
          std::find(seeds_.begin(), seeds_.end(), old) != seeds_.end();
      if (configured && !table_.owner_of(old)) {
        table_.answered_at(info.name, old);
      }
    }
  }
  effects_.push_back(std::move(changed));
}

void Membership::merge_down(const model::PeerName& name,
                            model::Generation through) {
  if (table_.merge_down(name, through)) note_down(name);
}

void Membership::note_down(const model::PeerName& name) {
  Peer& gone = peer(name);
  gone.reachable = false;
  gone.lost.reset();
  matrix_.drop_row(name);
  effects_.push_back(PeerDown{name});
}

void Membership::merge(const model::PeerVerdict& verdict) {
  const bool was_forgotten = forgotten();
  const bool changed = table_.merge(verdict);
  if (is_self(verdict.name)) {
    if (forgotten() && !was_forgotten) effects_.push_back(SelfForgotten{});
    return;
  }
  if (!changed) return;
  if (!verdict.forgotten) {
    effects_.push_back(PeerWelcome{verdict.name});
    return;
  }
  Peer& gone = peer(verdict.name);
  gone.reachable = false;
  gone.lost.reset();
  matrix_.drop_row(verdict.name);
  effects_.push_back(PeerForgotten{verdict.name});
}

void Membership::merge_report(const model::PeerReport& report,
                              base::Instant now) {
  if (is_self(report.info.name)) {
    hear_of_oneself(report, now);
    return;
  }
  merge(report.info, now);
  merge_down(report.info.name, report.down_through);
}

void Membership::tell_conflict(std::optional<base::Endpoint> at,
                               base::Instant now) {
  if (conflict_told_ && now - *conflict_told_ < std::chrono::minutes(1)) return;
  conflict_told_ = now;
  effects_.push_back(NameConflict{std::move(at)});
}

void Membership::hear_of_oneself(const model::PeerReport& report,
                                 base::Instant now) {
  if (report.down_through >= self_.generation) {
    take_new_life(report.down_through);
    effects_.push_back(SelfDown{});
    return;
  }
  self_down_through_ = std::max(self_down_through_, report.down_through);
  const model::PeerInfo& said = report.info;
  if (said.incarnation == self_.incarnation || !said.newer_than(self_)) return;
  if (report.reach == model::PeerReach::kReachable) {
    // Not remembered but heard: it lives.
    tell_conflict(std::nullopt, now);
    return;
  }
  // Of an earlier life of ours, whose clock was ahead.
  self_.generation = std::max(self_.generation, said.generation) + 1;
}

void Membership::take_new_life(model::Generation after) {
  self_down_through_ = std::max(self_down_through_, after);
  self_.generation = std::max(self_.generation, after) + 1;
  self_.version = 0;
  self_.status = model::PeerStatus::kJoining;
  self_.up_number = model::kNeverUp;
  was_down_ = true;
  left_behind_ = table_.members();
  for (auto& [name, peer] : peers_) peer.serving = false;
}

ReachMatrix::Row Membership::row_of(
    const model::PeerHeartbeat& heartbeat) const {
  ReachMatrix::Row row;
  for (const model::PeerReport& report : heartbeat.members) {
    const model::PeerName& name = report.info.name;
    // What it says of an earlier life says nothing of this one.
    const model::Generation current = is_self(name) ? self_.generation
                                      : table_.find(name) != nullptr
                                          ? table_.find(name)->info.generation
                                          : report.info.generation;
    if (report.info.generation == current) row[name] = report.reach;
  }
  return row;
}

}  // namespace waypost::membership
