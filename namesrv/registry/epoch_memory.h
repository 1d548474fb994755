#ifndef WAYPOST_NAMESRV_REGISTRY_EPOCH_MEMORY_H_
#define WAYPOST_NAMESRV_REGISTRY_EPOCH_MEMORY_H_

#include <cstddef>
#include <list>
#include <unordered_map>
#include <utility>

#include "wire/model/ids.h"

namespace waypost::registry {

// The largest epochs of brokers that are gone, so that the next process of one
// starts above them. Bounded: names that nobody uses again must not grow the
// process, so the longest gone are forgotten first. What is lost with them is
// only the fence against a process that is older still.
class EpochMemory {
 public:
  explicit EpochMemory(std::size_t entries_max) : entries_max_(entries_max) {}

  void remember(const model::BrokerKey& broker, model::Epoch epoch) {
    forget(broker);
    if (epoch == model::Epoch{}) return;
    order_.emplace_back(broker, epoch);
    places_[broker] = std::prev(order_.end());
    if (order_.size() > entries_max_)
      forget(model::BrokerKey(order_.front().first));
  }
  void forget(const model::BrokerKey& broker) {
    const auto place = places_.find(broker);
    if (place == places_.end()) return;
    order_.erase(place->second);
    places_.erase(place);
  }
  // 0 when unknown.
  model::Epoch find(const model::BrokerKey& broker) const {
    const auto place = places_.find(broker);
    return place == places_.end() ? model::Epoch{} : place->second->second;
  }
  std::size_t size() const { return order_.size(); }

 private:
  using Order = std::list<std::pair<model::BrokerKey, model::Epoch>>;
  std::size_t entries_max_;
  Order order_;  // longest gone first
  std::unordered_map<model::BrokerKey, Order::iterator> places_;
};

}  // namespace waypost::registry

#endif  // WAYPOST_NAMESRV_REGISTRY_EPOCH_MEMORY_H_
