#include "namesrv/handlers/cluster/peer_links.h"

#include <utility>

#include "wire/codec/peer.h"

namespace waypost::handlers {

PeerLinks::PeerLinks(base::Executor& executor, transport::Network& network,
                     PeerLinkSettings settings, base::Logger logger)
    : executor_(executor),
      network_(network),
      settings_(std::move(settings)),
      logger_(logger) {}

PeerLinks::~PeerLinks() { *alive_ = false; }

PeerLink* PeerLinks::find(const model::PeerName& peer) {
  const auto found = links_.find(peer.value());
  return found == links_.end() ? nullptr : found->second.get();
}

bool PeerLinks::kept_off(const std::string& key) {
  const auto off = off_until_.find(key);
  if (off == off_until_.end()) return false;
  if (executor_.now() < off->second) return true;
  off_until_.erase(off);
  return false;
}

void PeerLinks::beat(const std::vector<Target>& targets,
                     const model::PeerHeartbeat& heartbeat) {
  retired_.clear();
  const std::string payload = codec::encode(heartbeat);
  std::set<std::string> wanted;
  for (const Target& target : targets) {
    const std::string key = target.name ? target.name->value()
                                        : target.addresses.front().to_string();
    wanted.insert(key);
    if (kept_off(key)) continue;
    auto& link = links_[key];
    if (link == nullptr) {
      link = std::make_unique<PeerLink>(executor_, network_, settings_, *this,
                                        logger_);
      keys_[link.get()] = key;
    }
    link->set_addresses(target.addresses);
    link->beat(payload);
  }
  for (auto each = links_.begin(); each != links_.end();) {
    if (wanted.contains(each->first)) {
      ++each;
      continue;
    }
    keys_.erase(each->second.get());
    names_.erase(each->second.get());
    each = links_.erase(each);
  }
}

void PeerLinks::on_link_answer(PeerLink& link,
                               const model::PeerHeartbeat& heartbeat) {
  const model::PeerName name = heartbeat.sender.name;
  names_[&link] = name;
  // From now on it is called by its name; who has a link by that name already
  // needs no second one.
  const std::string key = keys_[&link];
  if (key != name.value()) {
    auto owned = std::move(links_[key]);
    links_.erase(key);
    if (links_.contains(name.value()) || name == settings_.self) {
      keys_.erase(&link);
      names_.erase(&link);
      retired_.push_back(std::move(owned));
    } else {
      keys_[&link] = name.value();
      links_[name.value()] = std::move(owned);
    }
  }
  if (observer_ != nullptr) observer_->on_answer(heartbeat, link.address());
}

void PeerLinks::on_link_failure(PeerLink& link, const base::Error& error) {
  logger_.debug(
      "a peer cannot be reached",
      {{"address", link.address().to_string()}, {"why", error.to_string()}});
  if (observer_ != nullptr) observer_->on_no_answer(link.address());
}

void PeerLinks::on_link_ended(PeerLink& link, bool by_peer) {
  const auto name = names_.find(&link);
  if (name == names_.end() || !by_peer) return;
  const model::PeerName peer = name->second;
  const auto sessions = sessions_.find(peer);
  if (sessions == sessions_.end()) told_closed(peer);
}

void PeerLinks::told_closed(const model::PeerName& peer) {
  if (observer_ != nullptr) observer_->on_link_closed(peer);
}

void PeerLinks::probe(const model::PeerName& to, const model::PeerProbe& probe,
                      std::function<void(base::Result<bool>)> on_answer) {
  PeerLink* const link = find(to);
  auto answered =
      [on_answer = std::move(on_answer)](base::Result<std::string> payload) {
        if (!payload) return on_answer(tl::unexpected(payload.error()));
        const auto reply = codec::decode<model::PeerProbeReply>(
            std::as_bytes(std::span(*payload)));
        if (!reply) return on_answer(tl::unexpected(reply.error()));
        on_answer(reply->reaches);
      };
  if (link != nullptr) {
    link->call(codec::FrameKind::kPeerProbe, codec::encode(probe),
               std::move(answered));
    return;
  }
  executor_.post([alive = alive_, answered = std::move(answered)] {
    if (!*alive) return;
    answered(base::fail(base::ErrorCode::kUnavailable, "no such peer"));
  });
}

void PeerLinks::heal(const model::PeerName& to,
                     const model::HealMessage& message) {
  PeerLink* const link = find(to);
  if (link == nullptr) return;
  // Who does not get it is lost, or asked again by the heal's own limits.
  link->call(codec::FrameKind::kPeerHeal, codec::encode(message),
             [](const base::Result<std::string>&) {});
}

void PeerLinks::heal_status(
    const model::PeerName& to,
    std::function<void(base::Result<model::HealStatusReply>)> on_answer) {
  ask(to, codec::FrameKind::kPeerHealStatus, {}, std::move(on_answer));
}

void PeerLinks::ask_holdings(
    const model::PeerName& to, const model::HoldingsQuery& query,
    std::function<void(base::Result<model::HoldingsPage>)> on_page) {
  PeerLink* const link = find(to);
  if (link == nullptr) {
    // It has called us, our own call to it is still on its way.
    executor_.post([alive = alive_, on_page = std::move(on_page)] {
      if (!*alive) return;
      on_page(base::fail(base::ErrorCode::kUnavailable, "no such peer"));
    });
    return;
  }
  link->stream(codec::FrameKind::kHoldings, codec::encode(query),
               settings_.stream_timeout,
               [on_page = std::move(on_page)](
                   const base::Result<std::string>& payload, bool) {
                 if (!payload) return on_page(tl::unexpected(payload.error()));
                 on_page(codec::decode<model::HoldingsPage>(
                     std::as_bytes(std::span(*payload))));
               });
}

void PeerLinks::push_holdings(const model::PeerName& to,
                              const model::HoldingsChange& change) {
  PeerLink* const link = find(to);
  // Who misses it sees another digest in our next heartbeat.
  if (link == nullptr) return;
  link->tell(codec::FrameKind::kHoldingsChange, codec::encode(change));
}

void PeerLinks::ask_registrations(
    const model::PeerName& to, const model::ContentQuery& query,
    std::function<void(base::Result<RegistrationPart>)> on_part) {
  PeerLink* const link = find(to);
  if (link == nullptr) {
    executor_.post([alive = alive_, on_part = std::move(on_part)] {
      if (!*alive) return;
      on_part(base::fail(base::ErrorCode::kUnavailable, "no such peer"));
    });
    return;
  }
  link->stream(codec::FrameKind::kHeldRegistrations, codec::encode(query),
               settings_.stream_timeout,
               [on_part = std::move(on_part)](
                   const base::Result<std::string>& payload, bool last) {
                 if (!payload) return on_part(tl::unexpected(payload.error()));
                 if (last) return on_part(RegistrationPart());
                 auto held = codec::decode<model::HeldRegistration>(
                     std::as_bytes(std::span(*payload)));
                 // One that cannot be read is missing in the end.
                 if (held) on_part(RegistrationPart(std::move(*held)));
               });
}

template <typename Answer>
void PeerLinks::ask(const model::PeerName& to, codec::FrameKind kind,
                    std::string question,
                    std::function<void(base::Result<Answer>)> on_answer) {
  PeerLink* const link = find(to);
  if (link == nullptr) {
    executor_.post([alive = alive_, on_answer = std::move(on_answer)] {
      if (!*alive) return;
      on_answer(base::fail(base::ErrorCode::kUnavailable, "no such peer"));
    });
    return;
  }
  link->call(
      kind, std::move(question),
      [on_answer = std::move(on_answer)](base::Result<std::string> payload) {
        if (!payload) return on_answer(tl::unexpected(payload.error()));
        on_answer(codec::decode<Answer>(std::as_bytes(std::span(*payload))));
      });
}

void PeerLinks::ask_kv(
    const model::PeerName& to, const model::KvListRequest& request,
    std::function<void(base::Result<model::KvPage>)> on_page) {
  ask(to, codec::FrameKind::kKvList, codec::encode(request),
      std::move(on_page));
}

void PeerLinks::ask_overrides(
    const model::PeerName& to, const model::PageRequest& request,
    std::function<void(base::Result<model::OverridePage>)> on_page) {
  ask(to, codec::FrameKind::kListOverrides, codec::encode(request),
      std::move(on_page));
}

void PeerLinks::disconnect(const model::PeerName& peer,
                           base::Duration stay_off) {
  off_until_[peer.value()] = executor_.now() + stay_off;
  bool was_connected = false;
  if (PeerLink* const link = find(peer)) {
    was_connected = link->ready();
    link->close("disconnected for a moment, to make a partition whole");
  }
  const auto sessions = sessions_.find(peer);
  if (sessions != sessions_.end()) {
    was_connected = true;
    for (rpc::ServerSession* session : sessions->second) session->close();
  }
  if (!was_connected) return;
  executor_.post([this, alive = alive_, peer] {
    if (*alive) told_closed(peer);
  });
}

bool PeerLinks::add_session(const model::PeerName& peer,
                            rpc::ServerSession& session) {
  if (kept_off(peer.value())) return false;
  sessions_[peer].insert(&session);
  return true;
}

void PeerLinks::remove_session(const model::PeerName& peer,
                               rpc::ServerSession& session, bool by_peer) {
  const auto sessions = sessions_.find(peer);
  if (sessions == sessions_.end()) return;
  sessions->second.erase(&session);
  if (!sessions->second.empty()) return;
  sessions_.erase(sessions);
  PeerLink* const link = find(peer);
  if (by_peer && (link == nullptr || !link->ready())) told_closed(peer);
}

}  // namespace waypost::handlers
