#ifndef WAYPOST_TESTS_CLIENT_SDK_RUNTIME_STATE_FIXTURE_H_
#define WAYPOST_TESTS_CLIENT_SDK_RUNTIME_STATE_FIXTURE_H_

// What application threads use of a client, without an engine.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "client_sdk/runtime/client_state.h"

namespace waypost::client {

class ManualClock final : public base::Clock {
 public:
  base::Instant now() const override {
    return base::Instant(base::Duration(now_.load()));
  }
  base::WallTime wall_now() const override { return {}; }
  void advance(base::Duration by) { now_ += by.count(); }

 private:
  std::atomic<base::Duration::rep> now_{
      base::Duration(std::chrono::seconds(1000)).count()};
};

inline RouteGroup group_of(
    const std::string& name, std::uint32_t queues,
    std::vector<std::pair<std::int64_t, BrokerHealth>> replicas,
    bool readable = true, bool writable = true) {
  RouteGroup group{"cluster", name, queues, queues, readable, writable, {}};
  for (const auto& [id, health] : replicas) {
    const std::string host = name + "-" + std::to_string(id);
    group.replicas.push_back(
        {{"cluster", name, id, host, 1, host + ":1", ""}, health});
  }
  return group;
}

inline RouteGroup healthy(const std::string& name, std::uint32_t queues = 4) {
  return group_of(name, queues, {{0, BrokerHealth::kHealthy}});
}

// A state whose engine is the test.
class StateFixture : public EngineMailbox {
 public:
  explicit StateFixture(FaultPolicy policy = FaultPolicy::kRocketmq4,
                        ClientOptions with = {})
      : options(std::move(with)) {
    options.random_seed = 1;
    options.fault_policy = policy;
    state = std::make_unique<ClientState>(options, clock, *this);
  }

  void want(TopicState& topic) override { wanted.push_back(topic.name); }
  void fault_changed(const FaultBoard::Change& change) override {
    changes.push_back(change);
  }

  // Publishes a table with one more topic, or another route of it.
  void publish(const std::string& topic, std::vector<RouteGroup> groups) {
    const TopicSlot slot = (*state->topic(topic))->slot;
    RouteTable table;
    table.topics = state->directory().all();
    table.names =
        std::make_shared<const NameIndex>(std::vector<const TopicState*>(
            table.topics.begin(), table.topics.end()));
    Route route;
    route.topic = topic;
    route.groups = std::move(groups);
    routes.resize(std::max(routes.size(), table.topics.size()));
    routes[slot] = std::make_shared<const TopicRoute>(
        make_topic_route(std::move(route), state->arena(), options.zone,
                         order ? &*order : nullptr));
    table.routes = routes;
    state->routes().publish(std::move(table));
  }

  Pick pick(const std::string& topic, PickOptions with = {}) {
    const auto pick = state->pick(topic, with);
    REQUIRE(pick);
    return *pick;
  }

  // How often each broker was picked in so many turns.
  std::map<std::string, int> tally(const std::string& topic, int turns,
                                   PickOptions with = {}) {
    std::map<std::string, int> counts;
    for (int i = 0; i < turns; ++i) ++counts[pick(topic, with).broker_name()];
    return counts;
  }

  using Counts = std::map<std::string, int>;

  // The pick of a certain broker, after some turns.
  Pick pick_of(const std::string& broker) {
    for (;;) {
      const Pick found = pick("orders");
      if (found.broker_name() == broker) return found;
    }
  }

  ManualClock clock;
  ClientOptions options;
  std::optional<OrderConfig> order;  // of all topics
  std::unique_ptr<ClientState> state;
  std::vector<std::shared_ptr<const TopicRoute>> routes;
  std::vector<std::string> wanted;
  std::vector<FaultBoard::Change> changes;
};

}  // namespace waypost::client

#endif  // WAYPOST_TESTS_CLIENT_SDK_RUNTIME_STATE_FIXTURE_H_
