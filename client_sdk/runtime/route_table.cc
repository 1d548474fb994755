#include "client_sdk/runtime/route_table.h"

#include <algorithm>
#include <utility>

#include "wire/model/ids.h"

namespace waypost::client {
namespace {

const RouteReplica* master_of(const RouteGroup& group) {
  const auto lowest =
      std::min_element(group.replicas.begin(), group.replicas.end(),
                       [](const RouteReplica& one, const RouteReplica& other) {
                         return one.broker.id < other.broker.id;
                       });
  return lowest == group.replicas.end() ? nullptr : &*lowest;
}

const RouteReplica* reader_of(const RouteGroup& group) {
  const auto best =
      std::min_element(group.replicas.begin(), group.replicas.end(),
                       [](const RouteReplica& one, const RouteReplica& other) {
                         return std::pair(one.health, one.broker.id) <
                                std::pair(other.health, other.broker.id);
                       });
  return best == group.replicas.end() ? nullptr : &*best;
}

class PlanMaker {
 public:
  explicit PlanMaker(BrokerArena& arena) : arena_(arena) {}

  void add(const RouteReplica* replica, bool permitted, std::uint32_t queues) {
    if (replica == nullptr || !permitted || queues == 0) return;
    plan_.candidates.push_back({arena_.intern(replica->broker),
                                static_cast<std::uint8_t>(replica->health)});
    queues_.push_back(queues);
  }

  PickPlan finish() {
    plan_.order = TurnOrder(queues_);
    for (const auto& each : plan_.candidates) {
      plan_.same_health &= each.health == plan_.candidates.front().health;
    }
    return std::move(plan_);
  }

 private:
  BrokerArena& arena_;
  PickPlan plan_;
  std::vector<std::uint32_t> queues_;
};

}  // namespace

TopicRoute make_topic_route(Route route, BrokerArena& arena) {
  static std::atomic<std::uint64_t> last_id{0};
  TopicRoute made;
  made.id = last_id.fetch_add(1, std::memory_order_relaxed) + 1;
  PlanMaker produce(arena);
  PlanMaker consume(arena);
  for (const auto& group : route.groups) {
    produce.add(master_of(group), group.writable, group.write_queues);
    consume.add(reader_of(group), group.readable, group.read_queues);
  }
  made.produce = produce.finish();
  made.consume = consume.finish();
  made.route = std::move(route);
  return made;
}

std::uint64_t NameIndex::hash_of(std::string_view name) {
  return model::hash_bytes(name);
}

NameIndex::NameIndex(const std::vector<const TopicState*>& topics) {
  std::size_t size = 8;
  while (size < topics.size() * 2) size *= 2;
  cells_.resize(size);
  mask_ = size - 1;
  for (const TopicState* topic : topics) {
    const std::uint64_t hash = hash_of(topic->name);
    std::size_t i = hash & mask_;
    while (cells_[i].topic != nullptr) i = (i + 1) & mask_;
    cells_[i] = {hash, topic};
  }
}

}  // namespace waypost::client
