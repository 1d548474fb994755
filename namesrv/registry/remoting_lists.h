#ifndef WAYPOST_NAMESRV_REGISTRY_REMOTING_LISTS_H_
#define WAYPOST_NAMESRV_REGISTRY_REMOTING_LISTS_H_

// The lists that mqadmin asks a nameserver for, read from a table that is kept
// (pinned or leased) meanwhile; results refer into it. Those over topics cost a
// walk over all of them: for large tables lease one and walk it off the I/O
// loops (NameService::lease_table). No particular order where Java has none.

#include <string_view>
#include <utility>
#include <vector>

#include "namesrv/registry/route_table.h"

namespace waypost::registry {

using NameList = std::vector<std::string_view>;

NameList all_topics(const RouteTable& table);  // 206
// 224. Empty for a cluster that is not known.
NameList topics_of_cluster(const RouteTable& table, std::string_view cluster);

// 311, 312, 313. The flags are topicSysFlag's of one group of the topic: that
// which a java.util.HashMap of the broker names iterates first.
enum class UnitTopics { kUnit, kUnitSub, kUnitSubButNotUnit };
NameList unit_topics(const RouteTable& table, UnitTopics which);

// 304: cluster and broker names, and an address of the first broker, in the
// order of Java's map, empty when there is none.
struct SystemTopics {
  NameList topics;
  std::string_view broker_address;
};
SystemTopics system_topics(const RouteTable& table);

// 901 and 106: a group's members as they are registered, nothing hidden.
struct GroupMembers {
  const model::ClusterName* cluster = nullptr;  // the group's own
  const model::BrokerName* broker_name = nullptr;
  std::string_view zone;
  bool enable_acting_master = false;
  std::vector<std::pair<model::BrokerId, std::string_view>> addresses;  // by id
};
// No addresses when the group is not known.
GroupMembers group_members(const RouteTable& table,
                           std::string_view broker_name);

// RouteTable::groups_version() tells whether an encoding is still current.
struct ClusterInfo {
  std::vector<GroupMembers> groups;
  // Clusters and the broker names that registered in them; a name may be in
  // several.
  std::vector<std::pair<std::string_view, NameList>> clusters;
};
ClusterInfo cluster_info(const RouteTable& table);

}  // namespace waypost::registry

#endif  // WAYPOST_NAMESRV_REGISTRY_REMOTING_LISTS_H_
