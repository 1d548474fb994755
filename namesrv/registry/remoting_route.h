#ifndef WAYPOST_NAMESRV_REGISTRY_REMOTING_ROUTE_H_
#define WAYPOST_NAMESRV_REGISTRY_REMOTING_ROUTE_H_

#include <string_view>
#include <vector>

#include "namesrv/registry/route_table.h"
#include "wire/model/remoting.h"

namespace waypost::registry {

// A topic's route with everything that a remoting route body needs. It refers
// into the table, which must be kept (pinned) meanwhile. Suspicion is not
// shown; what verdicts hide is left out as in RouteTable::route.
struct RemotingReplica {
  model::BrokerId id;        // 0 also for an acting master
  std::string_view address;  // as the broker wrote it
  const model::FilterServers* filter_servers = nullptr;  // null: none
};
struct RemotingRouteGroup {
  const model::ClusterName* cluster = nullptr;
  const model::BrokerName* broker_name = nullptr;
  // Of the master; empty also without a master.
  std::string_view zone;
  bool enable_acting_master = false;
  model::QueueData queues;                // with the permission in effect
  std::vector<RemotingReplica> replicas;  // by id, never empty
  // Of this topic; null: none.
  const model::StaticTopicMapping* mapping = nullptr;
};
struct RemotingRoute {
  std::vector<RemotingRouteGroup> groups;  // by broker name
};

// `support_acting_master` (5.x): the smallest replica of a group that has no
// master and no writable queue is shown under id 0, except for the topics
// through which brokers of 5.x ask an old nameserver for their group
// (kMemberGroupTopicPrefix). RouteTable::stamp tells whether an encoding made
// of it, with the same settings, is still current.
RemotingRoute remoting_route(const RouteTable& table, const TopicEntry& topic,
                             bool support_acting_master);

inline constexpr std::string_view kMemberGroupTopicPrefix =
    "rmq_sys_SYNC_BROKER_MEMBER_";

}  // namespace waypost::registry

#endif  // WAYPOST_NAMESRV_REGISTRY_REMOTING_ROUTE_H_
