#ifndef WAYPOST_CLIENT_SDK_RUNTIME_BROKER_ARENA_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_BROKER_ARENA_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "client_sdk/core/adaptive_policy.h"
#include "client_sdk/core/fault_policy.h"
#include "client_sdk/core/latency_choice.h"
#include "client_sdk/core/probe_policy.h"
#include "waypost/route.hpp"

namespace waypost::client {

// One broker at one address, and what the fault table knows about it. The
// atomics of the first group are written under FaultBoard's lock and read by
// picking threads at any time; those of the second are written by whoever
// reports: two reports at the same moment may count as one, which is a fair
// price for neither waiting for the other.
struct BrokerRecord : Broker {
  explicit BrokerRecord(Broker broker) : Broker(std::move(broker)) {}

  FaultState fault() const {
    return {base::Instant(
                base::Duration(avoid_until.load(std::memory_order_relaxed))),
            base::Duration(latency.load(std::memory_order_relaxed)),
            base::Instant(
                base::Duration(full_from.load(std::memory_order_relaxed))),
            held.load(std::memory_order_relaxed)};
  }
  KnownLatency known_latency() const {
    return {base::Duration(smooth_latency.load(std::memory_order_relaxed)),
            base::Instant(
                base::Duration(reported_at.load(std::memory_order_relaxed)))};
  }

  // As in FaultState, nanoseconds; avoid_until is 0 when it is not avoided.
  mutable std::atomic<base::Duration::rep> avoid_until{0};
  mutable std::atomic<base::Duration::rep> latency{0};
  mutable std::atomic<base::Duration::rep> full_from{0};
  mutable std::atomic<bool> held{false};
  mutable std::atomic<bool> on_trust{false};  // as in Probation

  mutable std::atomic<base::Duration::rep> smooth_latency{0};
  mutable std::atomic<base::Duration::rep> reported_at{0};
  mutable std::atomic<std::uint32_t> reports{0};   // since it was last judged
  mutable std::atomic<std::uint32_t> failures{0};  // in a row
  mutable std::atomic<bool> known_to_judge{false};

  // Guarded by FaultBoard's lock.
  mutable Strikes strikes;
  mutable Probation probation;
};

// Keeps one record for each broker at each address for as long as the client
// lives, so that a Pick can be two words that stay valid whatever happens to
// routes. The price is some 500 bytes for each address a broker ever had. A
// broker that comes back at another address starts without faults. One thread
// (the loop's) interns; records are shared.
class BrokerArena {
 public:
  const BrokerRecord* intern(const Broker& broker) {
    auto& record = records_[key(broker)];
    if (!record) record = std::make_unique<BrokerRecord>(broker);
    return record.get();
  }

 private:
  static std::string key(const Broker& broker) {
    // '\n' is in none of the names.
    return broker.cluster + "\n" + broker.name + "\n" +
           std::to_string(broker.id) + "\n" + broker.address + "\n" +
           broker.zone;
  }

  std::unordered_map<std::string, std::unique_ptr<BrokerRecord>> records_;
};

// The one place that makes picks, and knows that their brokers are records.
struct PickMaker {
  static Pick make(const BrokerRecord* record, std::uint32_t queue) {
    return Pick(record, queue);
  }
  // REQUIRES: a pick of make().
  static const BrokerRecord& record(const Pick& pick) {
    return static_cast<const BrokerRecord&>(pick.broker());
  }
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_BROKER_ARENA_H_
