#include "client_sdk/core/probe_schedule.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace waypost::client {
namespace {

constexpr double kJitter = 0.2;

}  // namespace

void ProbeSchedule::avoid(const Broker* broker, base::Instant from,
                          base::Instant now) {
  const auto [found, is_new] = entries_.try_emplace(broker);
  Entry& entry = found->second;
  if (is_new) {
    entry.interval = interval_;
    entry.order = ++added_;
  }
  entry.from = from;
  // Failures that go on must not put a probe off for ever.
  if (!is_new && entry.due >= from) return;
  // All clients of a broker that dies find out at about the same time.
  entry.due = std::max(from, now) +
              base::Duration(static_cast<base::Duration::rep>(
                  static_cast<double>(interval_.count()) * random_.unit()));
}

void ProbeSchedule::forget(const Broker* broker) {
  const auto found = entries_.find(broker);
  if (found == entries_.end()) return;
  if (found->second.under_way) --under_way_;
  entries_.erase(found);
}

std::vector<const Broker*> ProbeSchedule::start(base::Instant now) {
  std::vector<std::pair<const Broker*, Entry*>> due;
  for (auto& [broker, entry] : entries_) {
    if (!entry.under_way && entry.due <= now) due.emplace_back(broker, &entry);
  }
  // Not by address: the same run must come out the same.
  std::sort(due.begin(), due.end(), [](const auto& one, const auto& other) {
    return std::tie(one.second->due, one.second->order) <
           std::tie(other.second->due, other.second->order);
  });
  std::vector<const Broker*> started;
  for (const auto& [broker, entry] : due) {
    if (under_way_ >= slots_) break;
    entry->under_way = true;
    ++under_way_;
    started.push_back(broker);
  }
  return started;
}

void ProbeSchedule::finished(const Broker* broker, base::Instant now) {
  const auto found = entries_.find(broker);
  if (found == entries_.end() || !found->second.under_way) return;
  Entry& entry = found->second;
  entry.under_way = false;
  --under_way_;
  entry.due =
      std::max(entry.from, now + random_.jittered(entry.interval, kJitter));
  entry.interval =
      std::min(entry.interval * 2, std::max(interval_max_, interval_));
}

base::Instant ProbeSchedule::next_due() const {
  base::Instant next = base::Instant::max();
  if (under_way_ >= slots_) return next;
  for (const auto& [broker, entry] : entries_) {
    if (!entry.under_way) next = std::min(next, entry.due);
  }
  return next;
}

}  // namespace waypost::client
