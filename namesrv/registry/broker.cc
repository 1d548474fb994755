#include "namesrv/registry/broker.h"

namespace waypost::registry {

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

BrokerGroup show_group(const Group& group, const Liveness& liveness) {
  BrokerGroup shown;
  shown.cluster = group.cluster;
  shown.broker_name = group.name;
  for (const Broker* broker : group.replicas) {
    model::Replica replica;
    replica.id = broker->key.broker_id;
    replica.address = broker->address;
    replica.zone = broker->zone;
    if (broker->unhealthy()) {
      replica.health = model::BrokerHealth::kUnhealthy;
    } else if (liveness.is_suspect(broker->liveness)) {
      replica.health = model::BrokerHealth::kSuspect;
    }
    const bool drops_write =
        broker->action() == model::VerdictAction::kDropWritePermission;
    if (shown.replicas.empty()) {
      shown.write_dropped = broker->unhealthy() && drops_write;
    }
    shown.replicas.push_back(std::move(replica));
    shown.hidden.push_back(broker->unhealthy() && !drops_write);
  }
  return shown;
}

}  // namespace waypost::registry
