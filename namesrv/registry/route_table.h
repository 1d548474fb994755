#ifndef WAYPOST_NAMESRV_REGISTRY_ROUTE_TABLE_H_
#define WAYPOST_NAMESRV_REGISTRY_ROUTE_TABLE_H_

// The published side of the registry: immutable, so that any number of threads
// look topics up while the registry thread makes the next one.
//
// Memory: nodes are counted, and the counts are touched by the registry thread
// alone (copying, assigning and destroying a RouteTable). Readers get a
// `const RouteTable&` that the publisher keeps alive until they have passed a
// quiescent point (namesrv/service/published_table.h).

#include <cstdint>
#include <string_view>
#include <vector>

#include "namesrv/registry/persistent_map.h"
#include "wire/model/ids.h"
#include "wire/model/route.h"

namespace waypost::registry {

// Slot of a broker group in a table; reused after the group is gone, with a
// new version.
using GroupSlot = std::uint32_t;

// A broker group as routes show it. Changes of address, role or health make a
// new one of these and leave the group's topics alone.
struct BrokerGroup {
  model::ClusterName cluster;
  model::BrokerName broker_name;
  std::vector<model::Replica> replicas;  // by id
  // By an unhealthy verdict with that action: write permission is not shown.
  bool write_dropped = false;
  std::uint64_t version = 0;  // unique within the registry's life
};

struct TopicMember {
  GroupSlot group = 0;
  model::QueueData queues;
};

struct TopicEntry {
  model::TopicName name;
  std::uint64_t hash = 0;  // model::hash_bytes(name)
  std::vector<TopicMember> members;
  std::uint64_t version = 0;  // unique within the registry's life
};

class RouteTable {
 public:
  // Grows with each change of anything in the table.
  std::uint64_t version() const;
  std::size_t topic_count() const;

  // Null when no broker serves it. `hash` must be model::hash_bytes(topic).
  const TopicEntry* find_topic(std::string_view topic,
                               std::uint64_t hash) const;
  // Null when the slot is free.
  const BrokerGroup* group(GroupSlot slot) const;

  // The route as clients get it: groups by broker name, unhealthy replicas left
  // out unless that would leave the topic with none.
  model::Route route(const TopicEntry& topic) const;

 private:
  friend class RouteTableEditor;
  // HAMT of topics, persistent vector of groups, version (see the editor).
};

}  // namespace waypost::registry

#endif  // WAYPOST_NAMESRV_REGISTRY_ROUTE_TABLE_H_
