#ifndef WAYPOST_NAMESRV_ADMIN_METRICS_TEXT_H_
#define WAYPOST_NAMESRV_ADMIN_METRICS_TEXT_H_

#include <string>

#include "namesrv/admin/snapshot.h"

namespace waypost::admin_http {

// The figures of docs/admin-http.md in Prometheus's text format 0.0.4.
std::string metrics_text(const Snapshot& snapshot);

}  // namespace waypost::admin_http

#endif  // WAYPOST_NAMESRV_ADMIN_METRICS_TEXT_H_
