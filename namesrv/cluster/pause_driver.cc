// The pause family: pausing, partial partitions, autoheal.

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <variant>

#include "namesrv/cluster/partition_driver.h"
#include "namesrv/partition/autoheal_plan.h"
#include "namesrv/partition/partial_partition.h"
#include "namesrv/partition/pause_keeper.h"
#include "namesrv/partition/separated_peers.h"

namespace waypost::cluster {
namespace {

using namespace waypost::partition;

class PauseDriver : public PartitionDriver {
 public:
  PauseDriver(const Settings& settings, PartitionActions& actions)
      : policy_(pause_policy(settings)),
        restart_timeout_(settings.autoheal_state_transition_timeout),
        actions_(actions),
        keeper_(policy_),
        heal_(actions.members().self().name, members()) {}

  void on_lost(const model::PeerName& peer) override {
    perform(keeper_.on_lost(peer, reach(), now()));
    perform(heal_.step(PeerLost{peer}));
    if (restart_ && restart_->winner == peer) {
      finish_restart(RestartSignal::kWinnerGone);
    }
  }

  void on_back(const model::PeerName& peer, bool same_life) override {
    // A side that was paused has no state of its own to contradict ours.
    const model::ServerState theirs = actions_.state_of(peer);
    const bool both_went_on = same_life && !keeper_.paused() &&
                              theirs != model::ServerState::kPaused &&
                              theirs != model::ServerState::kStarting;
    if (both_went_on) separated_.on_met_again(peer);
    ask_for_heal_if_due();
  }

  void on_stopped(const model::PeerName& peer) override {
    model::PeerNames serving = serving_peers();
    serving.erase(peer);
    separated_.on_stopped_serving(serving, serving);
    perform(heal_.step(PeerStopped{peer}));
  }

  void on_restarted(const model::PeerName& peer) override {
    separated_.on_restarted(peer);
  }

  void on_partial(const model::PeerName& suspect,
                  const model::PeerName& via) override {
    const model::Incarnation own = actions_.members().self().incarnation;
    switch (react_to_partial(policy_, reach(), own, own)) {
      case PartialReaction::kIgnoreStale:
      case PartialReaction::kNothing:
        return;
      case PartialReaction::kDisconnectIntermediary:
        actions_.note("disconnected from " + via.value() + ", which reaches " +
                      suspect.value() + ", to make the partition whole");
        actions_.calls().heal(via, {model::HealKind::kDisconnecting, {}, {}});
        actions_.calls().disconnect(via, kDisconnectWait);
        return;
      case PartialReaction::kPauseUntilAllUp:
        perform(keeper_.on_partial_partition(suspect, via, now()));
        return;
    }
  }

  void on_own_gap(base::Duration gap) override {
    perform(keeper_.on_own_gap(gap, reach(), now()));
  }

  void on_heard(const model::PeerName& peer) override { heard_[peer] = now(); }

  void on_view_changed() override { heal_.set_members(members()); }

  void on_tick() override {
    perform(keeper_.on_tick(fresh_reach(), now()));
    if (restart_ && now() >= restart_->deadline) {
      finish_restart(RestartSignal::kTimeout);
    }
    say_again();
    ask_for_heal_if_due();
  }

  void on_heal(const model::PeerName& from,
               const model::HealMessage& message) override {
    switch (message.kind) {
      case model::HealKind::kStart:
        return lead();
      case model::HealKind::kBecomeWinner:
        return perform(heal_.step(
            BecomeWinner{message.losers, stopped_among(message.losers)}));
      case model::HealKind::kWinnerIs:
        return perform(heal_.step(WinnerIs{message.winner}));
      case model::HealKind::kSafeToStart:
        return copy_and_finish();
      case model::HealKind::kFinished:
        return perform(heal_.step(HealFinished{message.winner}));
      case model::HealKind::kReportStatus:
        return perform(heal_.step(ReportHealStatus{}));
      case model::HealKind::kStopped:
        on_stopped(from);
        return release_if_done(from, message.winner);
      case model::HealKind::kDisconnecting:
        return actions_.calls().disconnect(from, kDisconnectWait);
    }
  }

  model::HealStatusReply heal_status() const override {
    const Reach now = reach();
    return {{separated_.names().begin(), separated_.names().end()},
            {now.reachable.begin(), now.reachable.end()},
            actions_.client_connections(),
            !keeper_.paused() && !restart_};
  }

 private:
  struct Restart {
    model::PeerName winner;
    HealState resume;
    base::Instant deadline;
    bool copying = false;
  };

  base::Instant now() const { return actions_.executor().now(); }

  model::PeerNames members() const { return actions_.members().members(true); }

  Reach reach() const {
    return {actions_.members().self().name, members(),
            actions_.members().reachable()};
  }

  // What has been heard since the pause: what was heard before it does not
  // end it.
  Reach fresh_reach() const {
    Reach fresh = reach();
    std::erase_if(fresh.reachable, [&](const model::PeerName& name) {
      if (name == fresh.self || !paused_at_) return false;
      const auto heard = heard_.find(name);
      return heard == heard_.end() || heard->second <= *paused_at_;
    });
    return fresh;
  }

  model::PeerNames serving_peers() const {
    model::PeerNames serving;
    for (const model::PeerName& name : actions_.members().reachable()) {
      if (actions_.state_of(name) == model::ServerState::kServing) {
        serving.insert(name);
      }
    }
    return serving;
  }

  model::PeerNames stopped_among(
      const std::vector<model::PeerName>& names) const {
    const model::PeerNames serving = serving_peers();
    model::PeerNames stopped;
    for (const model::PeerName& name : names) {
      if (!serving.contains(name)) stopped.insert(name);
    }
    return stopped;
  }

  void tell_stopped() {
    for (const model::PeerName& name : actions_.members().reachable()) {
      if (name == actions_.members().self().name) continue;
      actions_.calls().heal(name, {model::HealKind::kStopped, {}, {}});
    }
  }

  void perform(const PauseEffects& effects) {
    for (const PauseEffect& effect : effects) {
      if (const auto* pause = std::get_if<Pause>(&effect)) {
        paused_at_ = now();
        actions_.pause(pause->reason);
        tell_stopped();
      } else if (std::holds_alternative<Resume>(effect)) {
        paused_at_.reset();
        separated_.on_own_restart();
        actions_.resume();
      }
      // Pings are the heartbeats, which go out each second in any case.
    }
  }

  void ask_for_heal_if_due() {
    if (restart_) return;
    const auto leader =
        ask_for_heal(policy_, heal_.healing(), reach(), separated_.names());
    if (!leader) return;
    if (*leader == actions_.members().self().name) return lead();
    actions_.calls().heal(*leader, {model::HealKind::kStart, {}, {}});
  }

  // --- The leader ---

  void lead() {
    if (heal_.healing() || gathering_ || restart_ ||
        separated_.names().empty()) {
      return;
    }
    const model::PeerName self = actions_.members().self().name;
    auto gathered = std::make_shared<Gathered>();
    gathering_ = gathered;
    for (const model::PeerName& name : members()) {
      if (name == self) continue;
      ++gathered->left;
      gathered->replies[name] = std::nullopt;
    }
    for (const auto& [name, reply] : gathered->replies) {
      const model::PeerName from = name;
      actions_.calls().heal_status(
          from,
          [this, gathered, from](base::Result<model::HealStatusReply> status) {
            if (status && status->serving) {
              gathered->replies[from] = HealStatus{to_set(status->separated),
                                                   to_set(status->reachable)};
              gathered->connections[from] = status->client_connections;
            }
            if (--gathered->left == 0) decide(gathered);
          });
    }
    if (gathered->replies.empty()) gathering_.reset();
  }

  struct Gathered {
    std::size_t left = 0;
    std::map<model::PeerName, std::optional<HealStatus>> replies;
    std::map<model::PeerName, std::uint64_t> connections;
  };

  void decide(const std::shared_ptr<Gathered>& gathered) {
    if (gathering_ != gathered) return;
    gathering_.reset();
    const model::PeerName self = actions_.members().self().name;
    const model::PeerNames all = members();
    const HealAnswer answer = judge_heal_request(
        self, all, heal_.healing(), separated_.names(), gathered->replies);
    if (answer.verdict != HealVerdict::kGoAhead) return;
    gathered->connections[self] = actions_.client_connections();
    std::vector<HealView> views = {{self, separated_.names()}};
    for (const auto& [name, reply] : gathered->replies) {
      views.push_back({name, reply->separated});
    }
    const HealWinner chosen = choose_winner(
        find_parts({all.begin(), all.end()}, views), gathered->connections);
    actions_.note(
        "autoheal: " + chosen.winner.value() + " wins, to restart: " +
        model::to_string({chosen.losers.begin(), chosen.losers.end()}));
    perform(heal_.step(WinnerChosen{chosen.winner, chosen.losers}));
  }

  static model::PeerNames to_set(const std::vector<model::PeerName>& names) {
    return {names.begin(), names.end()};
  }

  // --- Everybody ---

  void send(const model::PeerName& to, const model::HealMessage& message) {
    if (to == actions_.members().self().name) {
      // To oneself, in turn: a step's effects are performed before the next.
      actions_.executor().post([this, alive = alive_, to, message] {
        if (*alive) on_heal(to, message);
      });
    } else {
      actions_.calls().heal(to, message);
    }
  }

  void perform(const HealEffects& effects) {
    using model::HealKind;
    for (const HealEffect& effect : effects) {
      if (const auto* become = std::get_if<SendBecomeWinner>(&effect)) {
        send(become->to, {HealKind::kBecomeWinner, {}, become->losers});
      } else if (const auto* is = std::get_if<SendWinnerIs>(&effect)) {
        send(is->to, {HealKind::kWinnerIs, is->winner, {}});
      } else if (const auto* safe = std::get_if<SendSafeToStart>(&effect)) {
        for (const model::PeerName& loser : safe->losers) {
          send(loser, {HealKind::kSafeToStart, {}, {}});
        }
      } else if (const auto* done = std::get_if<SendHealFinished>(&effect)) {
        send(done->to, {HealKind::kFinished, done->winner, {}});
      } else if (const auto* report = std::get_if<SendReportStatus>(&effect)) {
        send(report->to, {HealKind::kReportStatus, {}, {}});
      } else if (const auto* restart = std::get_if<RestartSelf>(&effect)) {
        start_restart(*restart);
      }
    }
  }

  // A message may go down with a connection that was not lost for long enough
  // for anybody to notice. In the origin one always comes with the other, so
  // its rules never repeat anything. Here whoever waits says again what it
  // waits for an answer to; that is without effect at who got it.
  void say_again() {
    using model::HealKind;
    if (restart_ && !restart_->copying) {
      send(restart_->winner, {HealKind::kStopped, restart_->winner, {}});
    } else if (const auto* winning =
                   std::get_if<WinnerWaiting>(&heal_.state())) {
      for (const model::PeerName& loser : winning->outstanding) {
        send(loser, {HealKind::kWinnerIs, actions_.members().self().name, {}});
      }
    } else if (const auto* leading =
                   std::get_if<LeaderWaiting>(&heal_.state())) {
      send(leading->winner, {HealKind::kReportStatus, {}, {}});
    }
  }

  // It has stopped for the sake of `winner` and waits for the word.
  void release_if_done(const model::PeerName& loser,
                       const model::PeerName& winner) {
    if (winner != actions_.members().self().name) return;
    const auto* winning = std::get_if<WinnerWaiting>(&heal_.state());
    const bool waits_for_others =
        winning != nullptr &&
        std::find(winning->notify.begin(), winning->notify.end(), loser) !=
            winning->notify.end();
    if (!waits_for_others) send(loser, {model::HealKind::kSafeToStart, {}, {}});
  }

  void start_restart(const RestartSelf& restart) {
    restart_ =
        Restart{restart.winner, restart.resume, now() + restart_timeout_};
    actions_.begin_restart("autoheal: " + restart.winner.value() +
                           " has won, restarting with its state");
    tell_stopped();
  }

  // Until then, or until the winner is lost or the time is over.
  void copy_and_finish() {
    if (!restart_ || std::exchange(restart_->copying, true)) return;
    actions_.copy_configuration(restart_->winner, [this] {
      finish_restart(RestartSignal::kSafeToStart);
    });
  }

  void finish_restart(RestartSignal signal) {
    if (!restart_) return;
    const Restart restart = *std::exchange(restart_, std::nullopt);
    separated_.on_own_restart();
    HealBoot again = boot(after_restart(restart.resume, signal));
    heal_ = Autoheal(actions_.members().self().name, members(), again.state);
    actions_.end_restart(restart.winner);
    perform(again.effects);
  }

  const PausePolicy policy_;
  const base::Duration restart_timeout_;
  PartitionActions& actions_;
  PauseKeeper keeper_;
  SeparatedPeers separated_;
  Autoheal heal_;
  std::optional<base::Instant> paused_at_;
  std::map<model::PeerName, base::Instant> heard_;
  std::optional<Restart> restart_;
  std::shared_ptr<Gathered> gathering_;
  struct Alive {
    ~Alive() { *flag = false; }
    std::shared_ptr<bool> flag = std::make_shared<bool>(true);
  } alive_holder_;
  const std::shared_ptr<bool> alive_ = alive_holder_.flag;
};

}  // namespace

std::unique_ptr<PartitionDriver> make_pause_driver(
    const partition::Settings& settings, PartitionActions& actions) {
  return std::make_unique<PauseDriver>(settings, actions);
}

}  // namespace waypost::cluster
