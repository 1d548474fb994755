#include "wire/rpc/call.h"

#include <memory>
#include <optional>

namespace waypost::rpc {
namespace {

// Gathers a route query's answer, which comes in several frames.
class RouteCollector {
 public:
  explicit RouteCollector(std::size_t routes_max) : routes_max_(routes_max) {}

  // The whole answer or an error, once nothing more is to come.
  std::optional<base::Result<RouteAnswer>> add(base::Result<AnswerPart> part) {
    if (!part) return tl::unexpected(std::move(part.error()));
    return part->last ? add_end(*part) : add_route(*part);
  }

 private:
  using Outcome = std::optional<base::Result<RouteAnswer>>;

  Outcome add_route(const AnswerPart& part) {
    if (part.kind != codec::FrameKind::kRoute ||
        answer_.routes.size() == routes_max_) {
      return base::fail(base::ErrorCode::kMalformed,
                        "a route query's answer has " +
                            codec::frame_kind_name(part.kind) +
                            " frames that were not asked for");
    }
    auto route = codec::decode<model::VersionedRoute>(part.payload);
    if (!route) return tl::unexpected(std::move(route.error()));
    answer_.routes.push_back(std::move(*route));
    return std::nullopt;
  }

  Outcome add_end(const AnswerPart& part) {
    if (part.kind != codec::FrameKind::kQueryRoutes) {
      return base::fail(base::ErrorCode::kMalformed,
                        "a route query's answer has no end");
    }
    auto end = codec::decode<model::RouteQueryEnd>(part.payload);
    if (!end) return tl::unexpected(std::move(end.error()));
    answer_.end = std::move(*end);
    return std::move(answer_);
  }

  const std::size_t routes_max_;
  RouteAnswer answer_;
};

}  // namespace

CallId ping(Channel& channel, base::Duration deadline,
            std::function<void(base::Status)> on_answer) {
  return channel.call(
      codec::FrameKind::kPing, {}, deadline,
      [on_answer = std::move(on_answer)](base::Result<AnswerPart> part) {
        if (!part) return on_answer(tl::unexpected(std::move(part.error())));
        if (part->last) on_answer({});
      });
}

CallId cluster_view(Channel& channel, base::Duration deadline,
                    ReplyCallback<model::ClusterView> on_view) {
  return call_encoded<model::ClusterView>(channel,
                                          codec::FrameKind::kClusterView, {},
                                          deadline, std::move(on_view));
}

CallId query_routes(Channel& channel, const model::RouteQueryRequest& query,
                    base::Duration deadline,
                    ReplyCallback<RouteAnswer> on_routes) {
  struct State {
    RouteCollector collector;
    ReplyCallback<RouteAnswer> on_routes;
    CallId id = 0;
  };
  const auto state = std::make_shared<State>(
      State{RouteCollector(query.topics.size()), std::move(on_routes), 0});
  state->id =
      channel.call(codec::FrameKind::kQueryRoutes, codec::encode(query),
                   deadline, [state, &channel](base::Result<AnswerPart> part) {
                     const bool more = part && !part->last;
                     auto outcome = state->collector.add(std::move(part));
                     if (!outcome) return;
                     // Given up early: what follows is dropped.
                     if (more) channel.cancel(state->id);
                     state->on_routes(std::move(*outcome));
                   });
  return state->id;
}

}  // namespace waypost::rpc
