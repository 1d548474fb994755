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
    if (group.replicas[i].address.port == 0) continue;
    shown.push_back(group.replicas[i]);
  }
}

// Remoting brokers may register any signed 32-bit numbers.
void clamp(model::QueueData& queues) {
  for (std::uint32_t* count : {&queues.read_queues, &queues.write_queues}) {
    const auto most = static_cast<std::int32_t>(model::kQueuesMax);
    *count = static_cast<std::uint32_t>(
        std::clamp(model::to_java_int(*count), 0, most));
  }
  queues.permission.bits &= model::Permission::kRead |
                            model::Permission::kWrite |
                            model::Permission::kInherit;
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

bool RouteTable::is_served(const TopicEntry& topic) const {
  return std::any_of(
      topic.members.begin(), topic.members.end(),
      [this](const TopicMember& m) { return !group(m.group)->is_gone(); });
}

bool RouteTable::leaves_out_hidden(const TopicEntry& topic) const {
  const bool hides = std::any_of(
      topic.members.begin(), topic.members.end(),
      [&](const TopicMember& m) { return has_hidden(*group(m.group)); });
  return hides && has_usable_replica(topic);
}

const BrokerGroup* RouteTable::find_group(std::string_view broker_name) const {
  const GroupName* named =
      group_names_.find(broker_name, model::hash_bytes(broker_name));
  return named == nullptr ? nullptr : group(named->slot);
}

std::string_view BrokerGroup::zone() const {
  const bool has_master =
      !replicas.empty() && replicas[0].id == model::kMasterId;
  return has_master ? std::string_view(replicas[0].zone) : std::string_view{};
}

model::Permission BrokerGroup::in_effect(model::Permission registered) const {
  constexpr std::uint32_t kOverridden =
      model::Permission::kRead | model::Permission::kWrite;
  model::Permission shown = registered;
  if (permission) {
    shown.bits =
        (registered.bits & ~kOverridden) | (permission->bits & kOverridden);
  }
  return write_dropped ? shown.without_write() : shown;
}

model::Route RouteTable::route(const TopicEntry& topic) const {
  const bool leave_out_hidden = leaves_out_hidden(topic);
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
    shown.queues.permission = from.in_effect(member.queues.permission);
    clamp(shown.queues);
    route.groups.push_back(std::move(shown));
  }
  return route;
}

}  // namespace waypost::registry
