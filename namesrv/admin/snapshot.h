#ifndef WAYPOST_NAMESRV_ADMIN_SNAPSHOT_H_
#define WAYPOST_NAMESRV_ADMIN_SNAPSHOT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "wire/model/cluster.h"
#include "wire/model/operations.h"

namespace waypost::admin_http {

// What a nameserver is and knows at one moment, as plain values.
struct Snapshot {
  model::ClusterView view;
  std::optional<model::ClusterMembers> peers;  // none: it knows no others
  std::vector<model::PartitionEntry> partitions;
  std::uint64_t direct_brokers = 0;  // heard here; the others by peers alone
  std::uint64_t client_connections = 0;
  // Operations that a netsplit gate refuses now, by their names; and why route
  // queries are refused, empty when they are not.
  std::vector<std::string> closed_gates;
  std::vector<std::string> open_gates;
  std::string queries_refused;
};

}  // namespace waypost::admin_http

#endif  // WAYPOST_NAMESRV_ADMIN_SNAPSHOT_H_
