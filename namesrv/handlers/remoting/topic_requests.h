#ifndef WAYPOST_NAMESRV_HANDLERS_REMOTING_TOPIC_REQUESTS_H_
#define WAYPOST_NAMESRV_HANDLERS_REMOTING_TOPIC_REQUESTS_H_

#include "namesrv/handlers/remoting/response.h"

namespace waypost::handlers {

// 216: of all clusters, or of the one named. Success whether or not there was
// such a topic.
void delete_topic(const Request& request);
// 217 (5.x): adds or changes a topic on the brokers that the body names.
void register_topic(const Request& request);

}  // namespace waypost::handlers

#endif  // WAYPOST_NAMESRV_HANDLERS_REMOTING_TOPIC_REQUESTS_H_
