#ifndef WAYPOST_NAMESRV_HANDLERS_REMOTING_CONFIGURATION_REQUESTS_H_
#define WAYPOST_NAMESRV_HANDLERS_REMOTING_CONFIGURATION_REQUESTS_H_

#include "namesrv/handlers/remoting/response.h"

namespace waypost::handlers {

// Key-value configuration: 100, 101, 102, 219. A change is answered when it is
// on the disk.
void put_kv(const Request& request);
void get_kv(const Request& request);
void delete_kv(const Request& request);
void list_kv(const Request& request);

// 318: a properties text. Live keys are set, others ignored with success, as in
// Java; the remark tells which. One black-listed key refuses all.
void update_configuration(const Request& request);
// 319: lines of key=value.
void get_configuration(const Request& request);

}  // namespace waypost::handlers

#endif  // WAYPOST_NAMESRV_HANDLERS_REMOTING_CONFIGURATION_REQUESTS_H_
