#ifndef WAYPOST_TESTS_SIM_CLUSTER_TIMERS_H_
#define WAYPOST_TESTS_SIM_CLUSTER_TIMERS_H_

#include <map>
#include <utility>

#include "base/clock.h"

namespace waypost::sim {

// For how long something has been so without a break, for each key.
template <typename Key>
class HeldFor {
 public:
  // To be told at each observation; zero when `holds` is false.
  base::Duration tell(const Key& key, bool holds, base::Duration now) {
    if (!holds) {
      since_.erase(key);
      return base::Duration(0);
    }
    return now - since_.try_emplace(key, now).first->second;
  }

 private:
  std::map<Key, base::Duration> since_;
};

using PairHeldFor = HeldFor<std::pair<std::size_t, std::size_t>>;

}  // namespace waypost::sim

#endif  // WAYPOST_TESTS_SIM_CLUSTER_TIMERS_H_
