#include "namesrv/registry/remoting_route.h"

#include <algorithm>
#include <utility>

namespace waypost::registry {
namespace {

const model::StaticTopicMapping* mapping_of(const BrokerGroup& group,
                                            const model::TopicName& topic) {
  if (group.mappings == nullptr) return nullptr;
  const auto place = std::lower_bound(
      group.mappings->begin(), group.mappings->end(), topic,
      [](const model::StaticTopicMapping& mapping,
         const model::TopicName& wanted) { return mapping.topic < wanted; });
  return place != group.mappings->end() && place->topic == topic ? &*place
                                                                 : nullptr;
}

void show_replicas(const BrokerGroup& from, bool leave_out_hidden,
                   std::vector<RemotingReplica>& shown) {
  for (std::size_t i = 0; i < from.replicas.size(); ++i) {
    if (leave_out_hidden && from.hidden[i]) continue;
    RemotingReplica replica;
    replica.id = from.replicas[i].id;
    replica.address = from.address_texts[i];
    if (!from.filter_servers.empty() && !from.filter_servers[i].empty()) {
      replica.filter_servers = &from.filter_servers[i];
    }
    shown.push_back(std::move(replica));
  }
}

void show_acting_master(RemotingRouteGroup& group) {
  const auto is_master = [](const RemotingReplica& replica) {
    return replica.id == model::kMasterId;
  };
  if (!group.enable_acting_master || group.queues.permission.writable() ||
      std::any_of(group.replicas.begin(), group.replicas.end(), is_master)) {
    return;
  }
  group.replicas[0].id = model::kMasterId;
}

}  // namespace

RemotingRoute remoting_route(const RouteTable& table, const TopicEntry& topic,
                             bool support_acting_master) {
  const bool leave_out_hidden = table.leaves_out_hidden(topic);
  const bool acts = support_acting_master &&
                    !topic.name.value().starts_with(kMemberGroupTopicPrefix);
  RemotingRoute route;
  route.groups.reserve(topic.members.size());
  for (const TopicMember& member : topic.members) {
    const BrokerGroup& from = *table.group(member.group);
    RemotingRouteGroup shown;
    show_replicas(from, leave_out_hidden, shown.replicas);
    if (shown.replicas.empty()) continue;
    shown.cluster = &from.cluster;
    shown.broker_name = &from.broker_name;
    shown.zone = from.zone();
    shown.enable_acting_master = from.enable_acting_master;
    shown.queues = member.queues;
    shown.queues.permission = from.in_effect(member.queues.permission);
    shown.mapping = mapping_of(from, topic.name);
    if (acts) show_acting_master(shown);
    route.groups.push_back(std::move(shown));
  }
  return route;
}

}  // namespace waypost::registry
