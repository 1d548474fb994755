#include "client_sdk/runtime/route_table.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "wire/model/ids.h"

namespace waypost::client {
namespace {

const RouteReplica* master_of(const RouteGroup& group) {
  const auto found = std::find_if(
      group.replicas.begin(), group.replicas.end(),
      [](const RouteReplica& replica) { return replica.broker.id == 0; });
  return found == group.replicas.end() ? nullptr : &*found;
}

const RouteReplica* reader_of(const RouteGroup& group, std::string_view zone) {
  const auto rank = [zone](const RouteReplica& replica) {
    const bool elsewhere = zone.empty() || replica.broker.zone != zone;
    return std::tuple(replica.health, elsewhere, replica.broker.id);
  };
  const auto best =
      std::min_element(group.replicas.begin(), group.replicas.end(),
                       [&](const RouteReplica& one, const RouteReplica& other) {
                         return rank(one) < rank(other);
                       });
  return best == group.replicas.end() ? nullptr : &*best;
}

class PlanMaker {
 public:
  PlanMaker(BrokerArena& arena, std::string_view zone)
      : arena_(arena), zone_(zone) {}

  // The broker, or null when it does not take part.
  const BrokerRecord* add(const RouteReplica* replica, bool permitted,
                          std::uint32_t queues) {
    if (replica == nullptr || !permitted || queues == 0) return nullptr;
    const BrokerRecord* broker = arena_.intern(replica->broker);
    plan_.candidates.push_back(
        {broker, static_cast<std::uint8_t>(replica->health)});
    plan_.keys.push_back({model::hash_bytes(broker->name), queues});
    plan_.zones.push_back({!zone_.empty() && broker->zone == zone_, queues});
    queues_.push_back(queues);
    return broker;
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
  const std::string_view zone_;
  PickPlan plan_;
  std::vector<std::uint32_t> queues_;
};

std::unique_ptr<const OrderPlan> plan_order(const OrderConfig& config,
                                            const Route& route,
                                            PlanMaker& produce) {
  auto plan = std::make_unique<OrderPlan>();
  plan->config = config;
  plan->queues = config.queues();
  for (const auto& broker : config.brokers) {
    const auto group = std::find_if(
        route.groups.begin(), route.groups.end(),
        [&](const RouteGroup& each) { return each.name == broker.name; });
    plan->brokers.push_back(
        group == route.groups.end()
            ? nullptr
            : produce.add(master_of(*group), group->writable, broker.queues));
  }
  return plan;
}

}  // namespace

TopicRoute make_topic_route(Route route, BrokerArena& arena,
                            std::string_view zone, const OrderConfig* order) {
  static std::atomic<std::uint64_t> last_id{0};
  TopicRoute made;
  made.id = last_id.fetch_add(1, std::memory_order_relaxed) + 1;
  PlanMaker produce(arena, zone);
  PlanMaker consume(arena, zone);
  if (order != nullptr) made.order = plan_order(*order, route, produce);
  for (const auto& group : route.groups) {
    if (order == nullptr) {
      produce.add(master_of(group), group.writable, group.write_queues);
    }
    consume.add(reader_of(group, zone), group.readable, group.read_queues);
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
