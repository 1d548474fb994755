#include "namesrv/partition/pause_keeper.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/units.h"

namespace waypost::partition {
namespace {

model::PeerNames missing(const Reach& reach) {
  model::PeerNames names;
  std::set_difference(reach.members.begin(), reach.members.end(),
                      reach.reachable.begin(), reach.reachable.end(),
                      std::inserter(names, names.end()));
  return names;
}

std::string text(const PausePolicy& policy, const Reach& reach) {
  const auto gone = missing(reach);
  if (policy.mode == Mode::kPauseIfAllDown) {
    return "none of " + model::to_string(policy.preferred) +
           " is reachable (pause-if-all-down)";
  }
  return "reaches " + std::to_string(reach.members.size() - gone.size()) +
         " of " + std::to_string(reach.members.size()) +
         " members, missing: " + model::to_string(gone) + " (pause-minority)";
}

}  // namespace

bool evaluates_pause(PeerEvent event) { return event == PeerEvent::kLost; }

PauseEffects PauseKeeper::on_lost(const model::PeerName& peer,
                                  const Reach& reach, base::Instant now) {
  if (paused_ || !must_pause(policy_, reach, peer)) return {};
  Reach left = reach;
  left.reachable.erase(peer);
  return start(text(policy_, left), resume_when(policy_), now);
}

PauseEffects PauseKeeper::on_partial_partition(const model::PeerName& suspect,
                                               const model::PeerName& via,
                                               base::Instant now) {
  if (policy_.mode != Mode::kPauseMinority) return {};
  std::string reason = "cannot reach " + suspect.value() + ", but " +
                       via.value() + " can: partial partition";
  if (paused_) {
    // Already in a minority: the harder condition from now on.
    paused_->until = ResumeWhen::kAllUp;
    return {};
  }
  return start(std::move(reason), ResumeWhen::kAllUp, now);
}

PauseEffects PauseKeeper::on_own_gap(base::Duration gap, const Reach& reach,
                                     base::Instant now) {
  Reach alone = reach;
  alone.reachable = {reach.self};
  if (paused_ || !must_withhold(policy_, alone)) return {};
  return start("did not run for " +
                   base::format_duration(
                       std::chrono::floor<std::chrono::milliseconds>(gap)) +
                   ": the others may have written us off",
               resume_when(policy_), now);
}

PauseEffects PauseKeeper::start(std::string reason, ResumeWhen until,
                                base::Instant now) {
  // The first look is due at once.
  paused_ = Paused{reason, until, now};
  return {Pause{std::move(reason), until}, PingAll{}};
}

PauseEffects PauseKeeper::on_tick(const Reach& reach, base::Instant now) {
  if (!paused_ || now < paused_->next_look) return {};
  if (may_resume(policy_, paused_->until, reach)) {
    paused_.reset();
    return {Resume{}};
  }
  paused_->next_look = now + kRecheckInterval;
  return {PingAll{}};
}

std::string PauseKeeper::reason() const {
  return paused_ ? paused_->reason : std::string();
}

}  // namespace waypost::partition
