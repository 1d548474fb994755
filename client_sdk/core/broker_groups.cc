#include "client_sdk/core/broker_groups.h"

#include <algorithm>
#include <optional>

namespace waypost::client {
namespace {

using Replicas = std::vector<RouteReplica>;

template <typename Matches>
const RouteReplica* find(const Replicas& replicas, Matches matches) {
  const auto found = std::find_if(
      replicas.begin(), replicas.end(),
      [&](const RouteReplica& each) { return matches(each.broker); });
  return found == replicas.end() ? nullptr : &*found;
}

const RouteReplica* with_id(const Replicas& replicas, std::int64_t id) {
  return find(replicas, [&](const Broker& each) { return each.id == id; });
}

const RouteReplica* at_address(const Replicas& replicas,
                               const std::string& address) {
  return find(replicas,
              [&](const Broker& each) { return each.address == address; });
}

const RouteReplica* same(const Replicas& replicas, const Broker& broker) {
  return find(replicas, [&](const Broker& each) {
    return each.id == broker.id && each.address == broker.address;
  });
}

std::optional<Broker> broker_of(const RouteReplica* replica) {
  if (replica == nullptr) return std::nullopt;
  return replica->broker;
}

bool is_of(const model::Departure& departure, const Broker& broker) {
  return departure.broker_name.value() == broker.name &&
         departure.id.value() == broker.id &&
         departure.address.to_string() == broker.address;
}

ChangeReason to_public(model::DepartureReason reason) {
  switch (reason) {
    case model::DepartureReason::kUnregistered:
      return ChangeReason::kUnregistered;
    case model::DepartureReason::kConnectionClosed:
      return ChangeReason::kConnectionClosed;
    case model::DepartureReason::kExpired:
      return ChangeReason::kExpired;
    case model::DepartureReason::kUnhealthy:
      return ChangeReason::kUnhealthy;
    case model::DepartureReason::kReplaced:
      return ChangeReason::kReplaced;
    case model::DepartureReason::kGoneAtPeers:
      return ChangeReason::kGoneAtPeers;
    case model::DepartureReason::kNotTold:
      break;
  }
  return ChangeReason::kNotTold;
}

// What explains that `broker` is in one list only: who is at its address in
// `other`, or else in its place.
struct Explanation {
  ChangeReason reason = ChangeReason::kNotTold;
  std::optional<Broker> other;
};
Explanation explain(const Broker& broker, const Replicas& other) {
  if (const auto* here = at_address(other, broker.address)) {
    return {ChangeReason::kRoleChanged, here->broker};
  }
  if (const auto* instead = with_id(other, broker.id)) {
    return {ChangeReason::kReplaced, instead->broker};
  }
  return {};
}

}  // namespace

void BrokerGroups::update(const Route* before, const Route& after) {
  const auto named_by = [](const Route& route, const RouteGroup& group) {
    return std::any_of(
        route.groups.begin(), route.groups.end(),
        [&](const RouteGroup& each) { return key_of(each) == key_of(group); });
  };
  if (before != nullptr) {
    for (const auto& group : before->groups) {
      if (named_by(after, group)) continue;
      const auto found = groups_.find(key_of(group));
      if (found == groups_.end()) continue;
      if (--found->second.topics == 0) found->second.now.clear();
      touched_.insert(found->first);
    }
  }
  for (const auto& group : after.groups) {
    Group& mine = groups_[key_of(group)];
    if (before == nullptr || !named_by(*before, group)) {
      ++mine.topics;
      mine.joined |= before != nullptr;
    }
    mine.now = group.replicas;
    touched_.insert(key_of(group));
  }
}

// Too many: the oldest are the least likely to be waited for.
void BrokerGroups::note(const std::vector<model::Departure>& departures,
                        base::Instant now) {
  for (const auto& departure : departures) {
    departures_.push_back({now, departure});
    if (departures_.size() > kDeparturesMax) departures_.pop_front();
  }
}

const model::Departure* BrokerGroups::departure_of(const Broker& broker) const {
  const auto found = std::find_if(
      departures_.rbegin(), departures_.rend(),
      [&](const Noted& each) { return is_of(each.departure, broker); });
  return found == departures_.rend() ? nullptr : &found->departure;
}

void BrokerGroups::forget_departure(const Broker& broker) {
  std::erase_if(departures_, [&](const Noted& each) {
    return is_of(each.departure, broker);
  });
}

std::vector<BrokerNotice> BrokerGroups::settle(base::Instant now) {
  while (!departures_.empty() &&
         departures_.front().at + kDeparturesKept < now) {
    departures_.pop_front();
  }
  std::vector<BrokerNotice> notices;
  for (const Key& key : std::exchange(touched_, {})) {
    Group& group = groups_[key];
    if (group.known || group.joined) {
      compare(key, group.settled, group.now, notices);
    }
    if (group.topics == 0) {
      groups_.erase(key);
      continue;
    }
    group.settled = group.now;
    group.known = true;
    group.joined = false;
  }
  // What was told has been used, or is of an earlier life.
  for (const auto& notice : notices) {
    if (const auto* left = std::get_if<BrokerLeft>(&notice)) {
      forget_departure(left->broker);
    } else if (const auto* joined = std::get_if<BrokerJoined>(&notice)) {
      forget_departure(joined->broker);
    }
  }
  return notices;
}

void BrokerGroups::compare(const Key& key, const Replicas& before,
                           const Replicas& after,
                           std::vector<BrokerNotice>& notices) {
  for (const auto& replica : before) {
    if (same(after, replica.broker) != nullptr) continue;
    const Explanation why = explain(replica.broker, after);
    BrokerLeft left{replica.broker, why.reason, why.other, replica.health};
    const auto* told = departure_of(replica.broker);
    if (told != nullptr && why.reason != ChangeReason::kRoleChanged &&
        told->reason != model::DepartureReason::kNotTold) {
      left.reason = to_public(told->reason);
      left.detail = told->detail;
    }
    notices.emplace_back(std::move(left));
  }
  for (const auto& replica : after) {
    const auto* was = same(before, replica.broker);
    if (was == nullptr) {
      notices.emplace_back(
          BrokerJoined{replica.broker, replica.health,
                       explain(replica.broker, before).reason});
    } else if (was->health != replica.health) {
      notices.emplace_back(
          BrokerHealthChanged{replica.broker, was->health, replica.health});
    }
  }
  const auto from = broker_of(with_id(before, 0));
  const auto to = broker_of(with_id(after, 0));
  if ((from ? from->address : "") == (to ? to->address : "")) return;
  MasterChanged changed{key.first, key.second, from, to,
                        ChangeReason::kNotTold};
  // The new one was a replica, or the old one still is.
  const bool role = (to && at_address(before, to->address) != nullptr) ||
                    (from && at_address(after, from->address) != nullptr);
  const auto* told = from ? departure_of(*from) : nullptr;
  const bool left = from && at_address(after, from->address) == nullptr;
  if (left && told != nullptr &&
      told->reason != model::DepartureReason::kNotTold) {
    changed.reason = to_public(told->reason);
  } else if (role) {
    changed.reason = ChangeReason::kRoleChanged;
  } else if (from && to) {
    changed.reason = ChangeReason::kReplaced;
  }
  notices.emplace_back(std::move(changed));
}

}  // namespace waypost::client
