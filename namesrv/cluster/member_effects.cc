// What follows from each thing that happens to the membership.

#include "base/units.h"
#include "namesrv/cluster/cluster_keeper.h"

namespace waypost::cluster {

void ClusterKeeper::perform(const membership::Effect& effect) {
  using namespace membership;
  const base::WallTime wall = shell_.executor->wall_now();
  if (const auto* joined = std::get_if<PeerJoined>(&effect)) {
    logger_.info("a peer joined", {{"peer", joined->peer.value()}});
    view_changed_ = true;
  } else if (const auto* changed = std::get_if<PeerChanged>(&effect)) {
    if (changed->moved_to) {
      logger_.info("a peer moved", {{"peer", changed->peer.value()},
                                    {"to", changed->moved_to->to_string()}});
    }
    view_changed_ = true;
  } else if (const auto* restarted = std::get_if<PeerRestarted>(&effect)) {
    logger_.info("a peer lives anew", {{"peer", restarted->peer.value()}});
    holdings_.on_lost(restarted->peer);
    driver_->on_stopped(restarted->peer);
    view_changed_ = true;
  } else if (const auto* lost = std::get_if<PeerLost>(&effect)) {
    logger_.warn("a peer was lost", {{"peer", lost->peer.value()},
                                     {"cause", lost->cause == LossCause::kClosed
                                                   ? "its connection was closed"
                                                   : "silence"},
                                     {"orderly", lost->orderly}});
    if (!lost->orderly) history_.on_lost(lost->peer, wall);
    holdings_.on_lost(lost->peer);
    driver_->on_lost(lost->peer);
    view_changed_ = true;
  } else if (const auto* back = std::get_if<PeerBack>(&effect)) {
    logger_.info(
        back->same_life ? "a peer is back that had gone on: a partition"
                        : "a peer is back",
        {{"peer", back->peer.value()}, {"away_ms", base::to_ms(back->away)}});
    history_.on_back(back->peer, back->same_life, wall);
    driver_->on_back(back->peer, back->same_life);
    view_changed_ = true;
  } else if (const auto* down = std::get_if<PeerDown>(&effect)) {
    logger_.warn("a peer was set to down", {{"peer", down->peer.value()}});
    // Who decides has noted all of them already, and why.
    if (!deciding_) {
      history_.note("the leader set " + down->peer.value() + " to down");
    }
    holdings_.on_gone(down->peer);
    history_.on_gone(down->peer, wall);
    view_changed_ = true;
  } else if (const auto* forgotten = std::get_if<PeerForgotten>(&effect)) {
    logger_.info("a peer was forgotten", {{"peer", forgotten->peer.value()}});
    history_.on_gone(forgotten->peer, wall);
    told_.erase(forgotten->peer);
    holdings_.on_gone(forgotten->peer);
    view_changed_ = true;
  } else if (const auto* welcome = std::get_if<PeerWelcome>(&effect)) {
    logger_.info("a forgotten peer may come back",
                 {{"peer", welcome->peer.value()}});
    view_changed_ = true;
  } else if (const auto* up = std::get_if<SelfUp>(&effect)) {
    logger_.info("up", {{"up_number", up->up_number}});
    driver_->on_new_life();
    if (shell_.keep_down) shell_.keep_down(std::nullopt);
    let_go(PauseCause::kDown);
    view_changed_ = true;
  } else if (std::holds_alternative<SelfDown>(effect)) {
    note(
        "set to down; waits until a serving member admits it, or more than "
        "half of the configured peers are reachable");
    if (shell_.keep_down) shell_.keep_down(membership_.left_behind());
    hold_as_down();
    driver_->on_new_life();
    view_changed_ = true;
  } else if (std::holds_alternative<SelfForgotten>(effect)) {
    note("taken out of the group by an operator");
    hold(PauseCause::kForgotten,
         "forgotten by an operator (waypostctl cluster forget)");
    view_changed_ = true;
  } else if (const auto* off = std::get_if<WrittenOff>(&effect)) {
    logger_.warn("a peer had written this nameserver off",
                 {{"peer", off->by.value()}});
    if (!lost_lately(off->by)) {
      history_.on_written_off(off->by, wall);
      // One that does not serve has nothing better to offer.
      if (state_of(off->by) == model::ServerState::kServing) {
        mistrust(off->by.value() + " had written this nameserver off");
      }
    }
  } else if (const auto* ask = std::get_if<AskProbe>(&effect)) {
    shell_.calls->probe(
        ask->via, ask->probe, [this, ask = *ask](base::Result<bool> reaches) {
          step(ProbeAnswered{ask.via, ask.probe, reaches.value_or(false)});
        });
  } else if (const auto* partial = std::get_if<PartialPartition>(&effect)) {
    logger_.warn(
        "a bad link: another peer reaches one that we lost",
        {{"peer", partial->suspect.value()}, {"via", partial->via.value()}});
    history_.on_partial(partial->suspect, partial->via);
    driver_->on_partial(partial->suspect, partial->via);
  } else if (std::holds_alternative<ObservationsMoved>(effect)) {
    view_changed_ = true;
  } else if (const auto* conflict = std::get_if<NameConflict>(&effect)) {
    logger_.error(
        "another process goes by this nameserver's name; give each its own "
        "--name",
        {{"name", membership_.self().name.value()},
         {"at", conflict->at ? conflict->at->to_string() : "unknown"}});
  } else if (const auto* differs = std::get_if<HandlingDiffers>(&effect)) {
    const auto theirs = partition::mode_at_run_time(differs->theirs);
    logger_.warn(
        "a peer handles partitions in another way; all must have the same" +
            (theirs.warning ? ": " + *theirs.warning : ""),
        {{"peer", differs->peer.value()},
         {"theirs", differs->theirs},
         {"ours", membership_.self().partition_handling}});
  }
}

}  // namespace waypost::cluster
