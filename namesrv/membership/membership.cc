#include "namesrv/membership/membership.h"

#include <algorithm>
#include <utility>

namespace waypost::membership {

Membership::Membership(MembershipSettings settings, model::PeerInfo self,
                       std::vector<base::Endpoint> seeds, base::Instant now)
    : settings_(settings),
      self_(std::move(self)),
      table_(settings.peers_max),
      seeds_(std::move(seeds)),
      joining_since_(now) {
  self_.status = model::PeerStatus::kJoining;
  self_.up_number = model::kNeverUp;
  was_down_ = settings_.down_before.has_value();
  if (was_down_) left_behind_ = *settings_.down_before;
}

Effects Membership::step(const Event& event, base::Instant now) {
  effects_.clear();
  std::visit([&](const auto& each) { on(each, now); }, event);
  note_own_row();
  return std::exchange(effects_, {});
}

void Membership::on(const LinkClosed& event, base::Instant now) {
  const auto found = peers_.find(event.peer);
  if (found == peers_.end()) return;
  found->second.detector.closed();
  lose(event.peer, LossCause::kClosed, now);
}

void Membership::on(const DialFailed& event, base::Instant) {
  tried_seeds_.insert(event.address);
  // Bounded by what is configured.
  std::erase_if(tried_seeds_, [&](const auto& each) {
    return std::find(seeds_.begin(), seeds_.end(), each) == seeds_.end();
  });
}

void Membership::on(const ProbeAnswered& event, base::Instant now) {
  const PeerTable::Record* record = table_.find(event.probe.suspect);
  if (record == nullptr || !record->member()) return;
  if (record->info.generation != event.probe.suspect_generation) return;
  // It came back meanwhile.
  if (reachable(event.probe.suspect)) return;
  Peer& suspect = peer(event.probe.suspect);
  if (!event.reaches) {
    suspect.ask_again.erase(event.via);
    return;
  }
  const auto [asked, first] = suspect.ask_again.try_emplace(
      event.via, Peer::AskAgain{now + settings_.detector.timeout});
  if (first || !asked->second.asked) return;
  suspect.ask_again.erase(asked);
  effects_.push_back(PartialPartition{event.probe.suspect, event.via});
}

void Membership::on(const SetDown& event, base::Instant) {
  const bool goes_itself =
      std::any_of(event.names.begin(), event.names.end(),
                  [this](const auto& name) { return is_self(name); });
  // Before anybody is out: whom our side reaches.
  model::PeerNames out_of_reach;
  for (const model::PeerName& name : event.names) {
    if (!reachable(name) && reached_by(name).empty()) out_of_reach.insert(name);
  }
  for (const model::PeerName& name : event.names) {
    const PeerTable::Record* record = table_.find(name);
    if (is_self(name)) {
      take_new_life(self_.generation);
      effects_.push_back(SelfDown{});
    } else if (goes_itself && out_of_reach.contains(name)) {
      if (table_.presume_down(name)) note_down(name);
    } else if (record != nullptr) {
      merge_down(name, record->info.generation);
    }
  }
}

void Membership::on(const Forget& event, base::Instant) {
  merge(table_.next_verdict(event.name, event.forgotten));
}

void Membership::on(const Leave&, base::Instant) {
  if (self_.status == model::PeerStatus::kLeaving) return;
  self_.status = model::PeerStatus::kLeaving;
  ++self_.version;
}

void Membership::on(const SeedsChanged& event, base::Instant) {
  seeds_ = event.seeds;
}

// Everybody gets a fresh chance to be heard: the silence was ours.
void Membership::on(const OwnGap&, base::Instant now) {
  for (auto& [name, peer] : peers_) {
    if (peer.reachable) peer.detector.restart(now);
  }
}

void Membership::on(const Tick&, base::Instant now) {
  model::PeerNames silent;
  for (const auto& [name, peer] : peers_) {
    if (peer.reachable && !peer.detector.reachable(now)) silent.insert(name);
  }
  for (const model::PeerName& name : silent) {
    lose(name, LossCause::kSilent, now);
  }
  for (auto& [name, peer] : peers_) {
    for (auto& [via, again] : peer.ask_again) {
      if (again.due > now) continue;
      again = {now + settings_.detector.timeout, true};
      ask(via, name);
    }
  }
  come_up_if_due(now);
}

void Membership::lose(const model::PeerName& name, LossCause cause,
                      base::Instant now) {
  Peer& lost = peer(name);
  if (!std::exchange(lost.reachable, false)) return;
  const PeerTable::Record* record = table_.find(name);
  lost.lost = now;
  lost.lost_generation = record->info.generation;
  lost.ask_again.clear();
  matrix_.drop_row(name);
  // What is set to down or forgotten has no place to lose.
  if (!record->member()) return;
  const bool orderly = record->info.status == model::PeerStatus::kLeaving;
  effects_.push_back(PeerLost{name, cause, orderly});
  if (orderly) return;
  for (const auto& [other, each] : peers_) ask(other, name);
}

void Membership::ask(const model::PeerName& via,
                     const model::PeerName& suspect) {
  const PeerTable::Record* asked = table_.find(via);
  if (!reachable(via) || !asked->member()) return;
  effects_.push_back(AskProbe{via,
                              {suspect, table_.find(suspect)->info.generation,
                               asked->info.generation}});
}

void Membership::heard(const model::PeerName& name, base::Instant now) {
  Peer& from = peer(name);
  from.detector.heard(now);
  if (std::exchange(from.reachable, true)) return;
  from.ask_again.clear();
  const auto lost = std::exchange(from.lost, std::nullopt);
  if (!lost) return;
  const bool same_life =
      table_.find(name)->info.generation == from.lost_generation;
  effects_.push_back(PeerBack{name, same_life, now - *lost});
}

bool Membership::reaches(const model::PeerProbe& probe,
                         base::Instant now) const {
  if (probe.asked_generation != self_.generation) return false;
  // A live call to the suspect itself.
  if (is_self(probe.suspect)) {
    return probe.suspect_generation == self_.generation;
  }
  const PeerTable::Record* record = table_.find(probe.suspect);
  const Peer* suspect = find(probe.suspect);
  return record != nullptr && record->member() && suspect != nullptr &&
         record->info.generation == probe.suspect_generation &&
         suspect->reachable && suspect->detector.reachable(now);
}

void Membership::note_own_row() {
  ReachMatrix::Row row;
  for (const auto& [name, peer] : peers_) {
    const PeerTable::Record* record = table_.find(name);
    // Of a life that was never heard here nothing is known: it was not lost.
    const bool lost_it = peer.lost && record != nullptr &&
                         record->info.generation == peer.lost_generation;
    row[name] = peer.reachable ? model::PeerReach::kReachable
                : lost_it      ? model::PeerReach::kUnreachable
                               : model::PeerReach::kUnknown;
  }
  if (matrix_.set_row(self_.name, std::move(row))) {
    effects_.push_back(ObservationsMoved{});
  }
}

void Membership::come_up_if_due(base::Instant now) {
  if (self_.status != model::PeerStatus::kJoining || forgotten()) return;
  if (!was_down_) {
    if (found_its_place(now)) come_up();
  } else if (admitted()) {
    // By whoever stayed: what it says of the others holds.
    table_.withdraw_presumptions();
    come_up();
  } else if (may_serve_again()) {
    table_.confirm_presumptions();
    come_up();
  }
}

bool Membership::found_its_place(base::Instant now) const {
  if (now - joining_since_ >= settings_.join_max_wait) return true;
  bool all_answered = unknown_seeds().empty();
  for (const auto& [name, peer] : peers_) {
    const PeerTable::Record* record = table_.find(name);
    if (!peer.reachable || !record->member()) continue;
    if (record->info.status == model::PeerStatus::kUp) return true;
  }
  // Refusals count: a machine that answers "nobody listens" is an answer.
  if (!all_answered) {
    const auto unknown = unknown_seeds();
    all_answered = std::all_of(
        unknown.begin(), unknown.end(),
        [&](const auto& seed) { return tried_seeds_.contains(seed); });
  }
  return all_answered;
}

bool Membership::admitted() const {
  for (const auto& [name, peer] : peers_) {
    // Hearing it is not enough, our own words may be lost on the way.
    if (is_reached_and_up(name) && peer.serving && hears_us(name)) return true;
  }
  return false;
}

bool Membership::is_reached_and_up(const model::PeerName& name) const {
  return reachable(name) &&
         table_.find(name)->info.status == model::PeerStatus::kUp;
}

bool Membership::may_serve_again() const {
  for (const auto& [name, peer] : peers_) {
    if (is_reached_and_up(name)) return false;
  }
  // Somebody out of reach who was not set to down may be the side that stays:
  // what counts then is its word, or an operator's that it is gone. Otherwise
  // all went, and those that are out count too: neither side of a cut may take
  // itself for all.
  for (const model::PeerName& name : left_behind_) {
    const PeerTable::Record* record = table_.find(name);
    const bool settled = table_.forgotten(name) || reachable(name) ||
                         (record != nullptr && record->down());
    if (!settled) return false;
  }
  // One that was forgotten before it was ever heard has an address among these.
  const auto never_heard = static_cast<std::size_t>(std::count_if(
      left_behind_.begin(), left_behind_.end(), [&](const auto& name) {
        return table_.forgotten(name) && table_.find(name) == nullptr;
      }));
  const std::size_t unknown = unknown_seeds().size();
  std::size_t configured = 1 + unknown - std::min(unknown, never_heard);
  std::size_t linked = 1;
  for (const auto& [name, record] : table_.records()) {
    if (record.forgotten) continue;
    if (!reachable(name) && !record.down()) return false;
    ++configured;
    if (reachable(name) && hears_us(name)) ++linked;
  }
  return 2 * linked > configured;
}

bool Membership::hears_us(const model::PeerName& name) const {
  return matrix_.reach(name, self_.name) == model::PeerReach::kReachable;
}

void Membership::come_up() {
  self_.status = model::PeerStatus::kUp;
  self_.up_number = table_.largest_up_number() + 1;
  ++self_.version;
  was_down_ = false;
  left_behind_.clear();
  effects_.push_back(SelfUp{self_.up_number});
}

Membership::Peer& Membership::peer(const model::PeerName& name) {
  return peers_.try_emplace(name, settings_.detector).first->second;
}

const Membership::Peer* Membership::find(const model::PeerName& name) const {
  const auto found = peers_.find(name);
  return found == peers_.end() ? nullptr : &found->second;
}

}  // namespace waypost::membership
