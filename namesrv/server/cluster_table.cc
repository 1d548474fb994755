// What peers know of brokers, into the registry and out of it.

#include <utility>
#include <variant>

#include "namesrv/registry/prepare.h"
#include "namesrv/server/cluster_node.h"

namespace waypost::server {
namespace {

registry::Register event_of(model::HeldRegistration held) {
  registry::Register event;
  event.adopted = true;
  event.request = std::move(held.request);
  event.topics = registry::TopicsPolicy::kReplace;
  if (!held.remoting) return event;
  model::HeldRemoting& told = *held.remoting;
  event.origin = registry::Origin::kRemoting;
  event.topics = told.brings_topics ? registry::TopicsPolicy::kMerge
                                    : registry::TopicsPolicy::kIgnore;
  event.apply_if = registry::ApplyIf::kDifferent;
  event.remoting.address = std::move(told.address);
  event.remoting.ha_address = std::move(told.ha_address);
  event.remoting.version = told.version;
  event.remoting.filter_servers = std::move(told.filter_servers);
  event.remoting.mappings = std::move(told.mappings);
  event.remoting.acting_master = told.acting_master;
  return event;
}

}  // namespace

void ClusterNode::set_listener(Listener listener) {
  if (!listener) return shell_.service->set_holding_listener(nullptr);
  shell_.service->set_holding_listener(
      [listener = std::move(listener)](const registry::HoldingChange& change) {
        using What = registry::HoldingChange::What;
        const Change what = change.what == What::kHeld ? Change::kHeld
                            : change.what == What::kReleased
                                ? Change::kReleased
                                : Change::kUnregistered;
        listener(what, change.broker, change.epoch);
      });
}

std::optional<model::Holding> ClusterNode::holding(
    const model::BrokerKey& broker) const {
  return shell_.service->registry().holding(broker);
}

std::vector<model::BrokerKey> ClusterNode::held_brokers() const {
  return shell_.service->registry().held_brokers();
}

void ClusterNode::vouch(const model::BrokerKey& broker, bool vouched,
                        bool released) {
  shell_.service->apply_from_peers(registry::Vouch{broker, vouched, released});
}

void ClusterNode::bury(const model::BrokerKey& broker, model::Epoch epoch) {
  shell_.service->apply_from_peers(registry::Bury{broker, epoch});
}

bool ClusterNode::adopt(model::HeldRegistration registration) {
  registry::Register event = event_of(std::move(registration));
  if (auto prepared = registry::prepare(event); !prepared) {
    shell_.logger.warn("a peer's registration cannot be taken",
                       {{"why", prepared.error().to_string()}});
    return false;
  }
  return !std::holds_alternative<base::Error>(
      shell_.service->apply_from_peers(event));
}

}  // namespace waypost::server
