#include "namesrv/registry/remoting_lists.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "namesrv/registry/java_order.h"

namespace waypost::registry {
namespace {

// topicSysFlag's bits (TopicSysFlag.java).
constexpr std::uint32_t kUnitFlag = 1;
constexpr std::uint32_t kUnitSubFlag = 2;

// RouteInfoManager makes its table of brokers with so many slots.
constexpr std::size_t kBrokerTableSlots = 128;

bool is_in(const BrokerGroup& group, std::string_view cluster) {
  if (group.is_gone()) return false;
  const auto has_name = [&](const model::ClusterName& name) {
    return name.value() == cluster;
  };
  return has_name(group.cluster) ||
         std::any_of(group.other_clusters.begin(), group.other_clusters.end(),
                     has_name);
}

// The member that Java's map of broker names iterates first.
const TopicMember& first_member(const RouteTable& table,
                                const TopicEntry& topic) {
  const std::size_t slots = java_map_slots(topic.members.size());
  const auto slot_of = [&](const TopicMember& member) {
    const BrokerGroup& group = *table.group(member.group);
    if (group.is_gone()) return slots;  // last
    return java_map_slot(java_string_hash(group.broker_name.value()), slots);
  };
  return *std::min_element(topic.members.begin(), topic.members.end(),
                           [&](const TopicMember& a, const TopicMember& b) {
                             return slot_of(a) < slot_of(b);
                           });
}

bool has_flags(const model::QueueData& queues, UnitTopics which) {
  const bool unit = (queues.system_flag & kUnitFlag) != 0;
  const bool sub = (queues.system_flag & kUnitSubFlag) != 0;
  switch (which) {
    case UnitTopics::kUnit:
      return unit;
    case UnitTopics::kUnitSub:
      return sub;
    case UnitTopics::kUnitSubButNotUnit:
      return sub && !unit;
  }
  return false;
}

GroupMembers members_of(const BrokerGroup& group) {
  GroupMembers members;
  members.cluster = &group.cluster;
  members.broker_name = &group.broker_name;
  members.zone = group.zone();
  members.enable_acting_master = group.enable_acting_master;
  for (std::size_t i = 0; i < group.replicas.size(); ++i) {
    members.addresses.emplace_back(group.replicas[i].id,
                                   group.address_texts[i]);
  }
  return members;
}

// As Java's map of Longs iterates.
std::string_view first_address(const BrokerGroup& group) {
  const std::size_t slots = java_map_slots(group.replicas.size());
  std::size_t first = 0;
  std::size_t first_slot = slots;
  for (std::size_t i = 0; i < group.replicas.size(); ++i) {
    const auto id = static_cast<std::uint64_t>(group.replicas[i].id.value());
    const auto hash =
        static_cast<std::int32_t>(static_cast<std::uint32_t>(id ^ (id >> 32U)));
    const std::size_t slot = java_map_slot(hash, slots);
    if (slot >= first_slot) continue;
    first = i;
    first_slot = slot;
  }
  return group.address_texts[first];
}

using Clusters = std::map<std::string_view, NameList>;

Clusters clusters_of(const RouteTable& table) {
  Clusters clusters;
  table.for_each_group([&](const BrokerGroup& group) {
    const std::string_view name = group.broker_name.value();
    clusters[group.cluster.value()].push_back(name);
    for (const model::ClusterName& other : group.other_clusters) {
      clusters[other.value()].push_back(name);
    }
  });
  return clusters;
}

}  // namespace

NameList all_topics(const RouteTable& table) {
  NameList names;
  names.reserve(table.topic_count());
  table.for_each_topic(
      [&](const TopicEntry& topic) { names.push_back(topic.name.value()); });
  return names;
}

NameList topics_of_cluster(const RouteTable& table, std::string_view cluster) {
  NameList names;
  table.for_each_topic([&](const TopicEntry& topic) {
    const bool serves = std::any_of(
        topic.members.begin(), topic.members.end(), [&](const TopicMember& m) {
          return is_in(*table.group(m.group), cluster);
        });
    if (serves) names.push_back(topic.name.value());
  });
  return names;
}

NameList unit_topics(const RouteTable& table, UnitTopics which) {
  NameList names;
  table.for_each_topic([&](const TopicEntry& topic) {
    if (has_flags(first_member(table, topic).queues, which)) {
      names.push_back(topic.name.value());
    }
  });
  return names;
}

SystemTopics system_topics(const RouteTable& table) {
  SystemTopics system;
  for (const auto& [cluster, brokers] : clusters_of(table)) {
    system.topics.push_back(cluster);
    system.topics.insert(system.topics.end(), brokers.begin(), brokers.end());
  }
  std::sort(system.topics.begin(), system.topics.end());
  system.topics.erase(std::unique(system.topics.begin(), system.topics.end()),
                      system.topics.end());
  const std::size_t slots =
      java_map_slots(table.group_count(), kBrokerTableSlots);
  const BrokerGroup* first = nullptr;
  const auto place = [&](const BrokerGroup& group) {
    const std::string& name = group.broker_name.value();
    return std::tuple(java_map_slot(java_string_hash(name), slots),
                      std::string_view(name));
  };
  table.for_each_group([&](const BrokerGroup& group) {
    if (first == nullptr || place(group) < place(*first)) first = &group;
  });
  if (first != nullptr) system.broker_address = first_address(*first);
  return system;
}

GroupMembers group_members(const RouteTable& table,
                           std::string_view broker_name) {
  const BrokerGroup* group = table.find_group(broker_name);
  return group == nullptr ? GroupMembers{} : members_of(*group);
}

ClusterInfo cluster_info(const RouteTable& table) {
  ClusterInfo info;
  info.groups.reserve(table.group_count());
  table.for_each_group([&](const BrokerGroup& group) {
    info.groups.push_back(members_of(group));
  });
  for (auto& [cluster, brokers] : clusters_of(table)) {
    info.clusters.emplace_back(cluster, std::move(brokers));
  }
  return info;
}

}  // namespace waypost::registry
