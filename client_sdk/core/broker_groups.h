#ifndef WAYPOST_CLIENT_SDK_CORE_BROKER_GROUPS_H_
#define WAYPOST_CLIENT_SDK_CORE_BROKER_GROUPS_H_

// From routes, which are told topic by topic, to notices about brokers, which
// serve many topics. A broker that dies leaves a hundred routes; the
// application wants to hear of it once. So changes are gathered for as long as
// routes of one answer are taken over, and told when they are settled.
//
// Why brokers left is told apart, before the routes or with them, and kept for
// a while until a route shows that they did.

#include <cstddef>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "waypost/events.hpp"
#include "wire/model/route.h"

namespace waypost::client {

using BrokerNotice =
    std::variant<BrokerJoined, BrokerLeft, BrokerHealthChanged, MasterChanged>;

// All broker groups in the routes of a client. A value.
class BrokerGroups {
 public:
  // Of what is told and never shows; nameservers may tell nonsense.
  static constexpr std::size_t kDeparturesMax = 1024;
  static constexpr base::Duration kDeparturesKept = std::chrono::minutes(2);

  // A nameserver told why these left; the newest of a broker counts.
  void note(const std::vector<model::Departure>& departures, base::Instant now);

  // A topic's route was `before` (null: known for the first time) and is
  // `after`. Of a group that several routes name differently, what was taken
  // over last counts: the others follow.
  void update(const Route* before, const Route& after);

  // What all updates since the last call came to, by group: who left, who
  // joined, who stands otherwise, and the master.
  std::vector<BrokerNotice> settle(base::Instant now);

  std::size_t departures() const { return departures_.size(); }

 private:
  using Key = std::pair<std::string, std::string>;  // cluster, group
  using Replicas = std::vector<RouteReplica>;
  struct Group {
    std::size_t topics = 0;  // whose routes name it
    Replicas now;
    Replicas settled;    // when it was last told
    bool known = false;  // was in a settled state
    // Named by a route that was known without it.
    bool joined = false;
  };

  static Key key_of(const RouteGroup& group) {
    return {group.cluster, group.name};
  }
  struct Noted {
    base::Instant at{};
    model::Departure departure;
  };

  void compare(const Key& key, const Replicas& before, const Replicas& after,
               std::vector<BrokerNotice>& notices);
  const model::Departure* departure_of(const Broker& broker) const;
  void forget_departure(const Broker& broker);

  std::map<Key, Group> groups_;
  std::deque<Noted> departures_;  // the newest at the end
  std::set<Key> touched_;
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_CORE_BROKER_GROUPS_H_
