#include "tests/namesrv/membership/peer_group.h"

#include <algorithm>

#include "base/units.h"

namespace waypost::membership {
namespace {

constexpr std::uint16_t kPort = 9877;

// "what peer" for each effect; the ones that only move views are left out.
struct Text {
  std::string operator()(const PeerJoined& e) { return "joined " + n(e.peer); }
  std::string operator()(const PeerChanged& e) {
    return e.moved_to ? n(e.peer) + " moved to " + e.moved_to->host : "";
  }
  std::string operator()(const PeerRestarted& e) {
    return n(e.peer) + " restarted";
  }
  std::string operator()(const PeerLost& e) {
    return "lost " + n(e.peer) +
           (e.cause == LossCause::kClosed ? " closed" : "") +
           (e.orderly ? " orderly" : "");
  }
  std::string operator()(const PeerBack& e) {
    return n(e.peer) + " back" + (e.same_life ? " in the same life" : "");
  }
  std::string operator()(const PeerDown& e) { return n(e.peer) + " down"; }
  std::string operator()(const PeerForgotten& e) {
    return n(e.peer) + " forgotten";
  }
  std::string operator()(const PeerWelcome& e) {
    return n(e.peer) + " welcome";
  }
  std::string operator()(const SelfUp& e) {
    return "up as " + std::to_string(e.up_number);
  }
  std::string operator()(const SelfDown&) { return "down itself"; }
  std::string operator()(const SelfForgotten&) { return "forgotten itself"; }
  std::string operator()(const WrittenOff& e) {
    return "written off by " + n(e.by);
  }
  std::string operator()(const AskProbe&) { return ""; }
  std::string operator()(const PartialPartition& e) {
    return n(e.via) + " reaches " + n(e.suspect);
  }
  std::string operator()(const ObservationsMoved&) { return ""; }
  std::string operator()(const NameConflict&) { return "name conflict"; }
  std::string operator()(const HandlingDiffers& e) {
    return n(e.peer) + " handles by " + e.theirs;
  }

  static std::string n(const model::PeerName& name) { return name.value(); }
};

}  // namespace

base::Endpoint address_of(const std::string& text) { return {text, kPort}; }

void PeerGroup::start(const std::string& name, const std::string& address,
                      const std::vector<std::string>& seeds) {
  model::PeerInfo self;
  self.name = model::PeerName(name);
  self.generation = ++lives_;
  self.incarnation = model::Incarnation(1000 + lives_);
  self.cluster_addresses = {address_of(address)};
  self.partition_handling = "ignore";
  std::vector<base::Endpoint> endpoints;
  for (const std::string& seed : seeds) endpoints.push_back(address_of(seed));
  asleep_.erase(name);
  nodes_.insert_or_assign(
      name, Node{address_of(address), std::make_unique<Membership>(
                                          settings_, self, endpoints, now_)});
}

void PeerGroup::die(const std::string& name) {
  nodes_.erase(name);
  for (const std::string& other : names()) {
    if (!passes(name, other) || asleep_.contains(other)) continue;
    step(other, LinkClosed{model::PeerName(name)});
  }
}

void PeerGroup::wake(const std::string& name, base::Duration gap) {
  asleep_.erase(name);
  step(name, OwnGap{gap});
}

void PeerGroup::cut(const std::string& one, const std::string& other) {
  cut_one_way(one, other);
  cut_one_way(other, one);
}

std::vector<std::string> PeerGroup::names() const {
  std::vector<std::string> names;
  for (const auto& [name, node] : nodes_) names.push_back(name);
  return names;
}

bool PeerGroup::passes(const std::string& from, const std::string& to) const {
  return !cut_.contains({from, to});
}

model::PeerHeartbeat PeerGroup::heartbeat_of(const std::string& name) const {
  model::PeerHeartbeat heartbeat = nodes_.at(name).membership->heartbeat();
  const auto state = states_.find(name);
  if (state != states_.end()) heartbeat.state = state->second;
  return heartbeat;
}

void PeerGroup::run(base::Duration how_long) {
  const base::Instant end = now_ + how_long;
  while (now_ < end) {
    now_ += settings_.detector.heartbeat_interval;
    for (const std::string& name : names()) {
      if (!asleep_.contains(name)) beat(name);
    }
    for (const std::string& name : names()) {
      if (!asleep_.contains(name)) step(name, Tick{});
    }
  }
}

void PeerGroup::beat(const std::string& name) {
  for (const auto& target : nodes_.at(name).membership->targets()) {
    call(name, target);
  }
}

void PeerGroup::call(const std::string& from,
                     const Membership::Target& target) {
  for (const base::Endpoint& address : target.addresses) {
    const auto to = std::find_if(
        nodes_.begin(), nodes_.end(),
        [&](const auto& each) { return each.second.address == address; });
    const bool arrives = to != nodes_.end() && !asleep_.contains(to->first) &&
                         passes(from, to->first);
    if (!arrives) {
      step(from, DialFailed{address});
      continue;
    }
    const std::string name = to->first;
    step(name, Heard{heartbeat_of(from), std::nullopt});
    if (passes(name, from)) step(from, Heard{heartbeat_of(name), address});
    return;
  }
}

void PeerGroup::probe(const std::string& from, const AskProbe& ask) {
  const std::string& via = ask.via.value();
  if (!nodes_.contains(via) || asleep_.contains(via)) return;
  if (!passes(from, via) || !passes(via, from)) return;
  const bool reaches = at(via).reaches(ask.probe, now_);
  step(from, ProbeAnswered{ask.via, ask.probe, reaches});
}

void PeerGroup::step(const std::string& name, const Event& event) {
  for (const Effect& effect : at(name).step(event, now_)) {
    note(name, effect);
    if (const auto* ask = std::get_if<AskProbe>(&effect)) probe(name, *ask);
  }
}

void PeerGroup::note(const std::string& name, const Effect& effect) {
  const std::string text = std::visit(Text(), effect);
  if (!text.empty()) transcript_ += name + ": " + text + "\n";
}

}  // namespace waypost::membership
