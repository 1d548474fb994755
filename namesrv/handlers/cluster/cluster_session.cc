#include "namesrv/handlers/cluster/cluster_session.h"

#include <algorithm>
#include <utility>

#include "namesrv/handlers/close_cause.h"
#include "namesrv/handlers/native/kv_page.h"
#include "wire/codec/peer.h"

namespace waypost::handlers {
namespace {

template <typename Message>
void answer(rpc::ServerSession& session, const codec::FrameView& frame,
            const Message& message) {
  session.reply(frame.header.kind, codec::kFlagReply,
                frame.header.correlation_id, codec::encode(message));
}

std::uint32_t page_limit(std::uint32_t asked) {
  constexpr std::uint32_t kDefault = 500;
  constexpr std::uint32_t kMax = 5'000;
  return asked == 0 ? kDefault : std::min(asked, kMax);
}

template <typename Message>
bool decode(rpc::ServerSession& session, const codec::FrameView& frame,
            Message& message) {
  auto decoded = codec::decode<Message>(frame.payload);
  if (decoded) {
    message = std::move(*decoded);
    return true;
  }
  // It does not speak our protocol.
  session.refuse(frame.header.correlation_id, decoded.error());
  return false;
}

}  // namespace

ClusterSession::ClusterSession(ClusterContext& context,
                               rpc::ServerSession& session)
    : context_(context), session_(session) {
  const PeerLinkSettings& settings = context_.links->settings();
  if (!settings.secret.empty()) auth_.emplace(settings.secret, settings.self);
}

bool ClusterSession::admitted() const { return !auth_ || auth_->done(); }

void ClusterSession::on_request(const codec::FrameView& frame) {
  using Kind = codec::FrameKind;
  switch (frame.header.kind) {
    case Kind::kHello: {
      model::HelloRequest request;
      if (!decode(session_, frame, request)) return;
      return answer(session_, frame, context_.hello());
    }
    case Kind::kPing:
      return session_.reply(Kind::kPing, codec::kFlagReply,
                            frame.header.correlation_id, {});
    case Kind::kPeerAuth:
      return authenticate(frame);
    default:
      break;
  }
  if (!admitted()) {
    session_.refuse(
        frame.header.correlation_id,
        {base::ErrorCode::kDenied, "the cluster port asks for cluster.secret",
         "set it on both ends"});
    return;
  }
  switch (frame.header.kind) {
    case Kind::kPeerHeartbeat:
      return heartbeat(frame);
    case Kind::kPeerProbe:
      return probe(frame);
    case Kind::kPeerHeal:
      return heal(frame);
    case Kind::kHoldings:
      return holdings(frame);
    case Kind::kHoldingsChange:
      return holdings_change(frame);
    case Kind::kHeldRegistrations:
      return registrations(frame);
    case Kind::kPeerHealStatus:
      return answer(session_, frame, context_.keeper->on_heal_status());
    case Kind::kClusterMembers:
      return answer(session_, frame, context_.keeper->show());
    case Kind::kListPartitions:
      return answer(session_, frame, context_.keeper->partitions());
    case Kind::kClearPartitions:
      return clear_partitions(frame);
    case Kind::kForgetPeer:
      return forget(frame);
    case Kind::kKvList:
      return kv_page(frame);
    case Kind::kListOverrides:
      return override_page(frame);
    case Kind::kClusterView:
      return answer(session_, frame, context_.view());
    default:
      session_.reply_error(frame.header.correlation_id,
                           {base::ErrorCode::kUnsupported,
                            "the cluster port does not answer " +
                                codec::frame_kind_name(frame.header.kind),
                            "ask the service port"});
  }
}

void ClusterSession::on_closed(transport::CloseReason reason) {
  if (!peer_) return;
  const bool by_peer =
      cause_of(reason) == registry::BindingClosed::Cause::kPeer;
  context_.links->remove_session(*peer_, session_, by_peer);
}

void ClusterSession::authenticate(const codec::FrameView& frame) {
  model::PeerAuth message;
  if (!decode(session_, frame, message)) return;
  if (!auth_) {
    // None is asked for here; who has a secret must not think that it counts.
    session_.refuse(
        frame.header.correlation_id,
        {base::ErrorCode::kDenied, "this nameserver has no cluster.secret",
         "set it on both ends"});
    return;
  }
  const auto answered = auth_->answer(message);
  if (!answered) {
    if (const auto held_back =
            pace_for(session_.peer().host).let(context_.executor->now())) {
      context_.logger.warn("a caller on the cluster port is not believed",
                           {{"peer", session_.peer().to_string()},
                            {"name", message.name.value()},
                            {"again", std::to_string(*held_back)}});
    }
    session_.refuse(frame.header.correlation_id, answered.error());
    return;
  }
  answer(session_, frame, *answered);
}

base::LogPace& ClusterSession::pace_for(const std::string& host) {
  constexpr std::size_t kHostsMax = 64;
  const auto found = context_.disbelief.find(host);
  if (found != context_.disbelief.end()) return found->second;
  if (context_.disbelief.size() >= kHostsMax) {
    return context_.disbelief_of_others;
  }
  return context_.disbelief.try_emplace(host, std::chrono::minutes(1))
      .first->second;
}

void ClusterSession::heartbeat(const codec::FrameView& frame) {
  model::PeerHeartbeat message;
  if (!decode(session_, frame, message)) return;
  const model::PeerName& name = message.sender.name;
  if (peer_ && *peer_ != name) {
    session_.refuse(frame.header.correlation_id,
                    {base::ErrorCode::kInvalidArgument,
                     "this connection is " + peer_->value() + "'s, not " +
                         name.value() + "'s",
                     ""});
    return;
  }
  if (!peer_) {
    if (!context_.links->add_session(name, session_)) return session_.close();
    peer_ = name;
  }
  answer(session_, frame, context_.keeper->on_heartbeat(message));
}

void ClusterSession::probe(const codec::FrameView& frame) {
  model::PeerProbe message;
  if (!decode(session_, frame, message)) return;
  session_.expect(false);
  context_.keeper->on_probe(
      message, [&context = context_, id = session_.id(),
                correlation_id = frame.header.correlation_id](bool reaches) {
        rpc::ServerSession* session = context.find_session(id);
        if (session == nullptr) return;
        session->reply(codec::FrameKind::kPeerProbe, codec::kFlagReply,
                       correlation_id,
                       codec::encode(model::PeerProbeReply{reaches}));
        session->settle();
      });
}

void ClusterSession::heal(const codec::FrameView& frame) {
  model::HealMessage message;
  if (!decode(session_, frame, message)) return;
  session_.reply(frame.header.kind, codec::kFlagReply,
                 frame.header.correlation_id, {});
  // Whoever heals has beaten first.
  if (peer_) context_.keeper->on_heal(*peer_, message);
}

void ClusterSession::holdings(const codec::FrameView& frame) {
  model::HoldingsQuery message;
  if (!decode(session_, frame, message)) return;
  for (const auto& page : context_.keeper->on_holdings_query(message)) {
    const auto flags = static_cast<std::uint16_t>(
        page.last ? codec::kFlagReply : codec::kFlagReply | codec::kFlagMore);
    session_.reply(frame.header.kind, flags, frame.header.correlation_id,
                   codec::encode(page));
  }
}

void ClusterSession::holdings_change(const codec::FrameView& frame) {
  model::HoldingsChange message;
  if (!decode(session_, frame, message)) return;
  session_.reply(frame.header.kind, codec::kFlagReply,
                 frame.header.correlation_id, {});
  if (peer_) context_.keeper->on_holdings_change(*peer_, message);
}

namespace {

// Sends one registration in each turn, so that the table's thread has time for
// others between large ones.
struct RegistrationRun {
  ClusterContext& context;
  std::uint64_t session_id;
  codec::FrameHeader request;
  std::vector<model::BrokerKey> brokers;
  std::size_t next = 0;

  static void go_on(const std::shared_ptr<RegistrationRun>& run) {
    rpc::ServerSession* session = run->context.find_session(run->session_id);
    if (session == nullptr) return;
    if (run->next == run->brokers.size()) {
      session->reply(run->request.kind, codec::kFlagReply,
                     run->request.correlation_id, {});
      session->settle();
      return;
    }
    if (auto held = run->context.registration(run->brokers[run->next++])) {
      session->reply(run->request.kind, codec::kFlagReply | codec::kFlagMore,
                     run->request.correlation_id, codec::encode(*held));
    }
    run->context.executor->post([run] { go_on(run); });
  }
};

}  // namespace

void ClusterSession::registrations(const codec::FrameView& frame) {
  model::ContentQuery message;
  if (!decode(session_, frame, message)) return;
  session_.expect(false);
  RegistrationRun::go_on(std::make_shared<RegistrationRun>(RegistrationRun{
      context_, session_.id(), frame.header, std::move(message.brokers)}));
}

// Answered when they are gone from the disk, too.
void ClusterSession::clear_partitions(const codec::FrameView& frame) {
  session_.expect(false);
  const auto cleared = std::make_shared<std::size_t>(0);
  const auto go_on = [&context = context_, id = session_.id(), cleared,
                      header = frame.header](const base::Status& kept) {
    rpc::ServerSession* session = context.find_session(id);
    if (session == nullptr) return;
    if (kept) {
      session->reply(header.kind, codec::kFlagReply, header.correlation_id,
                     codec::encode(model::ChangeReply{*cleared > 0}));
    } else {
      session->reply_error(header.correlation_id, kept.error());
    }
    session->settle();
  };
  // The answer says what went, so it cannot be given from inside.
  *cleared = context_.keeper->clear_partitions(
      [executor = context_.executor, go_on](const base::Status& kept) {
        executor->post([go_on, kept] { go_on(kept); });
      });
}

void ClusterSession::kv_page(const codec::FrameView& frame) {
  model::KvListRequest request;
  if (!decode(session_, frame, request)) return;
  const auto page =
      page_of(context_.configuration()->kv, request, page_limit(request.limit));
  if (!page) {
    session_.reply_error(frame.header.correlation_id, page.error());
    return;
  }
  answer(session_, frame, *page);
}

void ClusterSession::override_page(const codec::FrameView& frame) {
  model::PageRequest request;
  if (!decode(session_, frame, request)) return;
  answer(session_, frame,
         page_of(context_.configuration()->overrides, request,
                 page_limit(request.limit)));
}

void ClusterSession::forget(const codec::FrameView& frame) {
  model::ForgetPeerRequest request;
  if (!decode(session_, frame, request)) return;
  const auto changed = context_.keeper->forget(request.name, request.forgotten);
  if (!changed) {
    session_.reply_error(frame.header.correlation_id, changed.error());
    return;
  }
  answer(session_, frame, model::ChangeReply{*changed});
}

}  // namespace waypost::handlers
