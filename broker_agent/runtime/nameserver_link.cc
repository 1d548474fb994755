#include "broker_agent/runtime/nameserver_link.h"

#include <utility>

#include "wire/codec/native.h"

namespace waypost::agent {
namespace {

rpc::ChannelOptions channel_options(NameserverLink::Options& options) {
  rpc::ChannelOptions made;
  made.connect_timeout = options.connect_timeout;
  made.hello = std::move(options.hello);
  return made;
}

}  // namespace

NameserverLink::NameserverLink(base::Executor& executor,
                               transport::Network& network, Link link,
                               Options options, Owner* owner,
                               base::Logger logger)
    : link_(link),
      owner_(owner),
      logger_(logger),
      channel_(executor, network, options.endpoint, channel_options(options),
               this, logger) {
  channel_.connect();
}

template <typename Done, typename Call>
void NameserverLink::send_call(codec::FrameKind kind, const Call& call) {
  using Reply = typename decltype(Done::reply)::value_type;
  channel_.call(
      kind, codec::encode(call.request), call.deadline,
      [this](base::Result<rpc::AnswerPart> part) {
        if (owner_ == nullptr) return;
        base::Result<Reply> reply =
            part ? codec::decode<Reply>(part->payload)
                 : base::Result<Reply>(tl::unexpected(std::move(part.error())));
        owner_->on_link_event(Done{link_, std::move(reply)});
      });
}

void NameserverLink::send(const SendRegister& call) {
  send_call<RegisterDone>(codec::FrameKind::kRegister, call);
}
void NameserverLink::send(const SendHeartbeat& call) {
  send_call<HeartbeatDone>(codec::FrameKind::kHeartbeat, call);
}
void NameserverLink::send(const SendVerdict& call) {
  send_call<VerdictDone>(codec::FrameKind::kVerdict, call);
}
void NameserverLink::send(const SendObserve& call) {
  send_call<ObserveDone>(codec::FrameKind::kObserve, call);
}
void NameserverLink::send(const SendUnregister& call) {
  send_call<UnregisterDone>(codec::FrameKind::kUnregister, call);
}
void NameserverLink::send(const SendHandover& call) {
  send_call<HandoverDone>(codec::FrameKind::kHandover, call);
}

void NameserverLink::on_connected(const model::HelloReply& reply) {
  if (owner_ != nullptr) owner_->on_link_event(Connected{link_, reply});
}

void NameserverLink::on_disconnected(const base::Error& error) {
  if (owner_ != nullptr) owner_->on_link_event(Disconnected{link_, error});
}

void NameserverLink::on_push(codec::FrameKind kind,
                             std::span<const std::byte> payload) {
  // A nameserver newer than us may push what we do not know.
  if (owner_ == nullptr || kind != codec::FrameKind::kDrainNotice) return;
  const auto notice = codec::decode<model::DrainNotice>(payload);
  if (notice) owner_->on_drain_notice(link_.nameserver, *notice);
}

}  // namespace waypost::agent
