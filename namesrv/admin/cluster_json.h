#ifndef WAYPOST_NAMESRV_ADMIN_CLUSTER_JSON_H_
#define WAYPOST_NAMESRV_ADMIN_CLUSTER_JSON_H_

#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "namesrv/admin/snapshot.h"

namespace waypost::admin_http {

using SettingTexts = std::vector<std::pair<std::string, std::string>>;

// The documents of docs/admin-http.md. Members are only added.
std::string cluster_json(const Snapshot& snapshot,
                         const SettingTexts& cluster_settings);
std::string partitions_json(const Snapshot& snapshot);

// Why clients should not be sent here; empty: they should.
std::string why_not_ready(const Snapshot& snapshot);
std::string readiness_json(const Snapshot& snapshot);

// {"error": {"code": ..., "message": ..., "advice": ...}}
std::string error_json(const base::Error& error);

// Bytes that are no UTF-8 replaced, for who is strict about it.
std::string utf8(const std::string& text);

}  // namespace waypost::admin_http

#endif  // WAYPOST_NAMESRV_ADMIN_CLUSTER_JSON_H_
