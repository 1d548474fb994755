#ifndef WAYPOST_NAMESRV_HANDLERS_REMOTING_ROUTE_BODY_H_
#define WAYPOST_NAMESRV_HANDLERS_REMOTING_ROUTE_BODY_H_

#include <string>
#include <string_view>

#include "namesrv/service/published_table.h"

namespace waypost::handlers {

struct RouteBodyOptions {
  bool standard_json = false;
  // Only brokers of this zone; empty: of all. As ZoneRouteRPCHook of RocketMQ
  // 5: the case of letters does not count, and a group that has no master stays
  // whatever its zone, since one consumes from a slave then.
  std::string_view zone;
};

// The body of the answer to GET_ROUTEINFO_BY_TOPIC. `topic` is of `view`.
std::string encode_route_body(const service::PublishedView& view,
                              const registry::TopicEntry& topic,
                              const RouteBodyOptions& options);

}  // namespace waypost::handlers

#endif  // WAYPOST_NAMESRV_HANDLERS_REMOTING_ROUTE_BODY_H_
