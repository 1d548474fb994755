#ifndef WAYPOST_NAMESRV_REGISTRY_ROUTE_TABLE_H_
#define WAYPOST_NAMESRV_REGISTRY_ROUTE_TABLE_H_

// The published side of the registry: immutable, so that any number of threads
// look topics up while the registry thread makes the next one.
//
// Memory: nodes are counted, and the counts are touched by the registry thread
// alone (copying, assigning and destroying a RouteTable). Readers get a
// `const RouteTable&` that the publisher keeps alive until they have passed a
// quiescent point (namesrv/service/published_table.h). The publisher copies
// Registry::table(): only what somebody holds a copy of stays as it is.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "namesrv/registry/persistent_map.h"
#include "namesrv/registry/persistent_vector.h"
#include "wire/model/ids.h"
#include "wire/model/remoting.h"
#include "wire/model/route.h"

namespace waypost::registry {

// Slot of a broker group in a table; reused after the group is gone, with a
// new version.
using GroupSlot = std::uint32_t;

// A broker group as routes show it. Changes of address, role or health make a
// new one of these and leave the group's topics alone.
struct BrokerGroup {
  // Without replicas: the group is gone, only some topics still name it.
  bool is_gone() const { return replicas.empty(); }

  model::ClusterName cluster;
  model::BrokerName broker_name;
  std::vector<model::Replica> replicas;  // by id
  // Of each replica: to be left out of routes, by an unhealthy verdict with
  // that action, as long as a topic has somebody who is not unhealthy.
  std::vector<bool> hidden;
  // By an unhealthy verdict with that action, or because an acting master
  // stands in for the master: write permission is not shown.
  bool write_dropped = false;
  // An operator's: its read and write bits lie over those of all topics.
  std::optional<model::Permission> permission;

  // What only remoting shows. The smallest replica may act as master.
  bool enable_acting_master = false;
  std::vector<model::ClusterName> other_clusters;  // that it registered in, too
  std::vector<std::string> address_texts;  // of each replica, as it wrote it
  // Of each replica, or empty when none has any.
  std::vector<model::FilterServers> filter_servers;
  // By topic; null: none.
  std::shared_ptr<const std::vector<model::StaticTopicMapping>> mappings;

  std::uint64_t version = 0;  // the table's version when it last changed

  // The master's; empty when there is none.
  std::string_view zone() const;
  // What is shown of the permission that a topic has on it.
  model::Permission in_effect(model::Permission registered) const;
};

struct TopicMember {
  GroupSlot group = 0;
  model::QueueData queues;
};

struct TopicEntry {
  model::TopicName name;
  std::uint64_t hash = 0;            // model::hash_bytes(name)
  std::vector<TopicMember> members;  // by broker name
  std::uint64_t version = 0;         // the table's version when it last changed
};

struct TopicEntryTraits {
  static std::string_view key(const TopicEntry& entry) {
    return entry.name.value();
  }
  static std::uint64_t hash(const TopicEntry& entry) { return entry.hash; }
};

class RouteTable {
 public:
  // Grows with each change of anything in the table, and is never used twice in
  // the registry's life.
  std::uint64_t version() const { return version_; }
  // The version when some group last changed, came or went: what is made of
  // groups alone is current while it is the same.
  std::uint64_t groups_version() const { return groups_version_; }
  // While a large broker is being swept out, with those that it alone served.
  std::size_t topic_count() const { return topics_.size(); }

  // Null when no broker serves it. `hash` must be model::hash_bytes(topic).
  const TopicEntry* find_topic(std::string_view topic,
                               std::uint64_t hash) const {
    const TopicEntry* found = topics_.find(topic, hash);
    if (gone_groups_ == 0 || found == nullptr) return found;
    return is_served(*found) ? found : nullptr;
  }
  // Null when the slot is free.
  const BrokerGroup* group(GroupSlot slot) const { return groups_.find(slot); }
  // Null when no broker of that name is registered.
  const BrokerGroup* find_group(std::string_view broker_name) const;

  // In no particular order; `visit(const TopicEntry&)`, `visit(const
  // BrokerGroup&)`.
  template <typename Visit>
  void for_each_topic(Visit&& visit) const {
    topics_.for_each([&](const TopicEntry& topic) {
      if (gone_groups_ == 0 || is_served(topic)) visit(topic);
    });
  }
  template <typename Visit>
  void for_each_group(Visit&& visit) const {
    group_names_.for_each(
        [&](const GroupName& named) { visit(*groups_.find(named.slot)); });
  }
  std::size_t group_count() const { return group_names_.size(); }

  // Tells whether something made from a topic's route, such as its encoding, is
  // still current: the table's version when the route last changed, so two
  // equal stamps of one topic mean two equal routes. Costs a look at each of
  // its groups, and no copy.
  std::uint64_t stamp(const TopicEntry& topic) const;

  // Whether some group of the topic is not gone.
  bool is_served(const TopicEntry& topic) const;

  // The route as clients get it: groups by broker name; replicas that their
  // agents want out of routes left out, unless every broker of the topic is
  // unhealthy, for then a bad broker is better than none. What remoting brokers
  // may say and native clients do not understand is left out (addresses without
  // a port) or moved to the next number that they do.
  model::Route route(const TopicEntry& topic) const;

  // Whether hidden replicas are to be left out of the topic's route.
  bool leaves_out_hidden(const TopicEntry& topic) const;

  // The large part of the table, to be dropped piece by piece.
  using Remains = PersistentMap<TopicEntry, TopicEntryTraits>::Remains;
  Remains dismantle() { return topics_.dismantle(); }

 private:
  friend class RouteTableEditor;

  struct GroupName {
    model::BrokerName name;
    std::uint64_t hash = 0;
    GroupSlot slot = 0;
  };
  struct GroupNameTraits {
    static std::string_view key(const GroupName& named) {
      return named.name.value();
    }
    static std::uint64_t hash(const GroupName& named) { return named.hash; }
  };

  // Whether some broker of the topic is other than unhealthy.
  bool has_usable_replica(const TopicEntry& topic) const;

  PersistentMap<TopicEntry, TopicEntryTraits> topics_;
  PersistentVector<BrokerGroup> groups_;
  PersistentMap<GroupName, GroupNameTraits> group_names_;
  std::uint64_t version_ = 0;
  std::uint64_t groups_version_ = 0;
  std::size_t gone_groups_ = 0;  // in `groups_`
};

}  // namespace waypost::registry

#endif  // WAYPOST_NAMESRV_REGISTRY_ROUTE_TABLE_H_
