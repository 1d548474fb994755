#include "namesrv/registry/broker.h"

#include <algorithm>

namespace waypost::registry {
namespace {

model::Replica show_replica(const Broker& broker, const Liveness& liveness) {
  model::Replica replica;
  replica.id = broker.key.broker_id;
  replica.address = broker.address;
  replica.zone = broker.zone;
  if (broker.unhealthy()) {
    replica.health = model::BrokerHealth::kUnhealthy;
  } else if (liveness.is_suspect(broker.liveness)) {
    replica.health = model::BrokerHealth::kSuspect;
  }
  return replica;
}

void show_remoting(const Group& group, BrokerGroup& shown) {
  shown.enable_acting_master = group.enables_acting_master();
  shown.mappings = group.shown_mappings;
  for (std::size_t i = 0; i < group.replicas.size(); ++i) {
    const Broker& broker = *group.replicas[i];
    if (broker.cluster != group.cluster) {
      shown.other_clusters.push_back(broker.cluster);
    }
    if (broker.remoting == nullptr) continue;
    if (!broker.remoting->filter_servers.empty()) {
      shown.filter_servers.resize(group.replicas.size());
      shown.filter_servers[i] = broker.remoting->filter_servers;
    }
  }
  std::vector<model::ClusterName>& others = shown.other_clusters;
  std::sort(others.begin(), others.end());
  others.erase(std::unique(others.begin(), others.end()), others.end());
}

}  // namespace

model::VerdictAction Broker::action() const {
  // The stronger of two verdicts counts.
  for (const HealthVerdict* verdict : {&own, &observed}) {
    if (!verdict->healthy &&
        verdict->action == model::VerdictAction::kRemoveFromRoutes) {
      return model::VerdictAction::kRemoveFromRoutes;
    }
  }
  return model::VerdictAction::kDropWritePermission;
}

std::string_view Broker::unhealthy_reason() const {
  if (!own.healthy) return own.reason;
  return observed.healthy ? std::string_view{} : observed.reason;
}

std::string Broker::address_text() const {
  return remoting != nullptr ? remoting->address : address.to_string();
}

bool Group::has_master() const {
  return !replicas.empty() && replicas[0]->key.broker_id <= model::kMasterId;
}

bool Group::enables_acting_master() const {
  if (replicas.empty() || replicas[0]->remoting == nullptr) return false;
  return replicas[0]->remoting->acting_master.value_or(false);
}

bool Group::is_in(const model::ClusterName& wanted) const {
  return cluster == wanted ||
         std::any_of(replicas.begin(), replicas.end(),
                     [&](const Broker* b) { return b->cluster == wanted; });
}

BrokerGroup show_group(const Group& group, const Liveness& liveness) {
  BrokerGroup shown;
  shown.cluster = group.cluster;
  shown.broker_name = group.name;
  shown.permission = group.permission;
  shown.write_dropped = group.enables_acting_master() && !group.has_master();
  bool has_remoting = group.shown_mappings != nullptr;
  for (const Broker* broker : group.replicas) {
    const bool drops_write =
        broker->action() == model::VerdictAction::kDropWritePermission;
    if (shown.replicas.empty() && broker->unhealthy() && drops_write) {
      shown.write_dropped = true;
    }
    shown.replicas.push_back(show_replica(*broker, liveness));
    shown.address_texts.push_back(broker->address_text());
    shown.hidden.push_back(broker->unhealthy() && !drops_write);
    has_remoting |= broker->remoting != nullptr;
  }
  if (has_remoting) show_remoting(group, shown);
  return shown;
}

}  // namespace waypost::registry
