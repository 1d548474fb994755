#include "tests/client_sdk/runtime/fake_nameserver.h"

#include <utility>

#include "base/assert.h"
#include "wire/codec/native.h"

namespace waypost::client {

model::VersionedRoute route_of(const std::string& topic,
                               const std::vector<std::string>& brokers) {
  model::VersionedRoute versioned;
  versioned.route.topic = model::TopicName(topic);
  for (std::string name : brokers) {
    const bool suspect = name.back() == '?';
    if (suspect) name.pop_back();
    model::RouteGroup group;
    group.cluster = model::ClusterName("cluster");
    group.broker_name = model::BrokerName(name);
    group.queues = {4, 4, {}, 0};
    model::Replica master;
    master.id = model::kMasterId;
    master.address = {"10.1.0." + std::to_string(name.back() - 'a' + 1), 10911};
    master.health =
        suspect ? model::BrokerHealth::kSuspect : model::BrokerHealth::kHealthy;
    group.replicas.push_back(master);
    versioned.route.groups.push_back(group);
  }
  versioned.digest = model::digest_route(versioned.route);
  return versioned;
}

class FakeNameserver::Session final : public rpc::SessionHandler {
 public:
  Session(FakeNameserver& server, rpc::ServerSession& session)
      : server_(server), session_(session) {}

  void on_request(const codec::FrameView& frame) override {
    server_.answer(session_, frame);
  }
  void on_closed(transport::CloseReason) override {}

 private:
  FakeNameserver& server_;
  rpc::ServerSession& session_;
};

FakeNameserver::FakeNameserver(base::Executor& executor,
                               transport::Network& network, std::string name,
                               const base::Endpoint& listen)
    : executor_(executor),
      name_(std::move(name)),
      acceptor_(executor, network, {},
                [this](rpc::ServerSession& session) {
                  return std::make_unique<Session>(*this, session);
                },
                {}) {
  const auto listening = acceptor_.listen(listen);
  WAYPOST_ASSERT(listening.has_value());
}

void FakeNameserver::drain(const std::string& reason) {
  const std::string notice = codec::encode(model::DrainNotice{reason});
  acceptor_.for_each([&](rpc::ServerSession& session) {
    session.push(codec::FrameKind::kDrainNotice, notice);
  });
}

void FakeNameserver::answer(rpc::ServerSession& session,
                            const codec::FrameView& frame) {
  const std::uint64_t id = frame.header.correlation_id;
  if (behaviour == Behaviour::kNoHello) return;
  if (frame.header.kind == codec::FrameKind::kHello) {
    hellos.push_back(*codec::decode<model::HelloRequest>(frame.payload));
    model::HelloReply reply;
    reply.server_name = name_;
    reply.incarnation = model::Incarnation(1);
    reply.state = state;
    session.reply(codec::FrameKind::kHello, codec::kFlagReply, id,
                  codec::encode(reply));
    return;
  }
  if (frame.header.kind == codec::FrameKind::kPing) {
    ++pings;
    if (behaviour == Behaviour::kSilent) return;
    if (refuses_pings) {
      return session.reply_error(
          id, {base::ErrorCode::kUnsupported, "no such request", ""});
    }
    return session.reply(codec::FrameKind::kPing, codec::kFlagReply, id, {});
  }
  const bool to_watch = frame.header.kind == codec::FrameKind::kWatchRoutes;
  if (to_watch && !pushes) {
    return session.reply_error(id, {watch_refusal, "nothing is pushed", ""});
  }
  WAYPOST_ASSERT(to_watch ||
                 frame.header.kind == codec::FrameKind::kQueryRoutes);
  const auto query = codec::decode<model::RouteQueryRequest>(frame.payload);
  WAYPOST_ASSERT(query.has_value());
  if (to_watch) return watch(session, id, *query);
  queries.push_back(*query);
  if (answer_delay == base::Duration::zero()) {
    return answer_query(session, id, *query);
  }
  answer_later(session, id, *query);
}

void FakeNameserver::answer_later(rpc::ServerSession& session, std::uint64_t id,
                                  const model::RouteQueryRequest& query) {
  const std::uint64_t session_id = session.id();
  delayed_.push_back(
      executor_.run_after(answer_delay, [this, session_id, id, query] {
        rpc::ServerSession* still = acceptor_.find(session_id);
        if (still != nullptr) answer_query(*still, id, query);
      }));
}

void FakeNameserver::watch(rpc::ServerSession& session, std::uint64_t id,
                           const model::RouteQueryRequest& query) {
  watches.push_back(query);
  answer_query(session, id, query, codec::FrameKind::kWatchRoutes);
  for (const auto& item : query.topics) {
    watchers_[item.topic.value()].insert(session.id());
  }
}

void FakeNameserver::set_route(const std::string& topic,
                               const std::vector<std::string>& brokers) {
  auto route = route_of(topic, brokers);
  const bool same = routes[topic].digest == route.digest;
  routes[topic] = std::move(route);
  if (!same) tell_watchers(topic);
}

void FakeNameserver::tell_route(const model::VersionedRoute& route) {
  const std::string topic = route.route.topic.value();
  routes[topic] = route;
  tell_watchers(topic);
}

void FakeNameserver::remove_route(const std::string& topic) {
  routes.erase(topic);
  tell_watchers(topic);
}

void FakeNameserver::tell_watchers(const std::string& topic) {
  if (behaviour != Behaviour::kServes) return;
  const auto found = routes.find(topic);
  for (const std::uint64_t id : watchers_[topic]) {
    rpc::ServerSession* session = acceptor_.find(id);
    if (session == nullptr) continue;
    ++routes_sent;
    if (found != routes.end()) {
      session->push(codec::FrameKind::kRoute, codec::encode(found->second));
      continue;
    }
    model::RouteQueryEnd end;
    end.errors.push_back({model::TopicName(topic),
                          {base::ErrorCode::kNotFound, "no such topic", ""}});
    session->push(codec::FrameKind::kWatchRoutes, codec::encode(end));
  }
}

void FakeNameserver::answer_query(rpc::ServerSession& session, std::uint64_t id,
                                  const model::RouteQueryRequest& query,
                                  codec::FrameKind kind) {
  if (behaviour == Behaviour::kSilent) return;
  if (before_answer && kind == codec::FrameKind::kQueryRoutes) before_answer();
  if (behaviour == Behaviour::kNotReadyError) {
    return session.reply_error(
        id, {base::ErrorCode::kNotReady, name_ + " is starting", ""});
  }
  if (behaviour == Behaviour::kGarbage) {
    return session.reply(kind, codec::kFlagReply, id, std::string(64, '\x5a'));
  }
  if (behaviour == Behaviour::kNoise) {
    return session.write_frames(std::string(640, '\x5a'));
  }
  model::RouteQueryEnd end;
  if (behaviour == Behaviour::kStarting) {
    end.state = model::ServerState::kStarting;
  } else {
    for (const auto& item : query.topics) {
      const auto found = routes.find(item.topic.value());
      if (found == routes.end() || behaviour == Behaviour::kDenies) {
        end.errors.push_back(
            {item.topic, {base::ErrorCode::kNotFound, "no such topic", ""}});
      } else if (found->second.digest == item.known) {
        ++end.unchanged;
      } else {
        ++routes_sent;
        session.reply(codec::FrameKind::kRoute,
                      codec::kFlagReply | codec::kFlagMore, id,
                      codec::encode(found->second));
      }
    }
  }
  if (behaviour == Behaviour::kNoEnd) return;
  if (behaviour == Behaviour::kWrongCount) ++end.unchanged;
  session.reply(kind, codec::kFlagReply, id, codec::encode(end));
}

}  // namespace waypost::client
