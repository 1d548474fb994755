#ifndef WAYPOST_NAMESRV_PARTITION_AUTOHEAL_H_
#define WAYPOST_NAMESRV_PARTITION_AUTOHEAL_H_

// The states of a member during an autoheal: the leader picks a winner, the
// winner has the losers stop, and starts them when all have stopped; a loser
// stops, waits for the word, and starts with the winner's state. Every
// participant may be lost at any point and nobody waits for ever. Source:
// RabbitMQ 3.13 (rabbit_autoheal); what is undefined there is ignored here.

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "wire/model/peer.h"

namespace waypost::partition {

// --- States ---

struct NotHealing {
  friend bool operator==(const NotHealing&, const NotHealing&) = default;
};
// We win and wait for `outstanding` to stop, of all in `notify`.
struct WinnerWaiting {
  std::vector<model::PeerName> outstanding;
  std::vector<model::PeerName> notify;
  friend bool operator==(const WinnerWaiting&, const WinnerWaiting&) = default;
};
// We lead and wait for the winner to report.
struct LeaderWaiting {
  model::PeerName winner;
  std::vector<model::PeerName> losers;
  friend bool operator==(const LeaderWaiting&, const LeaderWaiting&) = default;
};
// We lose: stopped, or about to.
struct Restarting {
  friend bool operator==(const Restarting&, const Restarting&) = default;
};
using HealState =
    std::variant<NotHealing, WinnerWaiting, LeaderWaiting, Restarting>;

// --- Events ---

// The leader has chosen, after judge_heal_request() said go ahead.
struct WinnerChosen {
  model::PeerName winner;
  std::vector<model::PeerName> losers;
};
// From the leader: we win. `stopped`: losers that do not serve right now.
struct BecomeWinner {
  std::vector<model::PeerName> losers;
  model::PeerNames stopped;
};
struct WinnerIs {
  model::PeerName winner;
};
struct HealFinished {
  model::PeerName winner;
};
struct ReportHealStatus {};
// A peer no longer serves, but is there.
struct PeerStopped {
  model::PeerName peer;
};
// The connection to a peer is lost.
struct PeerLost {
  model::PeerName peer;
};
// Our own restart ended without leading anywhere; a regular one is seen by
// after_restart().
struct RestartFailed {};
using HealEvent =
    std::variant<WinnerChosen, BecomeWinner, WinnerIs, HealFinished,
                 ReportHealStatus, PeerStopped, PeerLost, RestartFailed>;

// --- Effects ---

struct SendBecomeWinner {
  model::PeerName to;
  std::vector<model::PeerName> losers;
};
struct SendWinnerIs {
  model::PeerName to;
  model::PeerName winner;
};
// Let go of `losers`, once the service of each has really ended.
struct SendSafeToStart {
  std::vector<model::PeerName> losers;
};
struct SendHealFinished {
  model::PeerName to;
  model::PeerName winner;
};
struct SendReportStatus {
  model::PeerName to;
};
// Stop the service, wait for the word, start with the winner's state.
// `resume` is our state then, if the word came regularly.
struct RestartSelf {
  model::PeerName winner;
  HealState resume;
};
using HealEffect =
    std::variant<SendBecomeWinner, SendWinnerIs, SendSafeToStart,
                 SendHealFinished, SendReportStatus, RestartSelf>;
using HealEffects = std::vector<HealEffect>;

// A pure value.
class Autoheal {
 public:
  // `members` is not empty and holds `self`.
  Autoheal(model::PeerName self, model::PeerNames members,
           HealState state = NotHealing{});

  HealEffects step(const HealEvent& event);
  void set_members(model::PeerNames members);

  const HealState& state() const { return state_; }
  bool healing() const { return !std::holds_alternative<NotHealing>(state_); }

 private:
  HealEffects on(const WinnerChosen& event);
  HealEffects on(const BecomeWinner& event);
  HealEffects on(const WinnerIs& event);
  HealEffects on(const HealFinished& event);
  HealEffects on(const ReportHealStatus& event);
  HealEffects on(const PeerStopped& event);
  HealEffects on(const PeerLost& event);
  HealEffects on(const RestartFailed& event);

  HealEffects stop_losers(const std::vector<model::PeerName>& losers,
                          const model::PeerNames& stopped);
  // Releases the losers and reports to the leader; ends in not-healing.
  HealEffects finish(std::vector<model::PeerName> losers);
  HealEffects abort(const std::vector<model::PeerName>& losers);

  model::PeerName self_;
  model::PeerNames members_;
  HealState state_;
};

// --- A loser's restart ---

// How the wait of a stopped loser ended; it starts in any case.
enum class RestartSignal : std::uint8_t { kSafeToStart, kWinnerGone, kTimeout };
// `cluster.autoheal-state-transition-timeout`.
inline constexpr base::Duration kStateTransitionTimeout =
    std::chrono::seconds(60);
// What a loser remembers for its next start: only the regular word keeps it.
HealState after_restart(const HealState& resume, RestartSignal signal);

// A start with what was remembered: a leader that was a loser too asks the
// winner how far it is.
struct HealBoot {
  HealState state;
  HealEffects effects;
};
HealBoot boot(const std::optional<HealState>& remembered);

}  // namespace waypost::partition

#endif  // WAYPOST_NAMESRV_PARTITION_AUTOHEAL_H_
