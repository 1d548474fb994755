#include "namesrv/membership/partition_history.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/units.h"

namespace waypost::membership {
namespace {

// A record shall not grow without bound while a link flaps for days.
constexpr std::size_t kActionsMax = 50;

}  // namespace

std::string_view partition_kind_name(PartitionKind kind) {
  static constexpr std::array<std::string_view, kPartitionKinds> kNames = {
      "loss", "outage", "partition", "partial", "one-sided", "own-gap"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::optional<PartitionKind> partition_kind_of(std::string_view name) {
  for (std::size_t i = 0; i < kPartitionKinds; ++i) {
    const auto kind = static_cast<PartitionKind>(i);
    if (partition_kind_name(kind) == name) return kind;
  }
  return std::nullopt;
}

PartitionHistory::PartitionHistory(std::size_t records_max, KeptPartitions kept)
    : records_max_(records_max), next_id_(kept.largest_id + 1) {
  for (PartitionRecord& record : kept.records) {
    next_id_ = std::max(next_id_, record.id + 1);
    // An earlier life's view ended with it.
    if (record.open()) {
      record.until = std::max(record.since, record.last_seen);
      record.end_unknown = true;
      ++version_;
    }
    records_.push_back(std::move(record));
  }
  while (records_.size() > records_max_) records_.pop_front();
}

PartitionRecord* PartitionHistory::current() {
  if (records_.empty() || away_.empty()) return nullptr;
  const auto open =
      std::find_if(records_.rbegin(), records_.rend(),
                   [](const PartitionRecord& each) { return each.open(); });
  return open == records_.rend() ? nullptr : &*open;
}

PartitionRecord& PartitionHistory::add(PartitionKind kind,
                                       base::WallTime since) {
  if (records_.size() >= records_max_) records_.pop_front();
  PartitionRecord record;
  record.id = next_id_++;
  record.kind = kind;
  record.since = since;
  record.last_seen = since;
  records_.push_back(std::move(record));
  return records_.back();
}

PartitionRecord& PartitionHistory::open_record(base::WallTime now) {
  if (PartitionRecord* open = current()) return *open;
  return add(PartitionKind::kLoss, now);
}

void PartitionHistory::on_lost(const model::PeerName& peer,
                               base::WallTime now) {
  PartitionRecord& record = open_record(now);
  record.peers.insert(peer);
  away_.insert(peer);
  ++version_;
}

void PartitionHistory::on_partial(const model::PeerName& suspect,
                                  const model::PeerName& by) {
  PartitionRecord* record = current();
  if (record == nullptr || !away_.contains(suspect)) return;
  // From here on it names who reaches them, not who does not.
  if (record->kind != PartitionKind::kPartial) record->seen_by.clear();
  record->kind = PartitionKind::kPartial;
  record->seen_by.insert(by);
  ++version_;
}

void PartitionHistory::on_seen_by(const model::PeerName& observer,
                                  const model::PeerName& subject) {
  PartitionRecord* record = current();
  if (record == nullptr || !away_.contains(subject)) return;
  if (record->kind == PartitionKind::kPartial) return;
  if (!record->seen_by.insert(observer).second) return;
  ++version_;
}

void PartitionHistory::on_back(const model::PeerName& peer, bool same_life,
                               base::WallTime now) {
  PartitionRecord* record = current();
  if (record == nullptr || !away_.contains(peer)) return;
  if (same_life && record->kind == PartitionKind::kLoss) {
    record->kind = PartitionKind::kPartition;
  }
  settle(peer, now);
}

void PartitionHistory::on_gone(const model::PeerName& peer,
                               base::WallTime now) {
  if (away_.contains(peer)) settle(peer, now);
}

void PartitionHistory::settle(const model::PeerName& peer, base::WallTime now) {
  PartitionRecord* record = current();
  away_.erase(peer);
  if (record == nullptr) return;
  if (away_.empty()) {
    record->until = now;
    if (record->kind == PartitionKind::kLoss) {
      record->kind = PartitionKind::kOutage;
    }
  }
  ++version_;
}

void PartitionHistory::on_bad_link(const model::PeerNames& ends,
                                   base::WallTime now) {
  // Part of what goes on already.
  if (current() != nullptr) return;
  PartitionRecord& record = add(PartitionKind::kPartial, now);
  record.peers = ends;
  record.until = now;
  ++version_;
}

void PartitionHistory::on_written_off(const model::PeerName& by,
                                      base::WallTime now) {
  // We lost each other: nothing one-sided about it.
  if (PartitionRecord* record = current()) {
    if (record->peers.contains(by)) return;
  }
  PartitionRecord& record = add(PartitionKind::kOneSided, now);
  record.peers.insert(by);
  record.until = now;
  ++version_;
}

void PartitionHistory::on_own_gap(base::Duration gap, base::WallTime now) {
  PartitionRecord& record = add(PartitionKind::kOwnGap, now - gap);
  record.until = now;
  record.actions.push_back(
      "did not run for " +
      base::format_duration(
          std::chrono::floor<std::chrono::milliseconds>(gap)));
  ++version_;
}

void PartitionHistory::note(std::string action) {
  PartitionRecord* record = current();
  if (record == nullptr && !records_.empty()) record = &records_.back();
  if (record == nullptr || record->actions.size() >= kActionsMax) return;
  record->actions.push_back(std::move(action));
  ++version_;
}

void PartitionHistory::on_time(base::WallTime now, bool last) {
  for (PartitionRecord& record : records_) {
    if (!record.open()) continue;
    // Civil clocks may go back.
    const base::Duration step = now - record.last_seen;
    if (step == base::Duration(0)) continue;
    if (!last && step > base::Duration(0) && step < kLastSeenStep) continue;
    record.last_seen = now;
    ++version_;
  }
}

std::size_t PartitionHistory::clear() {
  const std::size_t before = records_.size();
  std::erase_if(records_,
                [](const PartitionRecord& each) { return !each.open(); });
  if (records_.size() < before) ++version_;
  return before - records_.size();
}

bool PartitionHistory::any_open() const { return !away_.empty(); }

}  // namespace waypost::membership
