// Whom other nameservers hear, and what they are told of whom we hear.

#include <algorithm>
#include <string>
#include <utility>

#include "namesrv/registry/registry_impl.h"

namespace waypost::registry {
namespace {

// How long after a gap somebody whom no peer hears may still come back: agents
// beat each second, stock brokers register each 30 s.
constexpr base::Duration kUnheardMin = std::chrono::seconds(5);
constexpr base::Duration kRemotingUnheardMax = std::chrono::seconds(60);

// How far apart nameservers may notice one departure: a scan, and some.
constexpr base::Duration kOneDepartureMax = std::chrono::seconds(15);

// A digest over texts, each with its length before it.
class ContentDigest {
 public:
  void add(std::string_view text) {
    text_ += std::to_string(text.size());
    text_ += ':';
    text_ += text;
  }
  void add(std::int64_t number) { add(std::to_string(number)); }
  void add(const model::Digest& digest) { add(digest.to_string()); }
  model::Digest result() const { return model::digest_bytes(text_); }

 private:
  std::string text_;
};

std::vector<model::TopicConfig> configs(const TopicList& list) {
  std::vector<model::TopicConfig> topics;
  topics.reserve(list.size());
  for (auto at = list.begin(); !at.at_end(); ++at) {
    topics.push_back({at->topic->name, at->queues});
  }
  return topics;
}

// A replica whose group has its topics from another has none of its own.
bool shows_topics(const Broker& broker) {
  return broker.group->replicas.front() == &broker;
}

// What the broker may have changed besides its topics.
void add_particulars(const Broker& broker, base::Duration expiry,
                     ContentDigest& digest) {
  digest.add(broker.cluster.value());
  digest.add(broker.address_text());
  digest.add(broker.zone);
  digest.add(expiry.count());
  digest.add(broker.own.healthy ? 1 : 0);
  digest.add(static_cast<std::int64_t>(broker.own.action));
  digest.add(broker.own.reason);
}

void add_remoting(const RemotingState& state, ContentDigest& digest) {
  digest.add(state.ha_address);
  digest.add(state.version.state_version);
  digest.add(state.version.timestamp);
  digest.add(state.version.counter);
  for (const std::string& server : state.filter_servers) digest.add(server);
  digest.add(state.acting_master ? (*state.acting_master ? 2 : 1) : 0);
}

}  // namespace

std::optional<model::Holding> Registry::Impl::holding(
    const model::BrokerKey& key) const {
  const Broker* broker = directory_.find(key);
  if (broker == nullptr || broker->indirect || broker->withdrawn) {
    return std::nullopt;
  }
  ContentDigest digest;
  add_particulars(*broker, liveness_.expiry(broker->liveness), digest);
  if (broker->remoting != nullptr) {
    add_remoting(*broker->remoting, digest);
  } else if (!broker->content.is_none()) {
    digest.add(broker->content);
  } else {
    digest.add(model::digest_topics(configs(broker->topics)));
  }
  model::Holding holding;
  holding.broker = key;
  holding.epoch = broker->epoch;
  holding.content = digest.result();
  return holding;
}

std::optional<model::HeldRegistration> Registry::Impl::registration(
    const model::BrokerKey& key) const {
  const auto held = holding(key);
  if (!held) return std::nullopt;
  const Broker& broker = *directory_.find(key);
  model::HeldRegistration registration;
  registration.content = held->content;
  model::RegisterRequest& request = registration.request;
  request.cluster = broker.cluster;
  request.broker = key;
  request.address = broker.address;
  request.zone = broker.zone;
  request.epoch = broker.epoch;
  request.expiry = liveness_.expiry(broker.liveness);
  request.healthy = broker.own.healthy;
  request.verdict_action = broker.own.action;
  request.health_reason = broker.own.reason;
  request.topics_digest = broker.stated;
  if (broker.remoting == nullptr) {
    request.topics = configs(broker.topics);
    return registration;
  }
  const RemotingState& state = *broker.remoting;
  // It is made anew from the text where it arrives.
  request.address = {"0.0.0.0", 1};
  model::HeldRemoting& remoting = registration.remoting.emplace();
  remoting.address = state.address;
  remoting.ha_address = state.ha_address;
  remoting.version = state.version;
  remoting.filter_servers = state.filter_servers;
  remoting.acting_master = state.acting_master;
  remoting.brings_topics = shows_topics(broker);
  if (remoting.brings_topics) {
    request.topics = configs(broker.group->topics);
    for (const auto& [topic, mapping] : broker.group->mappings) {
      remoting.mappings.push_back(mapping);
    }
  }
  return registration;
}

std::vector<model::BrokerKey> Registry::Impl::held_brokers() const {
  std::vector<model::BrokerKey> keys;
  for (const auto& [key, broker] : directory_.brokers()) {
    if (!broker.indirect && !broker.withdrawn) keys.push_back(key);
  }
  return keys;
}

void Registry::Impl::tell(const Broker& broker, HoldingChange::What what,
                          Effects& effects) {
  if (!settings_.tells_holdings) return;
  effects.holdings.push_back({what, broker.key, broker.epoch});
}

base::Status Registry::Impl::admit_adopted(const Register& event,
                                           const Broker* known) const {
  if (known == nullptr || known->indirect) return {};
  if (event.origin == Origin::kNative && event.request.epoch > known->epoch) {
    return {};
  }
  return base::fail(base::ErrorCode::kStale,
                    known->key.to_string() + " is registered here itself");
}

void Registry::Impl::make_indirect(Broker& broker, std::string detail,
                                   base::Instant now, Effects& effects) {
  directory_.bind(broker, model::BindingId());
  broker.handover_grace.reset();
  const Liveness::Id id = broker.liveness;
  liveness_.set_expiry(id, liveness_.expiry(id), false);
  liveness_.set_explained(id, false);
  heard(broker, now, effects);
  liveness_.set_exempt(id, broker.vouched, now);
  if (std::exchange(broker.indirect, true)) return;
  ++indirect_count_;
  note(broker, BrokerChange::What::kIndirect, std::move(detail), effects);
}

void Registry::Impl::make_direct(Broker& broker, base::Instant now,
                                 Effects& effects) {
  if (!std::exchange(broker.indirect, false)) return;
  broker.loss.reset();
  --indirect_count_;
  const Liveness::Id id = broker.liveness;
  liveness_.set_exempt(id, false, now);
  liveness_.set_explained(id, broker.vouched);
  note(broker, BrokerChange::What::kDirect, "", effects);
}

void Registry::Impl::lose(Broker& broker, BrokerChange::What why,
                          std::string detail, base::Instant now,
                          Effects& effects) {
  if (!broker.vouched || broker.indirect) {
    remove(broker, why, std::move(detail), effects);
    return;
  }
  tell(broker, HoldingChange::What::kReleased, effects);
  make_indirect(broker, detail + "; peers hear it", now, effects);
  broker.loss = Broker::Loss{why, std::move(detail), now};
}

Reply Registry::Impl::on(const Vouch& event, base::Instant now,
                         Effects& effects) {
  if (event.vouched) {
    vouched_.insert(event.broker);
  } else {
    vouched_.erase(event.broker);
  }
  Broker* broker = directory_.find(event.broker);
  if (broker == nullptr) return {};
  broker->vouched = event.vouched;
  if (!broker->indirect) {
    liveness_.set_explained(broker->liveness, event.vouched || event.released);
  } else if (!event.vouched && event.released) {
    // All of us lost it at once: people want to know how, not who was last.
    if (broker->loss && now - broker->loss->at <= kOneDepartureMax) {
      const Broker::Loss loss = *std::exchange(broker->loss, std::nullopt);
      remove(*broker, loss.why, loss.detail, effects);
    } else {
      remove(*broker, BrokerChange::What::kGoneAtPeers,
             "no nameserver hears it any more", effects);
    }
  } else {
    liveness_.set_exempt(broker->liveness, event.vouched, now);
  }
  return {};
}

Reply Registry::Impl::on(const Bury& event, base::Instant, Effects& effects) {
  Broker* broker = directory_.find(event.broker);
  if (broker == nullptr || broker->epoch > event.epoch) return {};
  remove(*broker, BrokerChange::What::kUnregistered, "at a peer", effects);
  // That is the peer's to tell.
  for (HoldingChange& change : effects.holdings) {
    change.what = HoldingChange::What::kReleased;
  }
  return {};
}

Reply Registry::Impl::on(const SettleGap& event, base::Instant now,
                         Effects& effects) {
  if (!settings_.tells_holdings) return {};
  std::vector<Broker*> unheard;
  for (const auto& [key, broker] : directory_.brokers()) {
    if (broker.unheard) unheard.push_back(directory_.find(key));
  }
  for (Broker* broker : unheard) {
    broker->unheard = false;
    tell(*broker, HoldingChange::What::kReleased, effects);
    if (broker->vouched && !broker->bound) {
      make_indirect(*broker, "not heard since this nameserver slept; peers do",
                    now, effects);
      continue;
    }
    broker->withdrawn = true;
    if (broker->vouched || !event.peers_know) continue;
    const Liveness::Id id = broker->liveness;
    const base::Instant gone =
        now +
        (broker->remoting != nullptr
             ? kRemotingUnheardMax
             : std::max<base::Duration>(settings_.suspect_after, kUnheardMin));
    // Its expiry may come first.
    if (gone < liveness_.last_heard(id) + liveness_.expiry(id)) {
      liveness_.depart_at(id, gone);
    }
  }
  return {};
}

Reply Registry::Impl::on(const DropIndirect&, base::Instant, Effects& effects) {
  std::vector<Broker*> indirect;
  for (const auto& [key, broker] : directory_.brokers()) {
    if (broker.indirect) indirect.push_back(directory_.find(key));
  }
  for (Broker* broker : indirect) {
    remove(*broker, BrokerChange::What::kGoneAtPeers,
           "only peers had told of it", effects);
  }
  return {};
}

}  // namespace waypost::registry
