#include "wire/rpc/call.h"

#include <doctest/doctest.h>

#include "tests/wire/rpc/rpc_world.h"

namespace waypost::rpc {
namespace {

model::VersionedRoute route_of(const std::string& topic) {
  model::VersionedRoute route;
  route.route.topic = model::TopicName(topic);
  route.digest = model::digest_route(route.route);
  return route;
}

model::RouteQueryRequest query_of(std::initializer_list<const char*> topics) {
  model::RouteQueryRequest query;
  for (const char* topic : topics) {
    query.topics.push_back({model::TopicName(topic), {}});
  }
  return query;
}

void send_route(ServerSession& session, std::uint64_t id,
                const std::string& topic) {
  session.reply(FrameKind::kRoute, codec::kFlagMore, id,
                codec::encode(route_of(topic)));
}

// Runs one route query against the world's server.
base::Result<RouteAnswer> query(RpcWorld& world,
                                const model::RouteQueryRequest& request) {
  world.serve();
  REQUIRE(world.connect());
  std::optional<base::Result<RouteAnswer>> answer;
  query_routes(*world.channel, request, 1s,
               [&](base::Result<RouteAnswer> result) {
                 CHECK_FALSE(answer);
                 answer = std::move(result);
               });
  CHECK_FALSE(answer);
  world.world.run_for(2s);
  REQUIRE(answer);
  CHECK(world.channel->pending_calls() == 0);
  return *answer;
}

TEST_CASE("a typed call takes a request and gives a reply") {
  RpcWorld world;
  world.log.answer = [](ServerSession& session, const Request& request) {
    const auto heartbeat =
        codec::decode<model::HeartbeatRequest>(bytes_of(request.payload));
    REQUIRE(heartbeat);
    model::HeartbeatReply reply;
    reply.known = heartbeat->epoch == model::Epoch(5);
    session.reply(request.kind, 0, request.id, codec::encode(reply));
  };
  world.serve();
  world.open_channel();
  std::optional<base::Result<model::HeartbeatReply>> reply;
  model::HeartbeatRequest request;
  request.epoch = model::Epoch(5);
  call<model::HeartbeatReply>(*world.channel, FrameKind::kHeartbeat, request,
                              1s, [&](auto result) { reply = result; });
  world.world.run_for(100ms);
  REQUIRE(reply);
  CHECK((*reply)->known);
}

TEST_CASE("a reply that does not decode is the call's error only") {
  RpcWorld world;
  world.log.answer = [](ServerSession& session, const Request& request) {
    session.reply(request.kind, 0, request.id, "nonsense");
  };
  world.serve();
  world.open_channel();
  std::optional<base::Result<model::ClusterView>> view;
  cluster_view(*world.channel, 1s, [&](auto result) { view = result; });
  world.world.run_for(100ms);
  REQUIRE(view);
  CHECK(view->error().code == base::ErrorCode::kMalformed);
  CHECK(world.channel->state() == Channel::State::kReady);
}

TEST_CASE("a ping is answered, or fails with the reason") {
  RpcWorld world;
  world.serve();
  world.open_channel();
  std::vector<base::Status> answers;
  const auto keep = [&](base::Status status) { answers.push_back(status); };
  ping(*world.channel, 1s, keep);
  world.world.run_for(100ms);
  world.server.freeze();
  ping(*world.channel, 1s, keep);
  world.world.run_for(2s);
  REQUIRE(answers.size() == 2);
  CHECK(answers[0]);
  CHECK(answers[1].error().code == base::ErrorCode::kTimedOut);
}

TEST_CASE("a route query gathers its routes and the end") {
  RpcWorld world;
  world.log.answer = [](ServerSession& session, const Request& request) {
    send_route(session, request.id, "orders");
    send_route(session, request.id, "payments");
    model::RouteQueryEnd end;
    end.unchanged = 1;
    end.incarnation = model::Incarnation(7);
    session.reply(FrameKind::kQueryRoutes, 0, request.id, codec::encode(end));
  };
  const auto answer = query(world, query_of({"orders", "payments", "old"}));
  REQUIRE(answer);
  REQUIRE(answer->routes.size() == 2);
  CHECK(answer->routes[1].route == route_of("payments").route);
  CHECK(answer->routes[1].digest == route_of("payments").digest);
  CHECK(answer->end.unchanged == 1);
  CHECK(answer->end.incarnation == model::Incarnation(7));
}

TEST_CASE("more routes than asked for end the query, not the channel") {
  RpcWorld world;
  world.log.answer = [](ServerSession& session, const Request& request) {
    for (int i = 0; i < 1000; ++i) send_route(session, request.id, "orders");
  };
  const auto answer = query(world, query_of({"orders"}));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == base::ErrorCode::kMalformed);
  CHECK(world.channel->state() == Channel::State::kReady);
}

TEST_CASE("a route that does not decode ends the query") {
  RpcWorld world;
  world.log.answer = [](ServerSession& session, const Request& request) {
    session.reply(FrameKind::kRoute, codec::kFlagMore, request.id, "nonsense");
    session.reply(FrameKind::kQueryRoutes, 0, request.id,
                  codec::encode(model::RouteQueryEnd{}));
  };
  const auto answer = query(world, query_of({"orders"}));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == base::ErrorCode::kMalformed);
}

TEST_CASE("an answer that ends with a route has no end") {
  RpcWorld world;
  world.log.answer = [](ServerSession& session, const Request& request) {
    session.reply(FrameKind::kRoute, 0, request.id,
                  codec::encode(route_of("orders")));
  };
  const auto answer = query(world, query_of({"orders"}));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().message == "a route query's answer has no end");
}

TEST_CASE("an answer cut in the middle fails at the deadline") {
  RpcWorld world;
  world.log.answer = [](ServerSession& session, const Request& request) {
    send_route(session, request.id, "orders");
  };
  const auto answer = query(world, query_of({"orders"}));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == base::ErrorCode::kTimedOut);
}

TEST_CASE("a not-ready server's error is the query's error") {
  RpcWorld world;
  world.log.answer = [](ServerSession& session, const Request& request) {
    session.reply_error(request.id,
                        {base::ErrorCode::kNotReady, "starting", ""});
  };
  const auto answer = query(world, query_of({"orders"}));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == base::ErrorCode::kNotReady);
}

}  // namespace
}  // namespace waypost::rpc
