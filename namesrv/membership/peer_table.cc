#include "namesrv/membership/peer_table.h"

#include <algorithm>
#include <utility>

namespace waypost::membership {

PeerTable::Merge PeerTable::merge(const model::PeerInfo& info) {
  const auto known = records_.find(info.name);
  if (known == records_.end()) {
    if (records_.size() >= records_max_) return Merge::kNothing;
    Record record;
    record.info = info;
    record.forgotten = forgotten(info.name);
    records_.emplace(info.name, std::move(record));
    return Merge::kNew;
  }
  model::PeerInfo& held = known->second.info;
  if (!info.newer_than(held)) return Merge::kNothing;
  const bool new_life = info.generation != held.generation;
  held = info;
  return new_life ? Merge::kNewLife : Merge::kChanged;
}

bool PeerTable::merge_down(const model::PeerName& name,
                           model::Generation through) {
  const auto known = records_.find(name);
  if (known == records_.end()) return false;
  Record& record = known->second;
  const bool was_down = record.down();
  record.down_through = std::max(record.down_through, through);
  return record.down() != was_down;
}

bool PeerTable::presume_down(const model::PeerName& name) {
  const auto known = records_.find(name);
  if (known == records_.end() || known->second.down()) return false;
  known->second.presumed_through = known->second.info.generation;
  return true;
}

void PeerTable::withdraw_presumption(const model::PeerName& name) {
  const auto known = records_.find(name);
  if (known != records_.end()) known->second.presumed_through = 0;
}

void PeerTable::withdraw_presumptions() {
  for (auto& [name, record] : records_) record.presumed_through = 0;
}

void PeerTable::confirm_presumptions() {
  for (auto& [name, record] : records_) {
    record.down_through = std::max(record.down_through,
                                   std::exchange(record.presumed_through, 0));
  }
}

bool PeerTable::merge(const model::PeerVerdict& verdict) {
  const auto known = verdicts_.find(verdict.name);
  if (known == verdicts_.end()) {
    if (verdicts_.size() >= records_max_) return false;
    verdicts_.emplace(verdict.name, verdict);
  } else if (verdict.overrules(known->second)) {
    known->second = verdict;
  } else {
    return false;
  }
  const auto record = records_.find(verdict.name);
  if (record == records_.end()) return false;
  if (record->second.forgotten == verdict.forgotten) return false;
  record->second.forgotten = verdict.forgotten;
  return true;
}

model::PeerVerdict PeerTable::next_verdict(const model::PeerName& name,
                                           bool forgotten) const {
  const auto known = verdicts_.find(name);
  const std::uint64_t stamp =
      known == verdicts_.end() ? 1 : known->second.stamp + 1;
  return {name, forgotten, stamp};
}

void PeerTable::answered_at(const model::PeerName& name,
                            const base::Endpoint& address) {
  // Whoever asks decides how many addresses there are: those configured and
  // those of members.
  answered_.insert_or_assign(address, name);
}

std::optional<model::PeerName> PeerTable::owner_of(
    const base::Endpoint& address) const {
  const auto found = answered_.find(address);
  if (found != answered_.end()) return found->second;
  for (const auto& [name, record] : records_) {
    const auto& own = record.info.cluster_addresses;
    if (std::find(own.begin(), own.end(), address) != own.end()) return name;
  }
  return std::nullopt;
}

const PeerTable::Record* PeerTable::find(const model::PeerName& name) const {
  const auto found = records_.find(name);
  return found == records_.end() ? nullptr : &found->second;
}

bool PeerTable::forgotten(const model::PeerName& name) const {
  const auto found = verdicts_.find(name);
  return found != verdicts_.end() && found->second.forgotten;
}

model::PeerNames PeerTable::members() const {
  model::PeerNames names;
  for (const auto& [name, record] : records_) {
    if (record.member()) names.insert(name);
  }
  return names;
}

std::vector<model::PeerVerdict> PeerTable::verdicts() const {
  std::vector<model::PeerVerdict> all;
  for (const auto& [name, verdict] : verdicts_) all.push_back(verdict);
  return all;
}

std::int64_t PeerTable::largest_up_number() const {
  std::int64_t largest = 0;
  for (const auto& [name, record] : records_) {
    if (record.info.up_number != model::kNeverUp) {
      largest = std::max(largest, record.info.up_number);
    }
  }
  return largest;
}

model::Digest PeerTable::digest() const {
  std::string text;
  const auto add = [&text](const auto& value) {
    if constexpr (std::is_arithmetic_v<std::decay_t<decltype(value)>>) {
      text += std::to_string(value);
    } else {
      text += std::to_string(value.size()) + ":" + value;
    }
    text += ' ';
  };
  for (const auto& [name, record] : records_) {
    // Nobody tells of them.
    if (record.forgotten) continue;
    add(name.value());
    add(record.info.generation);
    add(record.info.version);
    add(record.down_through);
  }
  for (const auto& [name, verdict] : verdicts_) {
    add(name.value());
    add(verdict.stamp);
    add(static_cast<int>(verdict.forgotten));
  }
  return model::digest_bytes(text);
}

}  // namespace waypost::membership
