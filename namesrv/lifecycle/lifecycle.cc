#include "namesrv/lifecycle/lifecycle.h"

#include <algorithm>
#include <utility>

#include "base/units.h"

namespace waypost::lifecycle {
namespace {

constexpr std::size_t kNamesShown = 5;

std::string brokers(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " broker" : " brokers");
}

// Whole milliseconds: for people.
std::string text(base::Duration duration) {
  return base::format_duration(
      std::chrono::floor<std::chrono::milliseconds>(duration));
}

}  // namespace

base::Duration gap_threshold(base::Duration smallest_expiry) {
  return std::max<base::Duration>(std::chrono::seconds(2), smallest_expiry / 4);
}

Lifecycle::Lifecycle(LifecycleSettings settings,
                     const std::vector<RosterEntry>& roster, base::Instant now)
    : settings_(settings), started_(now) {
  if (!settings_.wait_for_roster) {
    serves_since_ = "waiting for known brokers is switched off";
    return;
  }
  if (settings_.waits_for_peers) start_copying(now);
  for (const RosterEntry& entry : roster) {
    if (entry.silence > entry.expiry) continue;
    waiting_.emplace(entry.broker, now + (entry.expiry - entry.silence));
  }
  expected_ = waiting_.size();
  starting_ = expected_ > 0;
  if (!starting_) serves_since_ = "had nobody to wait for when it started";
}

void Lifecycle::on_registered(const model::BrokerKey& broker,
                              base::Instant now) {
  if (!starting_ || waiting_.erase(broker) == 0 || !waiting_.empty()) return;
  end_waiting("all of " + brokers(expected_) + " known before came back in " +
              text(now - started_));
}

void Lifecycle::set_smallest_expiry(base::Duration expiry) {
  settings_.smallest_expiry = expiry;
}

std::optional<base::Duration> Lifecycle::on_turn(base::Duration boot_time,
                                                 base::Instant now) {
  const auto before = std::exchange(last_turn_, Turn{boot_time, now});
  end_recovering_if_due(now);
  napped_ = false;
  if (!before) return std::nullopt;
  const base::Duration gap = boot_time - before->boot_time;
  if (gap > kNapMin) {
    napped_ = true;
    nap_ = Recovery{now, gap, false};
  }
  if (gap <= gap_threshold(settings_.smallest_expiry)) return std::nullopt;
  recovery_ = Recovery{now, gap, false};
  // The brokers had no chance to come back meanwhile. (`now` itself stands
  // still while the machine is suspended; then there is nothing to make up.)
  const base::Duration unseen =
      std::clamp(now - before->now, base::Duration::zero(), gap);
  started_ += unseen;
  for (auto& [broker, until] : waiting_) until += unseen;
  return gap;
}

void Lifecycle::on_input_processed(base::Instant now) {
  for (auto* each : {&recovery_, &nap_}) {
    if (*each) (*each)->input_processed = true;
  }
  end_recovering_if_due(now);
}

void Lifecycle::end_recovering_if_due(base::Instant now) {
  const auto due = [&](const std::optional<Recovery>& each) {
    return each && each->input_processed &&
           now - each->noticed >= settings_.recovering_hold;
  };
  if (due(nap_)) nap_.reset();
  if (!due(recovery_)) return;
  serves_since_ =
      recovery_->gap == base::Duration(0)
          ? "was paused, and has resumed"
          : "did not run for " + text(recovery_->gap) + ", and has caught up";
  recovery_.reset();
}

void Lifecycle::on_tick(base::Instant now) {
  end_recovering_if_due(now);
  if (resync_ && now >= resync_->until) {
    end_resync("no peer's list came in " + text(settings_.resync_max_wait));
  }
  if (copying_until_ && now >= *copying_until_) copying_until_.reset();
  if (!starting_) return;
  if (now - started_ >= settings_.starting_max_wait) {
    end_waiting("waited " + text(settings_.starting_max_wait) + "; of " +
                brokers(expected_) +
                " known before these did not come back: " + waiting_names());
    return;
  }
  std::erase_if(waiting_, [&](const auto& each) { return each.second < now; });
  if (waiting_.empty()) {
    end_waiting("all of " + brokers(expected_) +
                " known before came back or expired");
  }
}

void Lifecycle::end_waiting(std::string how) {
  starting_ = false;
  serves_since_ = std::move(how);
  waiting_.clear();
}

void Lifecycle::start_draining(std::string reason) {
  if (!draining_) draining_ = std::move(reason);
}

void Lifecycle::pause(std::string reason) {
  paused_ = Pause{std::move(reason)};
}

void Lifecycle::resume(base::Instant now) {
  paused_.reset();
  // Nobody could be heard meanwhile: it is as after a sleep.
  recovery_ = Recovery{now, base::Duration(0), true};
}

void Lifecycle::start_resync(std::string reason, base::Instant now) {
  resync_ = Resync{std::move(reason), now + settings_.resync_max_wait};
}

void Lifecycle::on_resynced() { end_resync("has what its peers know"); }

void Lifecycle::end_resync(const std::string& how) {
  if (!resync_) return;
  serves_since_ = resync_->reason + "; " + how;
  resync_.reset();
}

void Lifecycle::start_copying(base::Instant now) {
  if (!settings_.wait_for_roster) return;
  copying_until_ = now + settings_.starting_max_wait;
}

void Lifecycle::end_copying(bool copied, base::Instant now) {
  copying_until_.reset();
  if (!copied) return;
  end_waiting("all that a peer knows was here after " + text(now - started_));
}

model::ServerState Lifecycle::state() const {
  if (draining_) return model::ServerState::kDraining;
  if (paused_) return model::ServerState::kPaused;
  if (starting_ || copying_until_) return model::ServerState::kStarting;
  if (recovery_ || resync_) return model::ServerState::kRecovering;
  return model::ServerState::kServing;
}

std::string Lifecycle::reason() const {
  if (draining_) return *draining_;
  if (paused_) return paused_->reason;
  if (copying_until_) return "waits for what its peers know";
  if (starting_) return waiting_reason();
  if (resync_) return resync_->reason + "; waits for what its peers know";
  if (recovery_ && recovery_->gap == base::Duration(0)) {
    return "was paused; nobody is removed for a moment";
  }
  if (recovery_) {
    return "did not run for " + text(recovery_->gap) +
           "; nobody is removed until the input that queued up is processed";
  }
  return serves_since_;
}

std::string Lifecycle::waiting_reason() const {
  return "waits for " + std::to_string(waiting_.size()) + " of " +
         brokers(expected_) + " known before: " + waiting_names() + "; for " +
         text(settings_.starting_max_wait) + " at most";
}

std::string Lifecycle::waiting_names() const {
  std::string names;
  std::size_t shown = 0;
  for (const auto& [broker, until] : waiting_) {
    if (shown == kNamesShown) {
      return names + " and " + std::to_string(waiting_.size() - shown) +
             " more";
    }
    if (shown++ > 0) names += ", ";
    names += broker.to_string();
  }
  return names;
}

// Also while draining: clients need routes until they have moved on.
bool Lifecycle::answers_routes() const {
  return !starting_ && !copying_until_ && !paused_ && !resync_;
}

bool Lifecycle::removals_allowed() const {
  return !recovery_ && !paused_ && !resync_;
}

}  // namespace waypost::lifecycle
