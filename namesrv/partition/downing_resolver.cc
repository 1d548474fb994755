#include "namesrv/partition/downing_resolver.h"

#include <algorithm>
#include <utility>

#include "namesrv/partition/population.h"

namespace waypost::partition {

DowningResolver::DowningResolver(ResolverSettings settings,
                                 model::PeerName self, std::string data_center,
                                 base::Instant now)
    : settings_(std::move(settings)), self_(std::move(self)), changed_(now) {
  view_.data_center = std::move(data_center);
}

ResolverEffects DowningResolver::step(const ResolverEvent& event,
                                      base::Instant now) {
  effects_.clear();
  const bool is_answer = std::holds_alternative<LeaseAnswered>(event);
  const bool is_tick = std::holds_alternative<ResolverTick>(event);
  const bool is_release = std::holds_alternative<LeaseReleased>(event);
  if (waiting_ && !is_answer) {
    // A release that was asked for before is superseded by the new attempt.
    if (!is_tick && !is_release) queued_.push_back(event);
    return {};
  }
  std::visit([&](const auto& each) { on(each, now); }, event);
  if (is_answer) {
    for (const ResolverEvent& late : std::exchange(queued_, {})) {
      std::visit([&](const auto& each) { on(each, now); }, late);
    }
  }
  return std::exchange(effects_, {});
}

void DowningResolver::on(const MemberChanged& event, base::Instant now) {
  if (event.member.data_center != view_.data_center) return;
  const model::PeerName& name = event.member.name;
  if (Member* known = find(name)) {
    *known = event.member;
  } else {
    view_.members.push_back(event.member);
  }
  const bool self = is_self(name);
  switch (event.member.status) {
    case MemberStatus::kUp:
      changed_ = now;
      if (self) self_was_up_ = true;
      warn_of_quorum();
      break;
    case MemberStatus::kWeaklyUp:
      if (self) self_was_up_ = true;
      break;
    case MemberStatus::kJoining:
    case MemberStatus::kLeaving:
      break;
    case MemberStatus::kExiting:
      changed_ = now;
      end_unrest_if_healed();
      break;
    case MemberStatus::kDown:
      if (self) break;
      // Not counted, but it keeps the resolver deciding.
      view_.unreachable.insert(name);
      note_reachability_change(now);
      break;
  }
}

void DowningResolver::on(const MemberRemoved& event, base::Instant now) {
  if (is_self(event.name)) leads_ = self_was_up_ = false;
  std::erase_if(view_.members,
                [&](const Member& each) { return each.name == event.name; });
  view_.unreachable.erase(event.name);
  end_unrest_if_healed();
  auto* const pending = std::get_if<ReleaseWhenRemoved>(&release_);
  if (pending == nullptr || pending->names.erase(event.name) == 0) return;
  if (pending->names.empty()) {
    release_ = ReleaseAt{now + settings_.release_after};
  }
}

void DowningResolver::on(const MemberUnreachable& event, base::Instant now) {
  if (is_self(event.name) || find(event.name) == nullptr) return;
  if (!view_.unreachable.insert(event.name).second) return;
  note_reachability_change(now);
}

void DowningResolver::on(const MemberReachable& event, base::Instant now) {
  if (is_self(event.name) || find(event.name) == nullptr) return;
  if (view_.unreachable.erase(event.name) == 0) return;
  note_reachability_change(now);
}

void DowningResolver::on(const ObservationsChanged& event, base::Instant) {
  view_.observations = event.observations;
}

void DowningResolver::on(const SeenChanged& event, base::Instant) {
  view_.seen_by = event.seen_by;
}

void DowningResolver::on(const LeaderChanged& event, base::Instant) {
  leads_ = event.leader == self_;
}

void DowningResolver::on(const QuarantinedBy& event, base::Instant now) {
  if (is_self(event.name) || find(event.name) == nullptr) return;
  SetDown down;
  down.decision = DecisionKind::kDownSelfQuarantinedByRemote;
  act(std::move(down), now);
}

void DowningResolver::on(const LeaseAnswered& event, base::Instant now) {
  if (!waiting_) return;  // an answer that nobody waits for any more
  const DecisionKind decision = *std::exchange(waiting_, std::nullopt);
  SetDown down;
  if (event.acquired) {
    down.decision = decision;
    const auto planned =
        plan_downing(settings_.strategy, view_, decision, self_).down;
    act(std::move(down), now);
    keep_lease_for(planned, now);
  } else if (event.holder && is_ours(*event.holder)) {
    return;
  } else {
    down.decision = reverse_of(decision);
    act(std::move(down), now);
    release_ = std::monostate{};
  }
}

void DowningResolver::on(const LeaseReleased& event, base::Instant now) {
  const auto* const due = std::get_if<ReleaseAt>(&release_);
  if (event.released && due != nullptr && now > due->at) {
    release_ = std::monostate{};
  }
}

void DowningResolver::on(const ResolverTick& event, base::Instant now) {
  const base::Duration patience =
      settings_.stable_after + settings_.down_all_when_unstable;
  if (unrest_ && settings_.down_all_when_unstable > base::Duration(0)) {
    if (now - unrest_->first > patience) {
      SetDown down;
      down.decision = DecisionKind::kDownAll;
      down.unstable = true;
      act(std::move(down), now);
    }
  } else if (unrest_ && now - unrest_->latest > 2 * settings_.stable_after) {
    unrest_.reset();
  }
  decide_if_due(event.holds_lease, now);
  const auto* const due = std::get_if<ReleaseAt>(&release_);
  if (due != nullptr && now > due->at) effects_.push_back(ReleaseLease{});
}

void DowningResolver::decide_if_due(bool holds_lease, base::Instant now) {
  if (!is_responsible() || view_.unreachable.empty()) return;
  if (now <= stable_at()) return;
  const Decision decision = decide(settings_.strategy, view_);
  if (needs_lease(decision.kind) && !holds_lease) {
    waiting_ = decision.kind;
    effects_.push_back(AcquireLease{decision.acquire_delay});
    return;
  }
  SetDown down;
  down.decision = decision.kind;
  act(std::move(down), now);
}

void DowningResolver::act(SetDown cause, base::Instant now) {
  const DowningPlan plan =
      plan_downing(settings_.strategy, view_, cause.decision, self_);
  if (plan.down.empty()) return;
  cause.second_look_conflict = plan.second_look_conflict;
  for (const model::PeerName& name : plan.down) {
    if (!is_self(name)) cause.names.push_back(name);
  }
  if (plan.down.contains(self_)) cause.names.push_back(self_);
  effects_.push_back(std::move(cause));
  unrest_.reset();
  changed_ = now;
}

// Until those downed are gone: a loser that comes back early must not find the
// lease free.
void DowningResolver::keep_lease_for(const model::PeerNames& downed,
                                     base::Instant now) {
  if (auto* const pending = std::get_if<ReleaseWhenRemoved>(&release_)) {
    pending->names.insert(downed.begin(), downed.end());
  } else if (downed.empty()) {
    release_ = ReleaseAt{now + settings_.release_after};
  } else {
    release_ = ReleaseWhenRemoved{downed};
  }
}

void DowningResolver::note_reachability_change(base::Instant now) {
  changed_ = now;
  if (unrest_) {
    unrest_->latest = now;
  } else {
    unrest_ = Unrest{now, now};
  }
  end_unrest_if_healed();
}

void DowningResolver::end_unrest_if_healed() {
  if (count(view_, {}).unreachable.empty()) unrest_.reset();
}

// Of our side, by what anybody on it says, and one that can decide.
bool DowningResolver::is_ours(const model::PeerName& holder) {
  const Member* const member = find(holder);
  return member != nullptr && !is_self(holder) &&
         !view_.unreachable.contains(holder) &&
         (member->status == MemberStatus::kUp ||
          member->status == MemberStatus::kWeaklyUp);
}

void DowningResolver::warn_of_quorum() {
  if (settings_.strategy.mode != Mode::kStaticQuorum) return;
  const std::int64_t quorum = settings_.strategy.quorum_size;
  const std::size_t members =
      count(view_, {settings_.strategy.role, false, false}).members.size();
  if (!quorum_reachable_twice(members, quorum)) return;
  effects_.push_back(
      QuorumExceeded{members, static_cast<std::size_t>(2 * quorum - 1)});
}

Member* DowningResolver::find(const model::PeerName& name) {
  const auto found =
      std::find_if(view_.members.begin(), view_.members.end(),
                   [&](const Member& each) { return each.name == name; });
  return found == view_.members.end() ? nullptr : &*found;
}

}  // namespace waypost::partition
