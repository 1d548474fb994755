#ifndef WAYPOST_NAMESRV_HANDLERS_REMOTING_ROUTE_REQUESTS_H_
#define WAYPOST_NAMESRV_HANDLERS_REMOTING_ROUTE_REQUESTS_H_

#include "namesrv/handlers/remoting/response.h"
#include "wire/codec/remoting/route_query.h"

namespace waypost::handlers {

// GET_ROUTEINFO_BY_TOPIC in the shape in which clients write it. A route that
// has not changed is copied from the loop's cache, and takes no memory.
void answer_route_query(RemotingContext& context, rpc::RemotingSession& session,
                        const remoting::RouteQuery& query);

// The same in any shape.
void get_route(const Request& request);

}  // namespace waypost::handlers

#endif  // WAYPOST_NAMESRV_HANDLERS_REMOTING_ROUTE_REQUESTS_H_
