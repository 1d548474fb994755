#include "namesrv/handlers/native/native_session.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "namesrv/handlers/close_cause.h"
#include "namesrv/handlers/native/admin_requests.h"
#include "namesrv/handlers/native/request.h"
#include "namesrv/registry/prepare.h"
#include "wire/codec/native.h"

namespace waypost::handlers {
namespace {

// Answers one query: changed routes as they are visited, the rest at the end.
class QueryAnswer : public codec::RouteQueryVisitor {
 public:
  QueryAnswer(NativeContext& context, rpc::ServerSession& session,
              const codec::FrameHeader& request, bool session_watches)
      : context_(context),
        session_(session),
        table_(context.table()),
        correlation_id_(request.correlation_id),
        kind_(request.kind),
        watches_(request.kind == codec::FrameKind::kWatchRoutes),
        session_watches_(session_watches) {}

  void visit(std::string_view topic, const model::Digest& known) override {
    if (++visited_ > context_.settings.query_topics_max) return;
    RouteCache::Entry* entry = context_.route_frames.find(table_, topic);
    if (session_watches_) note_watcher(topic, entry);
    if (entry == nullptr) {
      errors_.push_back(NativeContext::denial(topic));
      return;
    }
    if (entry->digest == known) {
      ++unchanged_;
      return;
    }
    changed_ |= !known.is_none();
    codec::patch_correlation_id(entry->bytes.data(), correlation_id_);
    session_.write_frames(entry->bytes);
  }

  void finish() {
    if (visited_ > context_.settings.query_topics_max) {
      session_.reply_error(
          correlation_id_,
          {base::ErrorCode::kTooLarge,
           "a query names " + std::to_string(visited_) + " topics, " +
               std::to_string(context_.settings.query_topics_max) +
               " are allowed",
           "ask for the rest in further queries"});
      return;
    }
    if (not_watched_ > 0) {
      session_.reply_error(
          correlation_id_,
          {base::ErrorCode::kBusy,
           std::to_string(not_watched_) +
               " topics cannot be watched: too many are already",
           "ask for them again and again, or at another nameserver"});
      return;
    }
    std::vector<model::Departure> departures;
    // Also for who asks on a new connection before it watches there.
    if (changed_) {
      departures = context_.watches.take_departures(session_.id());
    }
    if (!watches_ && errors_.empty() && departures.empty() && unchanged_ <= 1) {
      std::string& end = context_.plain_end(unchanged_);
      codec::patch_correlation_id(end.data(), correlation_id_);
      session_.write_frames(end);
      return;
    }
    model::RouteQueryEnd end;
    end.incarnation = context_.service.incarnation();
    end.state = context_.service.state();
    end.unchanged = unchanged_;
    end.errors = std::move(errors_);
    end.departures = std::move(departures);
    session_.reply(kind_, codec::kFlagReply, correlation_id_,
                   codec::encode(end));
  }

 private:
  void note_watcher(std::string_view topic, const RouteCache::Entry* entry) {
    const model::Digest told =
        entry == nullptr ? model::Digest{} : entry->digest;
    if (!watches_) {
      context_.watches.note_told(topic, told);
    } else if (!context_.watches.watch(session_.id(), topic, told)) {
      ++not_watched_;
    }
  }

  NativeContext& context_;
  rpc::ServerSession& session_;
  const registry::RouteTable& table_;
  const std::uint64_t correlation_id_;
  const codec::FrameKind kind_;
  const bool watches_;          // with this request
  const bool session_watches_;  // with this one or one before
  std::size_t visited_ = 0;
  std::size_t not_watched_ = 0;
  std::uint32_t unchanged_ = 0;
  bool changed_ = false;  // a route that was known
  std::vector<model::TopicError> errors_;
};

}  // namespace

NativeSession::NativeSession(NativeContext& context,
                             rpc::ServerSession& session)
    : context_(context), session_(session) {}

void NativeSession::on_request(const codec::FrameView& frame) {
  using Kind = codec::FrameKind;
  switch (frame.header.kind) {
    case Kind::kQueryRoutes:
    case Kind::kWatchRoutes:
      return query_routes(frame);
    case Kind::kHeartbeat:
      return heartbeat(frame);
    case Kind::kRegister:
      return register_broker(frame);
    case Kind::kVerdict:
      return verdict(frame);
    case Kind::kObserve:
      return observe(frame);
    case Kind::kUnregister:
      return unregister(frame);
    case Kind::kHandover:
      return handover(frame);
    case Kind::kHello:
      return hello(frame);
    case Kind::kPing:
      return session_.reply(Kind::kPing, codec::kFlagReply,
                            frame.header.correlation_id, {});
    case Kind::kListBrokers:
      return list_brokers(frame);
    case Kind::kListTopics:
      return list_topics(frame);
    case Kind::kClusterView:
      return cluster_view(frame);
    default:
      if (answer_admin(context_, session_, frame)) return;
      // Known framing, unknown word: a newer peer. It may go on.
      session_.reply_error(frame.header.correlation_id,
                           {base::ErrorCode::kUnsupported,
                            "this nameserver does not answer " +
                                codec::frame_kind_name(frame.header.kind),
                            "check that its version is not older than yours"});
  }
}

void NativeSession::on_closed(transport::CloseReason reason) {
  if (is_client_) --context_.client_count;
  if (is_watching_) context_.watches.forget(session_.id());
  if (binding_ == model::BindingId()) return;
  context_.service.write(registry::BindingClosed{binding_, cause_of(reason)},
                         nullptr);
}

void NativeSession::hello(const codec::FrameView& frame) {
  model::HelloRequest request;
  if (!decode_or_refuse(session_, frame, request)) return;
  if (request.role == model::PeerRole::kClient && !is_client_) {
    is_client_ = true;
    ++context_.client_count;
  }
  // Numbered in the order of hello: an agent opens a connection after it gave
  // up the one before, so what that one still brings, late, is known as older.
  if (request.role == model::PeerRole::kAgent) binding();
  model::HelloReply reply;
  reply.server_name = context_.service.settings().server_name;
  reply.server_version = context_.service.settings().server_version;
  reply.incarnation = context_.service.incarnation();
  const service::StateView view = context_.service.state_view();
  reply.state = view.state;
  reply.state_reason = view.reason;
  reply.max_payload_bytes =
      static_cast<std::uint32_t>(context_.settings.payload_max_bytes);
  if (!request.broker) {
    session_.reply(codec::FrameKind::kHello, codec::kFlagReply,
                   frame.header.correlation_id, codec::encode(reply));
    return;
  }
  const AnswerAddress to = address_of(context_, session_, frame);
  const auto looked = context_.service.look(
      [to, reply, broker = *request.broker](const registry::Registry& registry,
                                            base::Instant) {
        model::HelloReply told = reply;
        told.largest_epoch = registry.largest_epoch(broker);
        to.answer(std::move(told));
      });
  if (!looked) to.fail(looked.error());
}

void NativeSession::query_routes(const codec::FrameView& frame) {
  const std::uint64_t correlation_id = frame.header.correlation_id;
  if (!context_.service.answers_routes()) {
    session_.reply_error(correlation_id, context_.service.not_ready());
    return;
  }
  if (refused_by_gate(context_, session_, frame,
                      partition::Operation::kQuery)) {
    return;
  }
  is_watching_ |= frame.header.kind == codec::FrameKind::kWatchRoutes;
  QueryAnswer answer(context_, session_, frame.header, is_watching_);
  if (auto visited = codec::visit_route_query(frame.payload, answer);
      !visited) {
    session_.refuse(correlation_id, visited.error());
    return;
  }
  answer.finish();
}

void NativeSession::register_broker(const codec::FrameView& frame) {
  if (refused_by_gate(context_, session_, frame,
                      partition::Operation::kRegister)) {
    return;
  }
  const AnswerAddress to = address_of(context_, session_, frame);
  const auto& decode_elsewhere = context_.shell().run_on_decode_thread;
  const auto submit = [to](base::Result<registry::Register> event) {
    if (!event) {
      to.fail(std::move(event.error()));
      return;
    }
    to.context->service.write(std::move(*event), to.registry_reply());
  };
  const auto decode =
      [binding = binding()](
          codec::Bytes payload) -> base::Result<registry::Register> {
    auto request = codec::decode<model::RegisterRequest>(payload);
    if (!request) return tl::unexpected(std::move(request.error()));
    registry::Register event;
    event.request = std::move(*request);
    event.binding = binding;
    event.topics = event.request.mode == model::RegisterMode::kFull
                       ? registry::TopicsPolicy::kReplace
                       : registry::TopicsPolicy::kMerge;
    if (auto prepared = registry::prepare(event); !prepared) {
      return tl::unexpected(prepared.error());
    }
    return event;
  };
  if (!decode_elsewhere ||
      frame.payload.size() <= context_.settings.decode_inline_max_bytes) {
    submit(decode(frame.payload));
    return;
  }
  base::ByteBudget* const budget = context_.shell().decode_budget;
  const std::size_t bytes = frame.payload.size();
  if (budget != nullptr && !budget->take(bytes)) {
    to.fail({base::ErrorCode::kBusy, "too many large registrations wait here",
             "register again after a while"});
    return;
  }
  // The result comes back through the loop, so that a close that happens
  // meanwhile is seen first: then the registration is dropped.
  auto copy = std::make_shared<std::vector<std::byte>>(frame.payload.begin(),
                                                       frame.payload.end());
  decode_elsewhere([to, copy, decode, submit, budget, bytes] {
    auto event =
        std::make_shared<base::Result<registry::Register>>(decode(*copy));
    if (budget != nullptr) budget->give_back(bytes);
    to.on_session([event, submit](rpc::ServerSession&, const AnswerAddress&) {
      submit(std::move(*event));
    });
  });
}

// Every event that is a decoded request with the connection's binding.
template <typename Event>
void NativeSession::write_event(const codec::FrameView& frame) {
  Event event;
  if (!decode_or_refuse(session_, frame, event.request)) return;
  event.binding = binding_;
  context_.service.write(
      std::move(event), address_of(context_, session_, frame).registry_reply());
}

void NativeSession::heartbeat(const codec::FrameView& frame) {
  write_event<registry::Heartbeat>(frame);
}

void NativeSession::verdict(const codec::FrameView& frame) {
  write_event<registry::Verdict>(frame);
}

void NativeSession::observe(const codec::FrameView& frame) {
  write_event<registry::Observe>(frame);
}

void NativeSession::unregister(const codec::FrameView& frame) {
  if (refused_by_gate(context_, session_, frame,
                      partition::Operation::kUnregister)) {
    return;
  }
  write_event<registry::Unregister>(frame);
}

void NativeSession::handover(const codec::FrameView& frame) {
  write_event<registry::Handover>(frame);
}

void NativeSession::list_brokers(const codec::FrameView& frame) {
  model::PageRequest page;
  if (!decode_or_refuse(session_, frame, page)) return;
  page.limit = context_.page_limit(page.limit);
  const AnswerAddress to = address_of(context_, session_, frame, Order::kAlone);
  const auto looked = context_.service.look(
      [to, page](const registry::Registry& registry, base::Instant now) {
        to.answer(registry.list_brokers(page, now));
      });
  if (!looked) to.fail(looked.error());
}

void NativeSession::list_topics(const codec::FrameView& frame) {
  model::PageRequest page;
  if (!decode_or_refuse(session_, frame, page)) return;
  page.limit = context_.page_limit(page.limit);
  const AnswerAddress to = address_of(context_, session_, frame, Order::kAlone);
  const auto looked = context_.service.look(
      [to, page](const registry::Registry& registry, base::Instant) {
        to.answer(registry.list_topics(page));
      });
  if (!looked) to.fail(looked.error());
}

void NativeSession::cluster_view(const codec::FrameView& frame) {
  const AnswerAddress to = address_of(context_, session_, frame);
  const auto looked = context_.service.look(
      [to](const registry::Registry& registry, base::Instant now) {
        model::ClusterView view = to.context->service.server_view();
        registry.fill(view, now);
        to.answer(std::move(view));
      });
  if (!looked) to.fail(looked.error());
}

model::BindingId NativeSession::binding() {
  if (binding_ == model::BindingId()) {
    binding_ = context_.service.new_binding();
  }
  return binding_;
}

}  // namespace waypost::handlers
