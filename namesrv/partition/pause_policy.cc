#include "namesrv/partition/pause_policy.h"

#include <algorithm>
#include <cstddef>

namespace waypost::partition {
namespace {

std::size_t members_reached(const Reach& reach) {
  return static_cast<std::size_t>(std::count_if(
      reach.members.begin(), reach.members.end(),
      [&](const auto& name) { return reach.reachable.contains(name); }));
}

bool in_majority(const Reach& reach) {
  return 2 * members_reached(reach) > reach.members.size();
}

// Also true when nobody who is listed is a member: then there is nothing to go
// by, and the policy never pauses.
bool preferred_alive(const PausePolicy& policy, const Reach& reach) {
  bool any_is_member = false;
  for (const model::PeerName& name : policy.preferred) {
    if (!reach.members.contains(name)) continue;
    any_is_member = true;
    if (reach.reachable.contains(name)) return true;
  }
  return !any_is_member;
}

}  // namespace

bool PausePolicy::heals() const {
  return mode == Mode::kAutoheal ||
         (mode == Mode::kPauseIfAllDown && recover == Recover::kAutoheal);
}

bool must_withhold(const PausePolicy& policy, const Reach& reach) {
  switch (policy.mode) {
    case Mode::kPauseMinority:
      return !in_majority(reach);
    case Mode::kPauseIfAllDown:
      return !preferred_alive(policy, reach);
    default:
      return false;
  }
}

bool must_pause(const PausePolicy& policy, const Reach& reach,
                const model::PeerName& just_lost) {
  Reach left = reach;
  left.reachable.erase(just_lost);
  return must_withhold(policy, left);
}

ResumeWhen resume_when(const PausePolicy& policy) {
  return policy.mode == Mode::kPauseIfAllDown ? ResumeWhen::kPreferred
                                              : ResumeWhen::kMajority;
}

bool may_resume(const PausePolicy& policy, ResumeWhen when,
                const Reach& reach) {
  switch (when) {
    case ResumeWhen::kMajority:
      return in_majority(reach);
    case ResumeWhen::kPreferred:
      return preferred_alive(policy, reach);
    case ResumeWhen::kAllUp:
      break;
  }
  return members_reached(reach) == reach.members.size();
}

}  // namespace waypost::partition
