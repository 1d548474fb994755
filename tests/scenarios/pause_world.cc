#include "tests/scenarios/pause_world.h"

#include <algorithm>
#include <optional>
#include <variant>

#include "namesrv/partition/autoheal_plan.h"

namespace waypost::scenarios {
namespace {

using namespace waypost::partition;

PauseWorld::Link link(const model::PeerName& one,
                      const model::PeerName& other) {
  return one < other ? PauseWorld::Link(one, other)
                     : PauseWorld::Link(other, one);
}

// Nobody restarts by himself here, so a member has one life.
const model::Incarnation kLife(1);

}  // namespace

PauseWorld::PauseWorld(
    const PausePolicy& policy, const std::vector<model::PeerName>& members,
    std::map<model::PeerName, std::uint64_t> client_connections)
    : policy_(policy),
      order_(members),
      members_(members.begin(), members.end()),
      client_connections_(std::move(client_connections)) {
  for (const auto& name : members_) {
    nodes_.emplace(name, Node(policy, name, members_));
    for (const auto& other : members_) {
      if (name < other) connected_.insert(link(name, other));
    }
  }
}

bool PauseWorld::serves(const model::PeerName& name) const {
  const Node& node = nodes_.at(name);
  return !node.keeper.paused() && !node.stopped;
}

Reach PauseWorld::reach(const model::PeerName& name) const {
  Reach reach{name, members_, {name}};
  for (const auto& other : members_) {
    if (connected_.contains(link(name, other))) reach.reachable.insert(other);
  }
  return reach;
}

model::PeerNames PauseWorld::serving_peers(const model::PeerName& name) const {
  model::PeerNames serving;
  for (const auto& other : reach(name).reachable) {
    if (serves(other)) serving.insert(other);
  }
  return serving;
}

void PauseWorld::cut(const std::vector<Link>& links) {
  // All at once: nobody's loss may be noticed over a link that is cut too.
  std::vector<Link> lost;
  for (const auto& [one, other] : links) {
    cut_.insert(link(one, other));
    if (connected_.erase(link(one, other)) > 0) lost.emplace_back(one, other);
  }
  for (const auto& [one, other] : lost) {
    if (serves(one) && serves(other)) {
      nodes_.at(one).written_off.insert(other);
      nodes_.at(other).written_off.insert(one);
    }
  }
  for (const auto& [one, other] : lost) {
    on_lost(one, other);
    on_lost(other, one);
  }
  if (held_.empty()) settle();
}

void PauseWorld::let_go() {
  held_.clear();
  while (!waiting_.empty()) {
    const auto deliver = waiting_.front();
    waiting_.pop_front();
    deliver();
  }
  settle();
}

void PauseWorld::on_lost(const model::PeerName& name,
                         const model::PeerName& peer) {
  Node& node = nodes_.at(name);
  if (serves(name)) {
    node.keeper.on_lost(peer, reach(name), now_);
    if (!serves(name)) tell_stopped(name);
  }
  perform(name, node.heal.step(PeerLost{peer}));
  if (!serves(name)) return;
  Incarnations known;
  for (const auto& each : members_) known.emplace(each, kLife);
  for (const auto& via : ask_about(name, peer, serving_peers(name), known)) {
    if (held_.contains(via)) {
      waiting_.push_back([=, this] { ask(name, peer, via); });
    } else {
      ask(name, peer, via);
    }
  }
}

void PauseWorld::ask(const model::PeerName& name,
                     const model::PeerName& suspect,
                     const model::PeerName& via) {
  if (!serves(via) || !reach(via).reachable.contains(name)) return;
  Intermediary intermediary{kLife, serving_peers(via), {{suspect, kLife}}, {}};
  if (intermediary.running.contains(suspect)) intermediary.live_answer = kLife;
  if (!reports_partial_partition(intermediary, {suspect, kLife, kLife})) {
    return;
  }
  if (waiting_.empty()) {
    react(name, suspect, via);
  } else {
    // One that was held back answers all before anybody reacts.
    waiting_.push_back([=, this] { react(name, suspect, via); });
  }
}

void PauseWorld::react(const model::PeerName& name,
                       const model::PeerName& suspect,
                       const model::PeerName& via) {
  if (!serves(name)) return;
  switch (react_to_partial(policy_, reach(name), kLife, kLife)) {
    case PartialReaction::kIgnoreStale:
    case PartialReaction::kNothing:
      return;
    case PartialReaction::kDisconnectIntermediary:
      disconnect(name, via);
      return;
    case PartialReaction::kPauseUntilAllUp:
      nodes_.at(name).keeper.on_partial_partition(suspect, via, now_);
      tell_stopped(name);
      return;
  }
}

void PauseWorld::disconnect(const model::PeerName& one,
                            const model::PeerName& other) {
  if (connected_.erase(link(one, other)) == 0) return;
  nodes_.at(one).written_off.insert(other);
  nodes_.at(other).written_off.insert(one);
  on_lost(one, other);
  on_lost(other, one);
}

void PauseWorld::tell_stopped(const model::PeerName& name) {
  // Whoever stops holds no state that could contradict: not a partition.
  nodes_.at(name).written_off.clear();
  model::PeerNames told;
  for (const auto& other : members_) {
    if (other == name) continue;
    nodes_.at(other).written_off.erase(name);
    if (connected_.contains(link(name, other))) told.insert(other);
  }
  for (const auto& other : told) {
    nodes_.at(other).separated.on_stopped_serving(serving_peers(other),
                                                  serving_peers(other));
  }
  // Only then what follows: it may start `name` again.
  for (const auto& other : told) {
    perform(other, nodes_.at(other).heal.step(PeerStopped{name}));
  }
}

void PauseWorld::mend(const std::vector<Link>& links) {
  for (const auto& [one, other] : links) cut_.erase(link(one, other));
  settle();
}

// Connects what is not cut and lets the paused look again, until nothing
// changes.
void PauseWorld::settle() {
  for (bool changed = true; changed;) {
    changed = false;
    now_ += kRecheckInterval;
    for (const auto& one : members_) {
      for (const auto& other : members_) {
        if (!(one < other) || cut_.contains(link(one, other))) continue;
        if (!connected_.insert(link(one, other)).second) continue;
        meet(one, other);
        changed = true;
      }
    }
    for (const auto& name : members_) {
      for (const auto& effect :
           nodes_.at(name).keeper.on_tick(reach(name), now_)) {
        if (!std::holds_alternative<Resume>(effect)) continue;
        nodes_.at(name).separated.on_own_restart();
        changed = true;
      }
    }
    if (restarted_.empty() || changed) heal_if_asked();
  }
}

void PauseWorld::meet(const model::PeerName& one,
                      const model::PeerName& other) {
  Node& first = nodes_.at(one);
  Node& second = nodes_.at(other);
  const bool both_wrote_off = first.written_off.erase(other) > 0;
  if (second.written_off.erase(one) == 0 || !both_wrote_off) return;
  if (!serves(one) || !serves(other)) return;
  first.separated.on_met_again(other);
  second.separated.on_met_again(one);
}

void PauseWorld::heal_if_asked() {
  for (const auto& name : members_) {
    const Node& node = nodes_.at(name);
    const auto leader = ask_for_heal(policy_, node.heal.healing(), reach(name),
                                     node.separated.names());
    if (!leader || !serves(name)) continue;
    Node& leading = nodes_.at(*leader);
    std::map<model::PeerName, std::optional<HealStatus>> replies;
    std::vector<HealView> views = {{*leader, leading.separated.names()}};
    for (const auto& other : members_) {
      if (other == *leader) continue;
      const model::PeerNames seen = nodes_.at(other).separated.names();
      if (serves(other)) replies[other] = {seen, reach(other).reachable};
      views.push_back({other, seen});
    }
    const auto answer =
        judge_heal_request(*leader, members_, leading.heal.healing(),
                           leading.separated.names(), replies);
    if (answer.verdict != HealVerdict::kGoAhead) continue;
    const auto chosen =
        choose_winner(find_parts(order_, views), client_connections_);
    perform(*leader,
            leading.heal.step(WinnerChosen{chosen.winner, chosen.losers}));
    return;
  }
}

void PauseWorld::perform(const model::PeerName& from,
                         const HealEffects& effects) {
  for (const HealEffect& effect : effects) {
    if (const auto* become = std::get_if<SendBecomeWinner>(&effect)) {
      perform(
          become->to,
          nodes_.at(become->to).heal.step(BecomeWinner{become->losers, {}}));
    } else if (const auto* is = std::get_if<SendWinnerIs>(&effect)) {
      perform(is->to, nodes_.at(is->to).heal.step(WinnerIs{is->winner}));
    } else if (std::holds_alternative<RestartSelf>(effect)) {
      restart(from);
    } else if (const auto* safe = std::get_if<SendSafeToStart>(&effect)) {
      for (const auto& loser : safe->losers) released_.insert(loser);
    } else if (const auto* done = std::get_if<SendHealFinished>(&effect)) {
      perform(done->to,
              nodes_.at(done->to).heal.step(HealFinished{done->winner}));
    } else if (const auto* report = std::get_if<SendReportStatus>(&effect)) {
      perform(report->to, nodes_.at(report->to).heal.step(ReportHealStatus{}));
    }
  }
  // The losers that were let go start, once whoever had to be told was told.
  for (const auto& name : std::exchange(released_, {})) {
    if (std::exchange(nodes_.at(name).stopped, false)) {
      nodes_.at(name).separated.on_own_restart();
      nodes_.at(name).heal =
          Autoheal(name, members_,
                   after_restart(NotHealing{}, RestartSignal::kSafeToStart));
    }
  }
}

void PauseWorld::restart(const model::PeerName& name) {
  nodes_.at(name).stopped = true;
  restarted_.insert(name);
  tell_stopped(name);
}

model::PeerNames PauseWorld::paused() const {
  model::PeerNames names;
  for (const auto& [name, node] : nodes_) {
    if (node.keeper.paused()) names.insert(name);
  }
  return names;
}

model::PeerNames PauseWorld::running() const {
  model::PeerNames names;
  for (const auto& name : members_) {
    if (serves(name)) names.insert(name);
  }
  return names;
}

model::PeerNames PauseWorld::separated(const model::PeerName& name) const {
  return nodes_.at(name).separated.names();
}

}  // namespace waypost::scenarios
