#ifndef WAYPOST_NAMESRV_REGISTRY_ROUTE_CHANGES_H_
#define WAYPOST_NAMESRV_REGISTRY_ROUTE_CHANGES_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "wire/model/route.h"

namespace waypost::registry {

// A broker that has left the routes, and the slot of its group.
struct GroupDeparture {
  std::uint32_t slot = 0;
  model::Departure departure;
};

// Which routes may be others than before: for who keeps routes and does not
// want to look at all of them. A topic's route has changed if the topic or one
// of its groups is named. Things may be named twice, and without reason.
struct RouteChanges {
  // With more it is cheaper to look at everything.
  static constexpr std::size_t kListedMax = 64UL * 1024;
  // Why brokers have left is told of the last ones: of more at a time nobody
  // asks for the reason of each.
  static constexpr std::size_t kDeparturesMax = 1024;

  bool everything = false;                 // too many to be listed
  std::vector<std::uint64_t> topics;       // model::hash_bytes of their names
  std::vector<std::uint32_t> groups;       // slots
  std::vector<GroupDeparture> departures;  // in their order

  bool empty() const { return !everything && topics.empty() && groups.empty(); }

  void add_topic(std::uint64_t hash) {
    if (has_room(1)) topics.push_back(hash);
  }
  void add_group(std::uint32_t slot) {
    if (has_room(1)) groups.push_back(slot);
  }
  // Of a group that is named, too.
  void add_departure(GroupDeparture departure) {
    if (departures.size() >= 2 * kDeparturesMax) keep_last_departures();
    departures.push_back(std::move(departure));
  }
  void add(RouteChanges more) {
    for (auto& each : more.departures) add_departure(std::move(each));
    if (more.everything) return add_everything();
    if (!has_room(more.topics.size() + more.groups.size())) return;
    topics.insert(topics.end(), more.topics.begin(), more.topics.end());
    groups.insert(groups.end(), more.groups.begin(), more.groups.end());
  }
  void add_everything() {
    everything = true;
    topics = {};
    groups = {};
  }

  // In order, the newest at the end.
  std::vector<GroupDeparture> take_departures() {
    if (departures.size() > kDeparturesMax) keep_last_departures();
    return std::exchange(departures, {});
  }

 private:
  // Half of them at a time, so that each is moved once or twice.
  void keep_last_departures() {
    departures.erase(departures.begin(), departures.end() - kDeparturesMax);
  }
  bool has_room(std::size_t count) {
    if (everything) return false;
    if (topics.size() + groups.size() + count <= kListedMax) return true;
    add_everything();
    return false;
  }
};

}  // namespace waypost::registry

#endif  // WAYPOST_NAMESRV_REGISTRY_ROUTE_CHANGES_H_
