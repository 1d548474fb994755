#include "namesrv/registry/broker_directory.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace waypost::registry {

Broker* BrokerDirectory::find(const model::BrokerKey& key) {
  const auto found = brokers_.find(key);
  return found == brokers_.end() ? nullptr : &found->second;
}

const Broker* BrokerDirectory::find(const model::BrokerKey& key) const {
  const auto found = brokers_.find(key);
  return found == brokers_.end() ? nullptr : &found->second;
}

Group* BrokerDirectory::find_group(const model::BrokerName& name) {
  const auto found = groups_.find(name);
  return found == groups_.end() ? nullptr : &found->second;
}

Broker& BrokerDirectory::add(const model::BrokerKey& key,
                             const model::ClusterName& cluster,
                             Liveness::Id liveness) {
  const auto [group_place, is_new] = groups_.try_emplace(key.broker_name);
  Group& group = group_place->second;
  if (is_new) {
    group.cluster = cluster;
    group.name = key.broker_name;
    ++clusters_[cluster];
  }
  const auto [place, added] = brokers_.try_emplace(key);
  WAYPOST_ASSERT(added);
  Broker& broker = place->second;
  broker.key = key;
  broker.group = &group;
  broker.liveness = liveness;
  if (by_liveness_.size() <= liveness) by_liveness_.resize(liveness + 1);
  by_liveness_[liveness] = &broker;
  const auto at = std::find_if(group.replicas.begin(), group.replicas.end(),
                               [&](const Broker* other) {
                                 return other->key.broker_id > key.broker_id;
                               });
  group.replicas.insert(at, &broker);
  return broker;
}

void BrokerDirectory::leave_group(Broker& broker) {
  std::erase(broker.group->replicas, &broker);
}

void BrokerDirectory::remove(Broker& broker) {
  unbind(broker);
  take_from_address(broker);
  by_liveness_[broker.liveness] = nullptr;
  brokers_.erase(brokers_.find(broker.key));
}

void BrokerDirectory::remove_group(Group& group) {
  WAYPOST_ASSERT(group.replicas.empty());
  const auto cluster = clusters_.find(group.cluster);
  if (--cluster->second == 0) clusters_.erase(cluster);
  groups_.erase(groups_.find(group.name));
}

std::vector<Broker*> BrokerDirectory::find_at(
    const base::Endpoint& address) const {
  const auto found = by_address_.find(address);
  if (found == by_address_.end()) return {};
  return {found->second.begin(), found->second.end()};
}

void BrokerDirectory::place(Broker& broker, const base::Endpoint& address) {
  take_from_address(broker);
  broker.address = address;
  by_address_[address].insert(&broker);
}

void BrokerDirectory::take_from_address(Broker& broker) {
  const auto place = by_address_.find(broker.address);
  if (place == by_address_.end()) return;
  place->second.erase(&broker);
  if (place->second.empty()) by_address_.erase(place);
}

void BrokerDirectory::bind(Broker& broker, model::BindingId binding) {
  if (broker.bound && broker.binding == binding) return;
  unbind(broker);
  broker.binding = binding;
  broker.bound = binding != model::BindingId{};
  if (broker.bound) by_binding_[binding].insert(&broker);
}

void BrokerDirectory::unbind(Broker& broker) {
  if (!broker.bound) return;
  broker.bound = false;
  const auto place = by_binding_.find(broker.binding);
  place->second.erase(&broker);
  if (place->second.empty()) by_binding_.erase(place);
}

std::vector<Broker*> BrokerDirectory::bound_to(model::BindingId binding) const {
  const auto found = by_binding_.find(binding);
  if (found == by_binding_.end()) return {};
  return {found->second.begin(), found->second.end()};
}

std::vector<Broker*> BrokerDirectory::unbind_all(model::BindingId binding) {
  auto node = by_binding_.extract(binding);
  if (node.empty()) return {};
  std::vector<Broker*> brokers(node.mapped().begin(), node.mapped().end());
  for (Broker* broker : brokers) broker->bound = false;
  return brokers;
}

}  // namespace waypost::registry
