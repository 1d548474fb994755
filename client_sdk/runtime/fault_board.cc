#include "client_sdk/runtime/fault_board.h"

#include <algorithm>
#include <utility>

#include "base/options.h"

namespace waypost::client {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

// What a failure counts as when the least bad of those who failed is sought.
constexpr base::Duration kFailureLatency = std::chrono::seconds(30);

std::string in_ms(base::Duration latency) {
  return base::format_duration(std::chrono::milliseconds(base::to_ms(latency)));
}

}  // namespace

// --- Reports ---

std::optional<FaultBoard::Change> FaultBoard::report(const BrokerRecord& broker,
                                                     bool failed,
                                                     base::Duration latency) {
  note_latency(broker, failed, latency);
  if (!failed && broker.on_trust.load(kRelaxed)) note_through(broker);
  if (rules_ != nullptr) return report_to_table(broker, failed, latency);
  if (policy_ == FaultPolicy::kAdaptive) {
    return report_adaptively(broker, failed, latency);
  }
  return std::nullopt;
}

// A failure that was quick says nothing about how quick answers are.
void FaultBoard::note_latency(const BrokerRecord& broker, bool failed,
                              base::Duration latency) {
  const base::Duration before(broker.smooth_latency.load(kRelaxed));
  if (failed && latency <= before) return;
  broker.smooth_latency.store(smoothed(before, latency).count(), kRelaxed);
  broker.reported_at.store(clock_.now().time_since_epoch().count(), kRelaxed);
  broker.reports.store(broker.reports.load(kRelaxed) + 1, kRelaxed);
}

std::optional<FaultBoard::Change> FaultBoard::report_to_table(
    const BrokerRecord& broker, bool failed, base::Duration latency) {
  const bool harmless =
      avoid_duration(*rules_, latency, failed) == base::Duration::zero();
  if (harmless && broker.avoid_until.load(kRelaxed) == 0) {
    return std::nullopt;  // nobody asks how a broker in good standing did
  }
  const std::lock_guard lock(mutex_);
  const base::Instant now = clock_.now();
  if (harmless && probes_ != ProbeKind::kOff &&
      !broker.fault().avoided_at(now)) {
    return std::nullopt;  // its trickle goes on
  }
  if (harmless && broker.held.load(kRelaxed) && !rules_->last_report_counts) {
    // Only its time ends what this policy began; then it need not be probed.
    if (now < broker.fault().avoid_until) return std::nullopt;
    return release(broker, now, "took " + in_ms(latency), false);
  }
  return set(broker,
             after_report(*rules_, broker.fault(), latency, failed, now), now,
             failed ? "failed" : "took " + in_ms(latency), failed);
}

std::optional<FaultBoard::Change> FaultBoard::report_adaptively(
    const BrokerRecord& broker, bool failed, base::Duration latency) {
  if (!failed) {
    if (broker.failures.load(kRelaxed) != 0) broker.failures.store(0, kRelaxed);
    if (broker.held.load(kRelaxed)) {
      const std::lock_guard lock(mutex_);
      const base::Instant now = clock_.now();
      if (broker.held.load(kRelaxed) && now >= broker.fault().avoid_until) {
        return release(broker, now, "took " + in_ms(latency), false);
      }
    }
    if (!broker.known_to_judge.load(kRelaxed) &&
        !broker.known_to_judge.exchange(true)) {
      const std::lock_guard lock(mutex_);
      judged_.push_back(&broker);
    }
    if (to_be_judged_.load(kRelaxed) || to_be_judged_.exchange(true)) {
      return std::nullopt;
    }
    Change change;
    change.what = Change::What::kReportsCame;
    return change;
  }
  const std::lock_guard lock(mutex_);
  const base::Instant now = clock_.now();
  const std::uint32_t failures = broker.failures.load(kRelaxed) + 1;
  broker.failures.store(failures, kRelaxed);
  // What was under way when it was ejected is no further reason; that it still
  // fails when its time is over is.
  if (failures < adaptive_.failures || now < broker.fault().avoid_until) {
    return std::nullopt;
  }
  const std::string why =
      failures == 1 ? "failed"
                    : "failed " + std::to_string(failures) + " times in a row";
  return eject_now(broker, std::max(latency, kFailureLatency), now, why, true);
}

// --- Verdicts, with the lock held ---

FaultBoard::Change FaultBoard::eject_now(const BrokerRecord& broker,
                                         base::Duration latency,
                                         base::Instant now, std::string why,
                                         bool failed) {
  // What it did before is judged; what it does afterwards is new.
  broker.failures.store(0, kRelaxed);
  broker.reports.store(0, kRelaxed);
  broker.smooth_latency.store(0, kRelaxed);
  const FaultState after = eject(adaptive_, broker.strikes, latency, now);
  return *set(broker, after, now, std::move(why), failed);
}

std::optional<FaultBoard::Change> FaultBoard::set(const BrokerRecord& broker,
                                                  const FaultState& after,
                                                  base::Instant now,
                                                  std::string why,
                                                  bool failed) {
  broker.latency.store(after.latency.count(), kRelaxed);
  // A failure outweighs older evidence, however long the broker is avoided for.
  if (probes_ != ProbeKind::kOff && failed) {
    note_avoided(broker.probation, failed, now);
  }
  if (after.avoid_until == broker.fault().avoid_until) return std::nullopt;
  const bool avoided = after.avoided_at(now);
  const Listed* listed = find_listed(broker);
  Change change{Change::What::kNoLonger, &broker,        now,
                after.avoid_until,       std::move(why), failed};
  if (avoided) {
    change.what = listed != nullptr && listed->avoided
                      ? Change::What::kRescheduled
                      : Change::What::kAvoided;
  }
  broker.avoid_until.store(
      avoided ? after.avoid_until.time_since_epoch().count() : 0, kRelaxed);
  broker.full_from.store(after.full_from.time_since_epoch().count(), kRelaxed);
  if (probes_ != ProbeKind::kOff) {
    if (!failed && avoided) note_avoided(broker.probation, failed, now);
    if (!avoided) note_success(broker.probation);
    broker.held.store(avoided, kRelaxed);
    broker.on_trust.store(false, kRelaxed);
    change.probe_from = probe_from(broker);
  }
  set_listed(broker, avoided);
  version_.fetch_add(1, std::memory_order_release);
  return change;
}

FaultBoard::Listed* FaultBoard::find_listed(const BrokerRecord& broker) {
  const auto found =
      std::find_if(listed_.begin(), listed_.end(),
                   [&](const Listed& each) { return each.broker == &broker; });
  return found == listed_.end() ? nullptr : &*found;
}

void FaultBoard::set_listed(const BrokerRecord& broker, bool listed) {
  if (!listed) {
    std::erase_if(listed_,
                  [&](const Listed& each) { return each.broker == &broker; });
  } else if (Listed* found = find_listed(broker)) {
    found->avoided = true;
  } else {
    listed_.push_back({&broker, true});
  }
  listed_count_.store(listed_.size(), kRelaxed);
}

// --- Probes ---

base::Instant FaultBoard::probe_from(const BrokerRecord& broker) const {
  return counts_from(
      policy_, broker.fault(), broker.probation,
      probes_ == ProbeKind::kTcp ? Evidence::kReachable : Evidence::kWorks);
}

std::optional<FaultBoard::Change> FaultBoard::probe_succeeded(
    const BrokerRecord& broker, base::Instant started) {
  const std::lock_guard lock(mutex_);
  const base::Instant now = clock_.now();
  if (!broker.held.load(kRelaxed) || started < broker.probation.avoided_at ||
      now < probe_from(broker)) {
    return std::nullopt;
  }
  return release(
      broker, now,
      probes_ == ProbeKind::kTcp ? "can be reached again" : "passed its check",
      true);
}

// With the lock held.
FaultBoard::Change FaultBoard::release(const BrokerRecord& broker,
                                       base::Instant now, std::string why,
                                       bool on_trust) {
  const FaultState after = released(adaptive_, broker.fault(), now);
  broker.probation.on_trust = on_trust;
  if (!on_trust) note_success(broker.probation);
  broker.on_trust.store(on_trust, kRelaxed);
  broker.avoid_until.store(after.avoid_until.time_since_epoch().count(),
                           kRelaxed);
  broker.full_from.store(after.full_from.time_since_epoch().count(), kRelaxed);
  broker.held.store(false, kRelaxed);
  // It stays listed for its trickle; expire() ends that.
  if (Listed* listed = find_listed(broker)) listed->avoided = false;
  version_.fetch_add(1, std::memory_order_release);
  return {Change::What::kNoLonger, &broker, now, now,
          std::move(why),          false,   {}};
}

// A message got through to a broker that is back on trust.
void FaultBoard::note_through(const BrokerRecord& broker) {
  const std::lock_guard lock(mutex_);
  if (!broker.on_trust.exchange(false)) return;
  note_success(broker.probation);
}

void FaultBoard::stop_holding(const BrokerRecord& broker) {
  const std::lock_guard lock(mutex_);
  if (!broker.held.exchange(false)) return;
  version_.fetch_add(1, std::memory_order_release);
}

std::optional<FaultBoard::Change> FaultBoard::hold_again(
    const BrokerRecord& broker) {
  if (probes_ == ProbeKind::kOff) return std::nullopt;
  const std::lock_guard lock(mutex_);
  const base::Instant now = clock_.now();
  if (!broker.fault().avoided_at(now)) return std::nullopt;
  broker.held.store(true, kRelaxed);
  version_.fetch_add(1, std::memory_order_release);
  Change change;
  change.what = Change::What::kRescheduled;
  change.broker = &broker;
  change.at = now;
  change.until = broker.fault().avoid_until;
  change.probe_from = probe_from(broker);
  return change;
}

// --- Time ---

std::vector<FaultBoard::Change> FaultBoard::expire(base::Instant now) {
  std::vector<Change> changes;
  const std::lock_guard lock(mutex_);
  const std::size_t before = listed_.size();
  std::erase_if(listed_, [&](Listed& each) {
    const FaultState fault = each.broker->fault();
    if (fault.avoided_at(now)) return false;
    if (std::exchange(each.avoided, false)) {
      changes.push_back({Change::What::kNoLonger,
                         each.broker,
                         fault.avoid_until,
                         fault.avoid_until,
                         "time is over",
                         false,
                         {}});
    }
    if (now < fault.full_from) return false;  // its trickle goes on
    each.broker->avoid_until.store(0, kRelaxed);
    return true;
  });
  if (!changes.empty() || listed_.size() != before) {
    listed_count_.store(listed_.size(), kRelaxed);
    version_.fetch_add(1, std::memory_order_release);
  }
  return changes;
}

base::Instant FaultBoard::next_expiry() const {
  const std::lock_guard lock(mutex_);
  base::Instant next = base::Instant::max();
  for (const Listed& each : listed_) {
    const FaultState fault = each.broker->fault();
    if (fault.held) continue;
    next = std::min(next, each.avoided ? fault.avoid_until : fault.full_from);
  }
  return next;
}

std::size_t FaultBoard::count() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(
      std::count_if(listed_.begin(), listed_.end(),
                    [](const Listed& each) { return each.avoided; }));
}

std::vector<FaultBoard::Change> FaultBoard::judge(base::Instant now) {
  std::vector<Change> changes;
  const std::lock_guard lock(mutex_);
  to_be_judged_.store(false);
  std::vector<LatencySample> samples;
  for (const BrokerRecord* broker : judged_) {
    const bool out = broker->fault().avoided_at(now);
    samples.push_back({base::Duration(broker->smooth_latency.load(kRelaxed)),
                       out ? 0 : broker->reports.load(kRelaxed)});
  }
  for (const std::size_t i : slow_ones(adaptive_, samples)) {
    changes.push_back(eject_now(*judged_[i], samples[i].latency, now,
                                "its latency of " + in_ms(samples[i].latency) +
                                    " is far above the others'",
                                false));
  }
  // Who has not said enough to be judged goes on collecting.
  for (std::size_t i = 0; i < judged_.size(); ++i) {
    if (samples[i].reports >= kReportsMin) judged_[i]->reports.store(0);
  }
  return changes;
}

}  // namespace waypost::client
