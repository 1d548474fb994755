#ifndef WAYPOST_NAMESRV_REGISTRY_BROKER_DIRECTORY_H_
#define WAYPOST_NAMESRV_REGISTRY_BROKER_DIRECTORY_H_

#include <cstddef>
#include <map>
#include <set>
#include <unordered_map>
#include <vector>

#include "namesrv/registry/broker.h"

namespace waypost::registry {

// Finds brokers and groups by each of their names: key, group, address, binding
// and liveness id. Owns the records; their addresses stay until they are
// removed.
class BrokerDirectory {
 public:
  using Brokers = std::map<model::BrokerKey, Broker>;

  Broker* find(const model::BrokerKey& key);
  const Broker* find(const model::BrokerKey& key) const;
  Group* find_group(const model::BrokerName& name);
  Broker& at(Liveness::Id id) { return *by_liveness_[id]; }
  // By key; usually one or none.
  std::vector<Broker*> find_at(const base::Endpoint& address) const;

  const Brokers& brokers() const { return brokers_; }  // by name, then id
  std::size_t cluster_count() const { return clusters_.size(); }

  // REQUIRES: no broker with that key; a group of that name is of `cluster`.
  // The group is made when it is new (then its only replica is this one).
  Broker& add(const model::BrokerKey& key, const model::ClusterName& cluster,
              Liveness::Id liveness);
  // Takes the broker out of its group, which may be empty then.
  void leave_group(Broker& broker);
  // REQUIRES: it has left its group.
  void remove(Broker& broker);
  // REQUIRES: it is empty.
  void remove_group(Group& group);

  // From now on the broker is at that address.
  void place(Broker& broker, const base::Endpoint& address);

  // From now on the broker is the binding's (0: nobody's).
  void bind(Broker& broker, model::BindingId binding);
  // The binding's brokers, by key.
  std::vector<Broker*> bound_to(model::BindingId binding) const;
  // Whether some broker is the binding's.
  bool is_bound(model::BindingId binding) const {
    return by_binding_.contains(binding);
  }
  // The connection has ended: its brokers, by key, none of them bound any more.
  std::vector<Broker*> unbind_all(model::BindingId binding);

 private:
  struct ByKey {
    bool operator()(const Broker* a, const Broker* b) const {
      return a->key < b->key;
    }
  };
  using BrokerSet = std::set<Broker*, ByKey>;

  void unbind(Broker& broker);
  void take_from_address(Broker& broker);

  Brokers brokers_;
  std::unordered_map<model::BrokerName, Group> groups_;
  std::unordered_map<model::BindingId, BrokerSet> by_binding_;
  std::unordered_map<base::Endpoint, BrokerSet> by_address_;
  std::vector<Broker*> by_liveness_;
  std::map<model::ClusterName, std::size_t> clusters_;  // groups of each
};

}  // namespace waypost::registry

#endif  // WAYPOST_NAMESRV_REGISTRY_BROKER_DIRECTORY_H_
