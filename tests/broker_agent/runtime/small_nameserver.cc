#include "tests/broker_agent/runtime/small_nameserver.h"

#include <utility>

#include "base/assert.h"
#include "wire/codec/native.h"

namespace waypost::agent::testing {
namespace {

constexpr base::Duration kScanInterval = std::chrono::milliseconds(500);

registry::RegistrySettings settings() {
  registry::RegistrySettings made;
  made.expiry_brake = false;
  return made;
}

}  // namespace

class SmallNameserver::Session final : public rpc::SessionHandler {
 public:
  Session(SmallNameserver& owner, rpc::ServerSession& session)
      : owner_(owner), session_(session), binding_(++owner.last_binding_) {}

  void on_request(const codec::FrameView& frame) override {
    ++owner_.requests_[frame.header.kind];
    switch (frame.header.kind) {
      case codec::FrameKind::kHello:
        return on_hello(frame);
      case codec::FrameKind::kRegister:
        return on_register(frame);
      case codec::FrameKind::kHeartbeat:
        return answer<registry::Heartbeat, model::HeartbeatRequest,
                      model::HeartbeatReply>(frame);
      case codec::FrameKind::kVerdict:
        return answer<registry::Verdict, model::VerdictRequest,
                      model::VerdictReply>(frame);
      case codec::FrameKind::kObserve:
        return answer<registry::Observe, model::ObserveRequest,
                      model::ObserveReply>(frame);
      case codec::FrameKind::kUnregister:
        return answer<registry::Unregister, model::UnregisterRequest,
                      model::UnregisterReply>(frame);
      case codec::FrameKind::kHandover:
        return answer<registry::Handover, model::HandoverRequest,
                      model::HandoverReply>(frame);
      default:
        session_.reply_error(frame.header.correlation_id,
                             {base::ErrorCode::kUnsupported, "no", {}});
    }
  }

  void on_closed(transport::CloseReason reason) override {
    using Cause = registry::BindingClosed::Cause;
    owner_.step(registry::BindingClosed{
        binding_, reason == transport::CloseReason::kPeerClosed ||
                          reason == transport::CloseReason::kPeerReset
                      ? Cause::kPeer
                      : Cause::kOurs});
  }

 private:
  void on_hello(const codec::FrameView& frame) {
    const auto request = codec::decode<model::HelloRequest>(frame.payload);
    WAYPOST_ASSERT(request.has_value());
    model::HelloReply reply;
    reply.server_name = "small";
    reply.incarnation = owner_.incarnation_;
    if (request->broker) {
      reply.largest_epoch = owner_.registry_.largest_epoch(*request->broker);
    }
    send(frame, reply);
  }

  void on_register(const codec::FrameView& frame) {
    auto request = codec::decode<model::RegisterRequest>(frame.payload);
    WAYPOST_ASSERT(request.has_value());
    registry::Register event;
    event.topics = request->mode == model::RegisterMode::kFull
                       ? registry::TopicsPolicy::kReplace
                       : registry::TopicsPolicy::kMerge;
    event.request = std::move(*request);
    event.binding = binding_;
    const auto effects = owner_.step(event);
    if (const auto* error = std::get_if<base::Error>(&effects.reply)) {
      return session_.reply_error(frame.header.correlation_id, *error);
    }
    auto reply = std::get<model::RegisterReply>(effects.reply);
    reply.incarnation = owner_.incarnation_;
    send(frame, reply);
  }

  template <typename Event, typename Request, typename Reply>
  void answer(const codec::FrameView& frame) {
    auto request = codec::decode<Request>(frame.payload);
    WAYPOST_ASSERT(request.has_value());
    Event event;
    event.request = std::move(*request);
    event.binding = binding_;
    auto reply = std::get<Reply>(owner_.step(event).reply);
    if constexpr (requires { reply.incarnation; }) {
      reply.incarnation = owner_.incarnation_;
    }
    send(frame, reply);
  }

  template <typename Reply>
  void send(const codec::FrameView& frame, const Reply& reply) {
    session_.reply(frame.header.kind, codec::kFlagReply,
                   frame.header.correlation_id, codec::encode(reply));
  }

  SmallNameserver& owner_;
  rpc::ServerSession& session_;
  const model::BindingId binding_;
};

SmallNameserver::SmallNameserver(base::Executor& executor,
                                 transport::Network& network,
                                 const base::Endpoint& listen,
                                 std::uint64_t incarnation)
    : executor_(executor), incarnation_(incarnation), registry_(settings()) {
  acceptor_ = std::make_unique<rpc::Acceptor>(
      executor, network, rpc::AcceptorOptions{},
      [this](rpc::ServerSession& session) {
        return std::make_unique<Session>(*this, session);
      },
      base::Logger());
  const auto listening = acceptor_->listen(listen);
  WAYPOST_ASSERT(listening.has_value());
  scan();
}

SmallNameserver::~SmallNameserver() = default;

registry::Effects SmallNameserver::step(const registry::Event& event) {
  auto effects = registry_.step(event, executor_.now());
  for (const auto& change : effects.changes) {
    changes_.push_back(std::string(registry::broker_change_name(change.what)) +
                       " " + change.broker.to_string());
  }
  return effects;
}

void SmallNameserver::register_stock_broker(const std::string& name,
                                            const base::Endpoint& address,
                                            const std::string& topic) {
  registry::Register event;
  event.request.cluster = model::ClusterName("c");
  event.request.broker = {model::BrokerName(name), model::kMasterId};
  event.request.topics = {{model::TopicName(topic), {4, 4, {}, 0}}};
  event.binding = model::BindingId(1'000'000);
  event.origin = registry::Origin::kRemoting;
  event.topics = registry::TopicsPolicy::kMerge;
  event.apply_if = registry::ApplyIf::kDifferent;
  event.remoting.address = address.to_string();
  const auto effects = step(event);
  WAYPOST_ASSERT(!std::holds_alternative<base::Error>(effects.reply));
}

void SmallNameserver::scan() {
  step(registry::Scan{});
  scan_timer_ = executor_.run_after(kScanInterval, [this] { scan(); });
}

std::optional<model::BrokerListing> SmallNameserver::broker(
    const std::string& name, std::int64_t id) const {
  const auto page = registry_.list_brokers({}, executor_.now());
  for (const auto& each : page.brokers) {
    if (each.broker.broker_name.value() == name &&
        each.broker.broker_id.value() == id) {
      return each;
    }
  }
  return std::nullopt;
}

SmallNameserver::InRoute SmallNameserver::in_route(
    const std::string& topic, const std::string& broker) const {
  const auto& table = registry_.table();
  const auto* entry = table.find_topic(topic, model::hash_bytes(topic));
  if (entry == nullptr) return {};
  for (const auto& group : table.route(*entry).groups) {
    if (group.broker_name.value() != broker) continue;
    if (group.replicas.empty()) continue;
    return {true, group.queues.permission.writable(),
            group.replicas.front().address};
  }
  return {};
}

std::size_t SmallNameserver::requests(codec::FrameKind kind) const {
  const auto found = requests_.find(kind);
  return found == requests_.end() ? 0 : found->second;
}

}  // namespace waypost::agent::testing
