#include "namesrv/partition/autoheal.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "namesrv/partition/autoheal_plan.h"

namespace waypost::partition {

Autoheal::Autoheal(model::PeerName self, model::PeerNames members,
                   HealState state)
    : self_(std::move(self)),
      members_(std::move(members)),
      state_(std::move(state)) {
  WAYPOST_ASSERT(members_.contains(self_));
}

HealEffects Autoheal::step(const HealEvent& event) {
  return std::visit([&](const auto& each) { return on(each); }, event);
}

void Autoheal::set_members(model::PeerNames members) {
  members_ = std::move(members);
  WAYPOST_ASSERT(members_.contains(self_));
}

HealEffects Autoheal::on(const WinnerChosen& event) {
  if (healing()) return {};
  if (event.winner == self_) return stop_losers(event.losers, {});
  state_ = LeaderWaiting{event.winner, event.losers};
  return {SendBecomeWinner{event.winner, event.losers}};
}

HealEffects Autoheal::on(const BecomeWinner& event) {
  if (!healing()) return stop_losers(event.losers, event.stopped);
  const auto* const waiting = std::get_if<WinnerWaiting>(&state_);
  // In leader-waiting nobody else may choose; while restarting we are a loser.
  if (waiting == nullptr) return {};
  if (waiting->notify == event.losers) {
    // The leader saw us down meanwhile, we did not: the same again.
    return stop_losers(event.losers, event.stopped);
  }
  return finish(waiting->notify);
}

HealEffects Autoheal::stop_losers(const std::vector<model::PeerName>& losers,
                                  const model::PeerNames& stopped) {
  const bool all_serve =
      std::none_of(losers.begin(), losers.end(),
                   [&](const auto& each) { return stopped.contains(each); });
  if (!all_serve) return abort(losers);
  state_ = WinnerWaiting{losers, losers};
  // Nobody to wait for: nobody would ever end the wait.
  if (losers.empty()) return finish(losers);
  HealEffects effects;
  for (const model::PeerName& loser : losers) {
    effects.push_back(SendWinnerIs{loser, self_});
  }
  return effects;
}

HealEffects Autoheal::finish(std::vector<model::PeerName> losers) {
  state_ = NotHealing{};
  return {SendSafeToStart{std::move(losers)},
          SendHealFinished{heal_leader(members_), self_}};
}

// Who waits for us must start, even if that heals nothing.
HealEffects Autoheal::abort(const std::vector<model::PeerName>& losers) {
  std::vector<model::PeerName> others = losers;
  std::erase(others, self_);
  return finish(std::move(others));
}

HealEffects Autoheal::on(const WinnerIs& event) {
  if (std::holds_alternative<Restarting>(state_)) return {};
  const auto* const leading = std::get_if<LeaderWaiting>(&state_);
  if (leading != nullptr && leading->winner != event.winner) return {};
  return {RestartSelf{event.winner, std::exchange(state_, Restarting{})}};
}

HealEffects Autoheal::on(const HealFinished& event) {
  const auto* const leading = std::get_if<LeaderWaiting>(&state_);
  if (leading != nullptr && leading->winner == event.winner) {
    state_ = NotHealing{};
  }
  return {};
}

// A busy winner reports when it is done.
HealEffects Autoheal::on(const ReportHealStatus&) {
  if (healing()) return {};
  return {SendHealFinished{heal_leader(members_), self_}};
}

HealEffects Autoheal::on(const PeerStopped& event) {
  if (auto* const waiting = std::get_if<WinnerWaiting>(&state_)) {
    if (std::erase(waiting->outstanding, event.peer) == 0) return {};
    if (!waiting->outstanding.empty()) return {};
    return finish(waiting->notify);
  }
  const auto* const leading = std::get_if<LeaderWaiting>(&state_);
  if (leading != nullptr && leading->winner == event.peer) {
    return abort(std::vector(leading->losers));
  }
  return {};
}

HealEffects Autoheal::on(const PeerLost& event) {
  if (const auto* const waiting = std::get_if<WinnerWaiting>(&state_)) {
    return abort(std::vector(waiting->notify));
  }
  const auto* const leading = std::get_if<LeaderWaiting>(&state_);
  // In a partial partition the winner may go on; in a full one it sees the loss
  // itself and aborts.
  if (leading != nullptr && leading->winner != event.peer) return {};
  state_ = NotHealing{};
  return {};
}

HealEffects Autoheal::on(const RestartFailed&) {
  if (std::holds_alternative<Restarting>(state_)) state_ = NotHealing{};
  return {};
}

HealState after_restart(const HealState& resume, RestartSignal signal) {
  if (signal == RestartSignal::kSafeToStart) return resume;
  return NotHealing{};
}

HealBoot boot(const std::optional<HealState>& remembered) {
  if (!remembered) return {NotHealing{}, {}};
  HealBoot result{*remembered, {}};
  if (const auto* const leading = std::get_if<LeaderWaiting>(&*remembered)) {
    result.effects.push_back(SendReportStatus{leading->winner});
  }
  return result;
}

}  // namespace waypost::partition
