#include "namesrv/registry/liveness.h"

#include <algorithm>

namespace waypost::registry {
namespace {

// The expiry brake: more than this number and more than one in five.
constexpr std::size_t kBrakeMin = 3;
constexpr std::size_t kBrakeOneIn = 5;

}  // namespace

Liveness::Id Liveness::add(base::Duration expiry, bool can_be_suspect,
                           base::Instant now) {
  Id id = static_cast<Id>(entries_.size());
  if (free_ids_.empty()) {
    entries_.emplace_back();
  } else {
    id = free_ids_.back();
    free_ids_.pop_back();
  }
  Entry& entry = entries_[id];
  entry = Entry{};
  entry.heard = now;
  entry.expiry = expiry;
  entry.can_be_suspect = can_be_suspect;
  entry.expires = now + expiry;
  expiries_.emplace(entry.expires, id);
  ++expiry_counts_[expiry];
  schedule_suspicion(id, true);
  return id;
}

void Liveness::remove(Id id) {
  Entry& entry = entries_[id];
  schedule_suspicion(id, false);
  expiries_.erase({entry.expires, id});
  const auto count = expiry_counts_.find(entry.expiry);
  if (--count->second == 0) expiry_counts_.erase(count);
  if (entry.suspect) --suspect_count_;
  if (entry.exempt) --exempt_count_;
  free_ids_.push_back(id);
}

bool Liveness::heard(Id id, base::Instant now) {
  Entry& entry = entries_[id];
  const bool was_suspect = entry.suspect;
  if (was_suspect) --suspect_count_;
  entry.suspect = false;
  entry.departing = false;
  entry.held_until.reset();
  // Moving the nodes spares two allocations for each heartbeat; most deadlines
  // are new largest ones, hence the hints.
  auto node = suspicions_.extract({entry.heard, id});
  entry.heard = now;
  if (node.empty()) {
    schedule_suspicion(id, true);
  } else {
    node.value() = {now, id};
    suspicions_.insert(suspicions_.end(), std::move(node));
  }
  schedule_expiry(id, now + entry.expiry);
  return was_suspect;
}

void Liveness::set_expiry(Id id, base::Duration expiry, bool can_be_suspect) {
  Entry& entry = entries_[id];
  if (entry.expiry == expiry && entry.can_be_suspect == can_be_suspect) return;
  const auto count = expiry_counts_.find(entry.expiry);
  if (--count->second == 0) expiry_counts_.erase(count);
  ++expiry_counts_[expiry];
  schedule_suspicion(id, false);
  entry.expiry = expiry;
  entry.can_be_suspect = can_be_suspect;
  schedule_expiry(id, entry.heard + expiry);
  schedule_suspicion(id, true);
}

void Liveness::set_exempt(Id id, bool exempt, base::Instant now) {
  Entry& entry = entries_[id];
  if (entry.exempt == exempt) return;
  entry.exempt = exempt;
  exempt_count_ += exempt ? 1 : std::size_t(-1);
  entry.expired = false;
  heard(id, now);
}

void Liveness::depart_at(Id id, base::Instant deadline) {
  entries_[id].departing = true;
  schedule_expiry(id, deadline);
}

void Liveness::schedule_expiry(Id id, base::Instant deadline) {
  Entry& entry = entries_[id];
  if (entry.exempt) deadline = base::Instant::max();
  auto node = expiries_.extract({entry.expires, id});
  entry.expires = deadline;
  node.value() = {deadline, id};
  expiries_.insert(expiries_.end(), std::move(node));
}

void Liveness::schedule_suspicion(Id id, bool wanted) {
  const Entry& entry = entries_[id];
  if (!wanted) {
    suspicions_.erase({entry.heard, id});
  } else if (entry.can_be_suspect && !entry.suspect &&
             settings_.suspect_after > base::Duration::zero()) {
    suspicions_.emplace_hint(suspicions_.end(), entry.heard, id);
  }
}

Liveness::Outcome Liveness::scan(base::Instant now, bool suspend_removals) {
  Outcome outcome;
  if (!suspend_removals) expire(due_at(now), now, outcome);
  suspect(now, outcome);
  return outcome;
}

Liveness::Due Liveness::due_at(base::Instant now) const {
  Due due;
  for (const auto& [deadline, id] : expiries_) {
    if (deadline >= now) break;
    const Entry& entry = entries_[id];
    const bool sure = entry.departing || entry.explained;
    (sure ? due.departed : due.silent).push_back(id);
  }
  return due;
}

bool Liveness::is_due_alone(Id id, base::Instant now) const {
  const Entry& entry = entries_[id];
  if (entry.expires >= now || entry.held_until || brake_engaged_) return false;
  // Brokers are heard four times within their expiry.
  const base::Instant soon = now + entry.expiry / 4;
  std::size_t silent = 0;
  for (const auto& [deadline, other] : expiries_) {
    if (deadline >= soon) break;
    if (!entries_[other].departing && !entries_[other].explained) ++silent;
    if (too_many(silent)) return false;
  }
  return true;
}

bool Liveness::too_many(std::size_t silent) const {
  return settings_.expiry_brake && silent > kBrakeMin &&
         silent * kBrakeOneIn > size() - exempt_count_;
}

void Liveness::expire(const Due& due, base::Instant now, Outcome& outcome) {
  outcome.expired = due.departed;
  if (too_many(due.silent.size())) {
    outcome.brake_engaged = !brake_engaged_;
    brake_engaged_ = true;
    brake_until_ = now;
    for (const Id id : due.silent) hold(id, now, outcome);
  } else {
    outcome.expired.insert(outcome.expired.end(), due.silent.begin(),
                           due.silent.end());
  }
  for (const Id id : outcome.expired) entries_[id].expired = true;
  if (outcome.held == 0) {
    outcome.brake_released = brake_engaged_;
    brake_engaged_ = false;
  }
}

void Liveness::hold(Id id, base::Instant now, Outcome& outcome) {
  Entry& entry = entries_[id];
  if (!entry.held_until) entry.held_until = now + entry.expiry;
  if (*entry.held_until < now) {
    outcome.expired.push_back(id);
    return;
  }
  brake_until_ = std::max(brake_until_, *entry.held_until);
  ++outcome.held;
}

void Liveness::suspect(base::Instant now, Outcome& outcome) {
  while (!raised_.empty() && raised_.front() + settings_.suspect_after < now) {
    raised_.pop_front();
  }
  std::vector<Id> due;
  for (const auto& [heard, id] : suspicions_) {
    if (heard + settings_.suspect_after >= now) break;
    due.push_back(id);
    if ((due.size() + raised_.size()) * 2 > size()) return;
  }
  for (const Id id : due) {
    if (entries_[id].expired) continue;
    schedule_suspicion(id, false);
    entries_[id].suspect = true;
    ++suspect_count_;
    raised_.push_back(now);
    outcome.suspected.push_back(id);
  }
}

std::optional<base::Duration> Liveness::smallest_expiry() const {
  if (expiry_counts_.empty()) return std::nullopt;
  return expiry_counts_.begin()->first;
}

std::optional<base::Duration> Liveness::brake_releases_in(
    base::Instant now) const {
  if (!brake_engaged_) return std::nullopt;
  return std::max(base::Duration::zero(), brake_until_ - now);
}

}  // namespace waypost::registry
