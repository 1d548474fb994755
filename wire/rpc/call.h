#ifndef WAYPOST_WIRE_RPC_CALL_H_
#define WAYPOST_WIRE_RPC_CALL_H_

// Typed calls over a Channel: values in, values out. The callback of each runs
// exactly once, never inside the call, unless the call is cancelled or the
// channel destroyed. It gets what Channel::call tells, or kMalformed when the
// answer does not decode (the channel stays open then: its frames are sound).

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "wire/codec/native.h"
#include "wire/rpc/channel.h"

namespace waypost::rpc {

template <typename Reply>
using ReplyCallback = std::function<void(base::Result<Reply>)>;

// Sends `payload`, already encoded (empty for kPing and kClusterView), and
// decodes the last frame of the answer.
template <typename Reply>
CallId call_encoded(Channel& channel, codec::FrameKind kind,
                    std::string&& payload, base::Duration deadline,
                    ReplyCallback<Reply> on_reply) {
  return channel.call(
      kind, std::move(payload), deadline,
      [on_reply = std::move(on_reply)](base::Result<AnswerPart> part) {
        if (!part) return on_reply(tl::unexpected(std::move(part.error())));
        if (part->last) on_reply(codec::decode<Reply>(part->payload));
      });
}

// call<model::HeartbeatReply>(channel, FrameKind::kHeartbeat, request, ...).
template <typename Reply, typename Request>
CallId call(Channel& channel, codec::FrameKind kind, const Request& request,
            base::Duration deadline, ReplyCallback<Reply> on_reply) {
  return call_encoded<Reply>(channel, kind, codec::encode(request), deadline,
                             std::move(on_reply));
}

// Asks whether the server answers at all; its error answers count as answers
// of the error kind.
CallId ping(Channel& channel, base::Duration deadline,
            std::function<void(base::Status)> on_answer);

CallId cluster_view(Channel& channel, base::Duration deadline,
                    ReplyCallback<model::ClusterView> on_view);

// The whole answer to a route query.
struct RouteAnswer {
  std::vector<model::VersionedRoute> routes;  // those that changed
  model::RouteQueryEnd end;
};

// Collects the frames of the answer. More routes than were asked for, or one
// that does not decode, end the call with kMalformed.
CallId query_routes(Channel& channel, const model::RouteQueryRequest& query,
                    base::Duration deadline,
                    ReplyCallback<RouteAnswer> on_routes);

}  // namespace waypost::rpc

#endif  // WAYPOST_WIRE_RPC_CALL_H_
