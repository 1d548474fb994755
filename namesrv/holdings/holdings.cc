#include "namesrv/holdings/holdings.h"

#include <algorithm>
#include <utility>

namespace waypost::holdings {

Effects Holdings::on_held(const model::Holding& holding, base::Instant) {
  tombstones_.erase(holding.broker);
  adopted_.erase(holding.broker);
  if (!own_.set(holding)) return {};
  push({{holding}, {}, own_.digest()});
  // What we hear ourselves need not come from anybody, unless it is older.
  for (auto& [name, peer] : peers_) {
    const model::Holding* theirs = peer.list.find(holding.broker);
    if (theirs == nullptr || !by_our_clock(peer, *theirs).newer_than(holding)) {
      peer.wanted.erase(holding.broker);
    }
  }
  return take_effects();
}

Effects Holdings::on_released(const model::BrokerKey& broker,
                              base::Instant now) {
  adopted_.erase(broker);
  const model::Holding* held = own_.find(broker);
  if (held == nullptr || held->unregistered) {
    // One that we had from peers.
    want(broker, now);
    return take_effects();
  }
  // As long as somebody vouches for it, the registry keeps what it has.
  if (vouchers_.contains(broker)) adopted_[broker] = held->content;
  own_.drop(broker);
  push({{}, {broker}, own_.digest()});
  want(broker, now);
  return take_effects();
}

// We know less of it than before: what do the others say?
void Holdings::want(const model::BrokerKey& broker, base::Instant now) {
  for (auto& [name, peer] : peers_) {
    const model::Holding* theirs = peer.list.find(broker);
    if (theirs != nullptr) want_if_needed(peer, *theirs);
    fetch(name, peer, now);
  }
}

Effects Holdings::on_unregistered(const model::Holding& holding,
                                  base::Instant now) {
  tombstones_[holding.broker] = now + settings_.tombstone;
  adopted_.erase(holding.broker);
  if (!own_.set(holding)) return {};
  push({{holding}, {}, own_.digest()});
  return take_effects();
}

void Holdings::push(model::HoldingsChange change) {
  effects_.push_back(PushChange{std::move(change)});
}

Effects Holdings::on_digest(const model::PeerName& peer,
                            const model::SetDigest& digest, base::Instant now) {
  Peer& from = peers_[peer];
  from.told = digest;
  if (!std::exchange(from.reachable, true)) {
    for (std::size_t i = 0; i < model::kHoldingBuckets; ++i) {
      for (const auto& [key, holding] : from.list.bucket(i)) {
        take(peer, from, holding);
      }
    }
  }
  ask_if_different(peer, from, now);
  fetch(peer, from, now);
  return take_effects();
}

void Holdings::ask_if_different(const model::PeerName& name, Peer& peer,
                                base::Instant now) {
  if (!peer.reachable || !peer.told || *peer.told == peer.list.digest()) {
    peer.asked.reset();
    return;
  }
  if (peer.asked && now - *peer.asked < settings_.answer_timeout) return;
  peer.asked = now;
  model::HoldingsQuery query;
  if (peer.list.size() > 0) query.buckets = peer.list.bucket_digests();
  effects_.push_back(AskHoldings{name, std::move(query)});
}

Effects Holdings::on_page(const model::PeerName& peer,
                          const model::HoldingsPage& page, base::Instant now) {
  const auto found = peers_.find(peer);
  if (found == peers_.end()) return {};
  Peer& from = found->second;
  replace_buckets(from, peer, page);
  if (page.last) {
    from.asked.reset();
    // Changed while it answered: the next heartbeat tells.
    from.told = page.all;
  }
  fetch(peer, from, now);
  return take_effects();
}

void Holdings::on_query_failed(const model::PeerName& peer) {
  const auto found = peers_.find(peer);
  if (found != peers_.end()) found->second.asked.reset();
}

void Holdings::replace_buckets(Peer& peer, const model::PeerName& name,
                               const model::HoldingsPage& page) {
  std::set<model::BrokerKey> named;
  for (const model::Holding& holding : page.holdings) {
    named.insert(holding.broker);
  }
  for (const std::uint32_t number : page.buckets) {
    if (number >= model::kHoldingBuckets) continue;
    std::vector<model::BrokerKey> gone;
    for (const auto& [key, holding] : peer.list.bucket(number)) {
      if (!named.contains(key)) gone.push_back(key);
    }
    for (const model::BrokerKey& key : gone) lose(name, peer, key);
  }
  for (const model::Holding& holding : page.holdings) {
    if (peer.list.size() >= settings_.brokers_max) return;
    peer.list.set(holding);
    take(name, peer, holding);
  }
}

Effects Holdings::on_change(const model::PeerName& peer,
                            const model::HoldingsChange& change,
                            base::Instant now) {
  Peer& from = peers_[peer];
  for (const model::Holding& holding : change.changed) {
    if (from.list.size() >= settings_.brokers_max) break;
    from.list.set(holding);
    take(peer, from, holding);
  }
  for (const model::BrokerKey& key : change.dropped) lose(peer, from, key);
  from.told = change.after;
  ask_if_different(peer, from, now);
  fetch(peer, from, now);
  return take_effects();
}

void Holdings::on_clock(const model::PeerName& peer, std::int64_t ahead_ms) {
  constexpr std::size_t kRemembered = 8;
  auto& told = peers_[peer].ahead_ms;
  told.push_back(ahead_ms);
  if (told.size() > kRemembered) told.pop_front();
}

model::Holding Holdings::by_our_clock(const Peer& peer,
                                      model::Holding holding) {
  if (holding.epoch == model::Epoch() && !peer.ahead_ms.empty()) {
    holding.stamp_ms -=
        *std::max_element(peer.ahead_ms.begin(), peer.ahead_ms.end());
  }
  return holding;
}

// What a reachable peer says of a broker.
void Holdings::take(const model::PeerName& name, Peer& peer,
                    const model::Holding& holding) {
  if (!peer.reachable) return;
  if (holding.unregistered) {
    unvouch(name, holding.broker, true);
    peer.wanted.erase(holding.broker);
    const model::Holding* ours = own_.find(holding.broker);
    const bool ours_is_newer =
        ours != nullptr &&
        (ours->unregistered || ours->newer_than(by_our_clock(peer, holding)));
    if (!ours_is_newer) effects_.push_back(Bury{holding});
    return;
  }
  vouch(name, holding.broker);
  want_if_needed(peer, holding);
}

void Holdings::lose(const model::PeerName& name, Peer& peer,
                    const model::BrokerKey& broker) {
  peer.list.drop(broker);
  peer.wanted.erase(broker);
  unvouch(name, broker, true);
}

void Holdings::vouch(const model::PeerName& name,
                     const model::BrokerKey& broker) {
  auto& vouchers = vouchers_[broker];
  if (!vouchers.insert(name).second || vouchers.size() > 1) return;
  effects_.push_back(Vouch{broker, true, false});
}

void Holdings::unvouch(const model::PeerName& name,
                       const model::BrokerKey& broker, bool released) {
  const auto vouchers = vouchers_.find(broker);
  if (vouchers == vouchers_.end() || vouchers->second.erase(name) == 0) return;
  if (!vouchers->second.empty()) return;
  vouchers_.erase(vouchers);
  // Out of reach, it stays in the registry for its expiry.
  if (released) adopted_.erase(broker);
  effects_.push_back(Vouch{broker, false, released});
}

void Holdings::want_if_needed(Peer& peer, const model::Holding& holding) {
  if (!peer.reachable || holding.unregistered) return;
  const model::Holding* ours = own_.find(holding.broker);
  if (ours != nullptr) {
    // What we hear ourselves is what holds, but for a newer process of it.
    const bool newer = ours->unregistered
                           ? by_our_clock(peer, holding).newer_than(*ours)
                           : holding.epoch > ours->epoch;
    if (!newer) return;
  }
  const auto adopted = adopted_.find(holding.broker);
  if (adopted != adopted_.end() && adopted->second == holding.content) {
    peer.wanted.erase(holding.broker);
    return;
  }
  // An unregistration that some peer still tells of outlives older holdings.
  for (const auto& [name, other] : peers_) {
    const model::Holding* said = other.list.find(holding.broker);
    if (said != nullptr && said->unregistered &&
        !by_our_clock(peer, holding).newer_than(by_our_clock(other, *said))) {
      return;
    }
  }
  peer.wanted.insert(holding.broker);
}

void Holdings::fetch(const model::PeerName& name, Peer& peer,
                     base::Instant now) {
  if (!peer.reachable) return;
  std::erase_if(peer.fetching, [&](const auto& each) {
    return now - each.second >= settings_.answer_timeout;
  });
  // One request at a time: what arrives must be taken before more comes.
  if (!peer.fetching.empty()) return;
  AskContent ask{name, {}};
  for (const model::BrokerKey& broker : peer.wanted) {
    if (ask.brokers.size() == settings_.content_batch) break;
    // Somebody else is bringing it.
    const bool on_its_way =
        std::any_of(peers_.begin(), peers_.end(), [&](const auto& other) {
          const model::Holding* theirs = other.second.list.find(broker);
          const model::Holding* here = peer.list.find(broker);
          return other.second.fetching.contains(broker) && theirs != nullptr &&
                 here != nullptr && theirs->content == here->content;
        });
    if (on_its_way) continue;
    ask.brokers.push_back(broker);
    peer.fetching[broker] = now;
  }
  if (!ask.brokers.empty()) effects_.push_back(std::move(ask));
}

Effects Holdings::on_content(const model::PeerName& peer,
                             const model::BrokerKey& broker,
                             const model::Digest& content, bool taken,
                             base::Instant now) {
  if (taken) adopted_[broker] = content;
  for (auto& [name, each] : peers_) {
    const model::Holding* theirs = each.list.find(broker);
    if (theirs == nullptr || theirs->content == content || name == peer) {
      each.wanted.erase(broker);
    }
  }
  const auto found = peers_.find(peer);
  if (found == peers_.end()) return {};
  found->second.fetching.erase(broker);
  // It changed while it was on its way.
  const model::Holding* theirs = found->second.list.find(broker);
  if (theirs != nullptr && theirs->content != content) {
    want_if_needed(found->second, *theirs);
  }
  for (auto& [name, each] : peers_) fetch(name, each, now);
  return take_effects();
}

Effects Holdings::on_content_failed(
    const model::PeerName& peer, const std::vector<model::BrokerKey>& brokers,
    base::Instant) {
  const auto found = peers_.find(peer);
  if (found == peers_.end()) return {};
  // Asked for again with the next heartbeat.
  for (const model::BrokerKey& broker : brokers) {
    found->second.fetching.erase(broker);
  }
  return {};
}

Effects Holdings::on_lost(const model::PeerName& peer, base::Instant) {
  const auto found = peers_.find(peer);
  if (found == peers_.end()) return {};
  found->second.reachable = false;
  found->second.asked.reset();
  found->second.fetching.clear();
  found->second.wanted.clear();
  const HoldingList& list = found->second.list;
  for (std::size_t i = 0; i < model::kHoldingBuckets; ++i) {
    for (const auto& [broker, holding] : list.bucket(i)) {
      unvouch(peer, broker, false);
    }
  }
  return take_effects();
}

Effects Holdings::on_gone(const model::PeerName& peer, base::Instant now) {
  Effects effects = on_lost(peer, now);
  peers_.erase(peer);
  return effects;
}

Effects Holdings::on_tick(base::Instant now) {
  model::HoldingsChange over;
  for (auto each = tombstones_.begin(); each != tombstones_.end();) {
    if (each->second > now) {
      ++each;
      continue;
    }
    own_.drop(each->first);
    over.dropped.push_back(each->first);
    each = tombstones_.erase(each);
  }
  if (over.dropped.empty()) return {};
  over.after = own_.digest();
  for (const model::BrokerKey& broker : over.dropped) want(broker, now);
  push(std::move(over));
  return take_effects();
}

std::vector<model::HoldingsPage> Holdings::answer(
    const model::HoldingsQuery& query, std::size_t page_max) const {
  std::vector<model::HoldingsPage> pages(1);
  for (const std::uint32_t number : own_.differing(query.buckets)) {
    const HoldingList::Bucket& bucket = own_.bucket(number);
    const bool is_full =
        !pages.back().holdings.empty() &&
        pages.back().holdings.size() + bucket.size() > page_max;
    // A bucket is never divided: a page replaces whole buckets.
    if (is_full) pages.emplace_back();
    pages.back().buckets.push_back(number);
    for (const auto& [key, holding] : bucket) {
      pages.back().holdings.push_back(holding);
    }
  }
  for (model::HoldingsPage& page : pages) {
    page.all = own_.digest();
    page.last = &page == &pages.back();
  }
  return pages;
}

model::PeerNames Holdings::vouched_by(const model::BrokerKey& broker) const {
  const auto found = vouchers_.find(broker);
  return found == vouchers_.end() ? model::PeerNames{} : found->second;
}

std::size_t Holdings::holdings_of(const model::PeerName& peer) const {
  const auto found = peers_.find(peer);
  return found == peers_.end() ? 0 : found->second.list.size();
}

bool Holdings::complete(const model::PeerName& peer) const {
  const auto found = peers_.find(peer);
  if (found == peers_.end()) return false;
  const Peer& from = found->second;
  return from.reachable && from.told && *from.told == from.list.digest() &&
         from.wanted.empty() && from.fetching.empty();
}

}  // namespace waypost::holdings
