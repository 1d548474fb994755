#ifndef WAYPOST_NAMESRV_HANDLERS_REMOTING_BROKER_REQUESTS_H_
#define WAYPOST_NAMESRV_HANDLERS_REMOTING_BROKER_REQUESTS_H_

#include "namesrv/handlers/remoting/response.h"

namespace waypost::handlers {

// What brokers ask beside registering.

// 104: answered with success whether or not there was such a broker.
void unregister_broker(const Request& request);
// 322: an equal version is a sign of life.
void query_data_version(const Request& request);
// 904 (5.x): success also for an address that nobody registered.
void broker_heartbeat(const Request& request);
// 901 (5.x).
void get_broker_member_group(const Request& request);

// 205 and 327, by operators: the counts of topics are of the broker's group.
void wipe_write_permission(const Request& request);
void add_write_permission(const Request& request);

}  // namespace waypost::handlers

#endif  // WAYPOST_NAMESRV_HANDLERS_REMOTING_BROKER_REQUESTS_H_
