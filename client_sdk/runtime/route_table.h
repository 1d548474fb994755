#ifndef WAYPOST_CLIENT_SDK_RUNTIME_ROUTE_TABLE_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_ROUTE_TABLE_H_

// What picking threads read: immutable tables of routes, prepared for picking.

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "client_sdk/core/key_choice.h"
#include "client_sdk/core/order_config.h"
#include "client_sdk/core/turn_order.h"
#include "client_sdk/core/zone_preference.h"
#include "client_sdk/runtime/broker_arena.h"
#include "waypost/client.hpp"
#include "waypost/route.hpp"
#include "wire/model/route.h"

namespace waypost::client {

// A topic's number, for the life of a client.
using TopicSlot = std::uint32_t;

// What changes about a topic without its route changing. Lives as long as the
// client; written by the loop's thread.
struct TopicState {
  TopicState(std::string topic, TopicSlot number)
      : name(std::move(topic)), slot(number) {}

  const std::string name;
  const TopicSlot slot;
  // When a nameserver last told or confirmed the route; nanoseconds, 0: never.
  std::atomic<base::Duration::rep> confirmed{0};
  std::atomic<RouteOrigin> origin{RouteOrigin::kServer};  // of that
  // The last answer was that there is no such topic.
  std::atomic<bool> missing{false};
  // Not asked on demand before this; nanoseconds.
  std::atomic<base::Duration::rep> ask_again{0};
};

// The brokers of a topic that can be picked for one purpose, and their turns.
// The lists are parallel.
struct PickPlan {
  struct Candidate {
    const BrokerRecord* broker = nullptr;
    std::uint8_t health = 0;
  };
  std::vector<Candidate> candidates;
  std::vector<KeyCandidate> keys;
  std::vector<ZoneCandidate> zones;
  TurnOrder order;
  bool same_health = true;  // nobody to be used last
};

// Where the keys of a topic with an order configuration go.
struct OrderPlan {
  OrderConfig config;
  std::uint64_t queues = 0;
  // Of config.brokers; null: not in the route, or takes no messages.
  std::vector<const BrokerRecord*> brokers;
};

// A topic's route, ready for use.
struct TopicRoute {
  std::uint64_t id = 0;  // never used twice
  Route route;           // age 0
  PickPlan produce;
  PickPlan consume;
  std::unique_ptr<const OrderPlan> order;  // null: none

  const PickPlan& plan(PickFor purpose) const {
    return purpose == PickFor::kProduce ? produce : consume;
  }
};

// What is produced goes to a group's master (id 0), if the group is writable; a
// group whose master is gone only reads. What is consumed comes from the
// healthiest replica, among equals from one in `zone`, then from the lowest id,
// if the group is readable. `order` may be null; with it only its brokers are
// produced to, in as many queues as it says.
TopicRoute make_topic_route(Route route, BrokerArena& arena,
                            std::string_view zone = {},
                            const OrderConfig* order = nullptr);

// Name -> slot. Immutable; open addressing with a quarter to a half in use.
class NameIndex {
 public:
  NameIndex() = default;
  explicit NameIndex(const std::vector<const TopicState*>& topics);

  std::optional<TopicSlot> find(std::string_view name) const {
    if (cells_.empty()) return std::nullopt;
    const std::uint64_t hash = hash_of(name);
    for (std::size_t i = hash & mask_;; i = (i + 1) & mask_) {
      const Cell& cell = cells_[i];
      if (cell.topic == nullptr) return std::nullopt;
      if (cell.hash == hash && cell.topic->name == name) {
        return cell.topic->slot;
      }
    }
  }

 private:
  struct Cell {
    std::uint64_t hash = 0;
    const TopicState* topic = nullptr;
  };
  static std::uint64_t hash_of(std::string_view name);

  std::vector<Cell> cells_;
  std::size_t mask_ = 0;
};

struct RouteTable {
  std::uint64_t version = 0;
  bool closed = false;
  std::shared_ptr<const NameIndex> names = std::make_shared<NameIndex>();
  // By slot; null where no route is known yet.
  std::vector<std::shared_ptr<const TopicRoute>> routes;
  std::vector<TopicState*> topics;  // by slot
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_ROUTE_TABLE_H_
