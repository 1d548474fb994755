#include "client_sdk/runtime/fault_board.h"

#include <algorithm>

#include "base/options.h"

namespace waypost::client {
namespace {

std::string took(base::Duration latency) {
  return "took " +
         base::format_duration(std::chrono::milliseconds(base::to_ms(latency)));
}

}  // namespace

std::optional<FaultBoard::Change> FaultBoard::report(const BrokerRecord& broker,
                                                     bool failed,
                                                     base::Duration latency) {
  if (rules_ == nullptr) return std::nullopt;
  const bool harmless =
      avoid_duration(*rules_, latency, failed) == base::Duration::zero();
  if (harmless && broker.avoid_until.load(std::memory_order_relaxed) == 0) {
    return std::nullopt;  // the latency of a broker in good standing is unused
  }
  return change(broker, failed, latency);
}

std::optional<FaultBoard::Change> FaultBoard::change(const BrokerRecord& broker,
                                                     bool failed,
                                                     base::Duration latency) {
  const std::lock_guard lock(mutex_);
  const base::Instant now = clock_.now();
  const FaultState before = broker.fault();
  const FaultState after = after_report(*rules_, before, latency, failed, now);
  broker.latency.store(after.latency.count(), std::memory_order_relaxed);
  if (after.avoid_until == before.avoid_until) return std::nullopt;

  const bool avoided = after.avoided_at(now);
  const auto listed = std::find(avoided_.begin(), avoided_.end(), &broker);
  Change change;
  change.broker = &broker;
  change.at = now;
  change.until = after.avoid_until;
  change.failed = failed;
  change.why = failed ? "failed" : took(latency);
  if (avoided) {
    change.what = listed == avoided_.end() ? Change::What::kAvoided
                                           : Change::What::kRescheduled;
    if (listed == avoided_.end()) avoided_.push_back(&broker);
  } else {
    change.what = Change::What::kNoLonger;
    if (listed != avoided_.end()) avoided_.erase(listed);
  }
  broker.avoid_until.store(
      avoided ? after.avoid_until.time_since_epoch().count() : 0,
      std::memory_order_relaxed);
  count_.store(avoided_.size(), std::memory_order_relaxed);
  version_.fetch_add(1, std::memory_order_release);
  return change;
}

std::vector<FaultBoard::Change> FaultBoard::expire(base::Instant now) {
  std::vector<Change> changes;
  const std::lock_guard lock(mutex_);
  std::erase_if(avoided_, [&](const BrokerRecord* broker) {
    const base::Instant until = broker->fault().avoid_until;
    if (now < until) return false;
    broker->avoid_until.store(0, std::memory_order_relaxed);
    changes.push_back(
        {Change::What::kNoLonger, broker, until, until, "time is over", false});
    return true;
  });
  if (!changes.empty()) {
    count_.store(avoided_.size(), std::memory_order_relaxed);
    version_.fetch_add(1, std::memory_order_release);
  }
  return changes;
}

base::Instant FaultBoard::next_expiry() const {
  const std::lock_guard lock(mutex_);
  base::Instant next = base::Instant::max();
  for (const BrokerRecord* broker : avoided_) {
    next = std::min(next, broker->fault().avoid_until);
  }
  return next;
}

}  // namespace waypost::client
