#ifndef WAYPOST_NAMESRV_HANDLERS_REMOTING_LIST_REQUESTS_H_
#define WAYPOST_NAMESRV_HANDLERS_REMOTING_LIST_REQUESTS_H_

#include "namesrv/handlers/remoting/response.h"
#include "namesrv/registry/remoting_lists.h"

namespace waypost::handlers {

// The lists that mqadmin, dashboards and brokers of 5.x ask for. Those over all
// topics are made on a decode thread where there are many.

void get_cluster_info(const Request& request);        // 106
void list_all_topics(const Request& request);         // 206
void list_topics_of_cluster(const Request& request);  // 224
void list_system_topics(const Request& request);      // 304
void list_unit_topics(const Request& request, registry::UnitTopics which);

}  // namespace waypost::handlers

#endif  // WAYPOST_NAMESRV_HANDLERS_REMOTING_LIST_REQUESTS_H_
