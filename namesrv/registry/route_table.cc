#include "namesrv/registry/route_table.h"

#include <algorithm>

namespace waypost::registry {
namespace {

bool has_hidden(const BrokerGroup& group) {
  return std::find(group.hidden.begin(), group.hidden.end(), true) !=
         group.hidden.end();
}

void show_replicas(const BrokerGroup& group, bool leave_out_hidden,
                   std::vector<model::Replica>& shown) {
  for (std::size_t i = 0; i < group.replicas.size(); ++i) {
    if (leave_out_hidden && group.hidden[i]) continue;
    shown.push_back(group.replicas[i]);
  }
}

}  // namespace

std::uint64_t RouteTable::stamp(const TopicEntry& topic) const {
  // Versions come from one counter that only grows. Whatever changes the route
  // gives the topic or one of its groups the largest version so far, so the
  // largest of them names the route's content.
  std::uint64_t newest = topic.version;
  for (const TopicMember& member : topic.members) {
    newest = std::max(newest, group(member.group)->version);
  }
  return newest;
}

bool RouteTable::has_usable_replica(const TopicEntry& topic) const {
  for (const TopicMember& member : topic.members) {
    for (const model::Replica& replica : group(member.group)->replicas) {
      if (replica.health != model::BrokerHealth::kUnhealthy) return true;
    }
  }
  return false;
}

model::Route RouteTable::route(const TopicEntry& topic) const {
  const bool hides = std::any_of(
      topic.members.begin(), topic.members.end(),
      [&](const TopicMember& m) { return has_hidden(*group(m.group)); });
  const bool leave_out_hidden = hides && has_usable_replica(topic);
  model::Route route;
  route.topic = topic.name;
  route.groups.reserve(topic.members.size());
  for (const TopicMember& member : topic.members) {
    const BrokerGroup& from = *group(member.group);
    model::RouteGroup shown;
    show_replicas(from, leave_out_hidden, shown.replicas);
    if (shown.replicas.empty()) continue;
    shown.cluster = from.cluster;
    shown.broker_name = from.broker_name;
    shown.queues = member.queues;
    if (from.write_dropped) {
      shown.queues.permission = shown.queues.permission.without_write();
    }
    route.groups.push_back(std::move(shown));
  }
  return route;
}

}  // namespace waypost::registry
