// Picking and reporting, as application threads do, without an engine.

#include "client_sdk/runtime/client_state.h"

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace waypost::client {
namespace {

using namespace std::chrono_literals;

class ManualClock final : public base::Clock {
 public:
  base::Instant now() const override {
    return base::Instant(base::Duration(now_.load()));
  }
  base::WallTime wall_now() const override { return {}; }
  void advance(base::Duration by) { now_ += by.count(); }

 private:
  std::atomic<base::Duration::rep> now_{base::Duration(1000s).count()};
};

RouteGroup group_of(const std::string& name, std::uint32_t queues,
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

RouteGroup healthy(const std::string& name, std::uint32_t queues = 4) {
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
using Counts = StateFixture::Counts;

TEST_CASE("a topic not used before is wanted once, and not ready") {
  StateFixture it;
  for (int i = 0; i < 3; ++i) {
    const auto pick = it.state->pick("orders", {});
    REQUIRE_FALSE(pick);
    CHECK(pick.error().code == ErrorCode::kNotReady);
  }
  CHECK(it.wanted == std::vector<std::string>{"orders"});
  CHECK(it.state->pick("a b", {}).error().code == ErrorCode::kInvalidArgument);
}

TEST_CASE("a denied topic is wanted again when the denial is old") {
  StateFixture it;
  TopicState* topic = *it.state->topic("orders");
  topic->missing = true;
  topic->ask_again = (it.clock.now().time_since_epoch() + 1s).count();
  it.wanted.clear();
  CHECK(it.state->pick("orders", {}).error().code == ErrorCode::kNotFound);
  CHECK(it.wanted.empty());
  it.clock.advance(1s);
  CHECK(it.state->pick("orders", {}).error().code == ErrorCode::kNotFound);
  CHECK(it.state->pick("orders", {}).error().code == ErrorCode::kNotFound);
  CHECK(it.wanted.size() == 1);
}

TEST_CASE("brokers and queues take turns, by name and by handle alike") {
  StateFixture it;
  it.publish("orders", {healthy("a"), healthy("b"), healthy("c")});
  std::map<std::pair<std::string, std::uint32_t>, int> taken;
  const TopicSlot slot = (*it.state->topic("orders"))->slot;
  for (int i = 0; i < 120; ++i) {
    const auto pick =
        i % 2 == 0 ? it.state->pick("orders", {}) : it.state->pick(slot, {});
    REQUIRE(pick);
    ++taken[{pick->broker_name(), pick->queue()}];
  }
  CHECK(taken.size() == 12);
  for (const auto& [queue, times] : taken) CHECK(times == 10);
}

TEST_CASE("producing takes masters with writable queues") {
  StateFixture it;
  const auto up = BrokerHealth::kHealthy;
  it.publish("orders",
             {group_of("a", 4, {{2, up}, {0, up}, {1, up}}),
              group_of("b", 4, {{0, up}}),
              // Its master is gone: who is left only reads.
              group_of("masterless", 4, {{3, up}, {2, up}}),
              group_of("read-only", 4, {{0, up}}, true, false),
              group_of("no-queues", 0, {{0, up}}), group_of("nobody", 4, {})});
  std::set<std::string> addresses;
  for (int i = 0; i < 40; ++i) addresses.insert(it.pick("orders").address());
  CHECK(addresses == std::set<std::string>{"a-0:1", "b-0:1"});
}

TEST_CASE("consuming takes readable queues, of the healthiest replica") {
  StateFixture it;
  const auto up = BrokerHealth::kHealthy;
  it.publish("orders",
             {group_of("a", 4, {{0, BrokerHealth::kSuspect}, {1, up}}),
              group_of("b", 4, {{0, up}, {1, up}}),
              group_of("write-only", 4, {{0, up}}, false, true)});
  std::set<std::string> addresses;
  for (int i = 0; i < 40; ++i) {
    addresses.insert(
        it.pick("orders", {.purpose = PickFor::kConsume, .avoid = {}})
            .address());
  }
  CHECK(addresses == std::set<std::string>{"a-1:1", "b-0:1"});
}

TEST_CASE("a route without usable queues says so") {
  StateFixture it;
  it.publish("orders",
             {group_of("a", 4, {{0, BrokerHealth::kHealthy}}, true, false)});
  const auto pick = it.state->pick("orders", {});
  REQUIRE_FALSE(pick);
  CHECK(pick.error().code == ErrorCode::kUnavailable);
  CHECK(pick.error().message.find("writable") != std::string::npos);
}

TEST_CASE("suspects are used last") {
  StateFixture it;
  const auto suspect = group_of("s", 4, {{0, BrokerHealth::kSuspect}});
  it.publish("orders", {healthy("a"), suspect, healthy("b")});
  CHECK(it.tally("orders", 10) == Counts{{"a", 5}, {"b", 5}});
  it.publish("orders", {suspect});
  CHECK(it.tally("orders", 10) == Counts{{"s", 10}});
}

TEST_CASE("a failed broker is left out, the others stay fair") {
  StateFixture it;
  it.publish("orders", {healthy("a"), healthy("b"), healthy("c")});
  Pick pick;
  while (pick.empty() || pick.broker_name() != "b") pick = it.pick("orders");
  it.state->report(pick, Outcome::kFailed, 1ms);
  CHECK(it.tally("orders", 100) == Counts{{"a", 50}, {"c", 50}});
  REQUIRE(it.changes.size() == 1);
  CHECK(it.changes[0].failed);
  CHECK(it.changes[0].until == it.clock.now() + 600s);
  // A quick success of one that was in flight ends it.
  it.state->report(pick, Outcome::kOk, 1ms);
  CHECK(it.tally("orders", 99) == Counts{{"a", 33}, {"b", 33}, {"c", 33}});
}

TEST_CASE("each further failure shows in the next pick") {
  StateFixture it;
  it.publish("orders",
             {healthy("a"), healthy("b"), healthy("c"), healthy("d")});
  std::map<std::string, Pick> picks;
  while (picks.size() < 4) {
    const Pick pick = it.pick("orders");
    picks[pick.broker_name()] = pick;
  }
  it.state->report(picks["a"], Outcome::kFailed, 1ms);
  CHECK(it.tally("orders", 9) == Counts{{"b", 3}, {"c", 3}, {"d", 3}});
  it.state->report(picks["b"], Outcome::kFailed, 1ms);
  CHECK(it.tally("orders", 8) == Counts{{"c", 4}, {"d", 4}});
  it.state->report(picks["a"], Outcome::kOk, 1ms);
  CHECK(it.tally("orders", 9) == Counts{{"a", 3}, {"c", 3}, {"d", 3}});
}

TEST_CASE("an avoidance ends by time alone, before anybody sweeps") {
  StateFixture it;
  it.publish("orders", {healthy("a"), healthy("b")});
  const Pick pick = it.pick("orders");
  it.state->report(pick, Outcome::kOk, 600ms);
  it.clock.advance(30s - 1ns);
  CHECK(it.tally("orders", 10).size() == 1);
  it.clock.advance(1ns);
  CHECK(it.tally("orders", 10) == Counts{{"a", 5}, {"b", 5}});
  CHECK(it.state->stats().avoided == 1);
  const auto over = it.state->faults().expire(it.clock.now());
  CHECK(over.size() == 1);
  CHECK(it.state->stats().avoided == 0);
}

TEST_CASE("when all have failed, the least bad are used") {
  StateFixture it;
  it.publish("orders",
             {healthy("a"), healthy("b"), healthy("c"), healthy("d")});
  std::map<std::string, Pick> picks;
  while (picks.size() < 4) {
    const Pick pick = it.pick("orders");
    picks[pick.broker_name()] = pick;
  }
  it.state->report(picks["a"], Outcome::kOk, 700ms);
  it.state->report(picks["b"], Outcome::kFailed, 1ms);
  it.state->report(picks["c"], Outcome::kOk, 1200ms);
  it.state->report(picks["d"], Outcome::kFailed, 1ms);
  CHECK(it.tally("orders", 10) == Counts{{"a", 5}, {"c", 5}});
}

TEST_CASE("the only broker is used whatever it does") {
  StateFixture it;
  it.publish("orders", {healthy("a")});
  it.state->report(it.pick("orders"), Outcome::kFailed, 1ms);
  CHECK(it.tally("orders", 3) == Counts{{"a", 3}});
}

TEST_CASE("a rejected request says nothing bad about the broker but its time") {
  StateFixture it;
  it.publish("orders", {healthy("a"), healthy("b")});
  it.state->report(it.pick("orders"), Outcome::kRejected, 1ms);
  CHECK(it.changes.empty());
  it.state->report(it.pick("orders"), Outcome::kRejected, 700ms);
  CHECK(it.changes.size() == 1);
}

TEST_CASE("with the policy off nothing is avoided") {
  StateFixture it(FaultPolicy::kOff);
  it.publish("orders", {healthy("a"), healthy("b")});
  it.state->report(it.pick("orders"), Outcome::kFailed, 1ms);
  CHECK(it.tally("orders", 10) == Counts{{"a", 5}, {"b", 5}});
  CHECK(it.changes.empty());
}

// --- The policy `adaptive` ---

TEST_CASE("adaptive: a failed broker is out, then trickles, then is back") {
  StateFixture it(FaultPolicy::kAdaptive);
  it.publish("orders", {healthy("a"), healthy("b")});
  it.state->report(it.pick_of("a"), Outcome::kFailed, 1ms);
  CHECK(it.tally("orders", 100) == Counts{{"b", 100}});
  CHECK(it.state->stats().avoided == 1);
  it.clock.advance(5s);
  const Counts trickle = it.tally("orders", 1200);
  CHECK(trickle.at("a") == doctest::Approx(100).epsilon(0.03));
  REQUIRE(it.state->faults().expire(it.clock.now()).size() == 1);
  CHECK(it.state->stats().avoided == 0);
  // Told once; the trickle goes on.
  CHECK(it.state->faults().expire(it.clock.now()).empty());
  CHECK(it.tally("orders", 1200).at("a") == doctest::Approx(100).epsilon(0.03));
  it.clock.advance(10s);
  CHECK(it.state->faults().expire(it.clock.now()).empty());
  CHECK_FALSE(it.state->faults().any());
  CHECK(it.tally("orders", 100) == Counts{{"a", 50}, {"b", 50}});
}

TEST_CASE("adaptive: what was under way when it was ejected adds no strike") {
  StateFixture it(FaultPolicy::kAdaptive);
  it.publish("orders", {healthy("a"), healthy("b")});
  const Pick pick = it.pick_of("a");
  for (int i = 0; i < 5; ++i) {
    it.state->report(pick, Outcome::kFailed, 1ms);
  }
  REQUIRE(it.changes.size() == 1);
  CHECK(it.changes[0].until == it.clock.now() + 5s);
  it.clock.advance(5s);
  it.state->report(pick, Outcome::kFailed, 1ms);
  REQUIRE(it.changes.size() == 2);
  CHECK(it.changes[1].until == it.clock.now() + 10s);
}

TEST_CASE("adaptive: failures count in a row, a success begins anew") {
  ClientOptions options;
  options.adaptive.failures = 3;
  StateFixture it(FaultPolicy::kAdaptive, options);
  it.publish("orders", {healthy("a"), healthy("b")});
  const Pick pick = it.pick_of("a");
  const auto avoided = [&] { return it.state->stats().avoided; };
  for (const Outcome outcome :
       {Outcome::kFailed, Outcome::kFailed, Outcome::kOk, Outcome::kFailed,
        Outcome::kFailed, Outcome::kRejected, Outcome::kFailed,
        Outcome::kFailed}) {
    it.state->report(pick, outcome, 1ms);
    CHECK(avoided() == 0);
  }
  it.state->report(pick, Outcome::kFailed, 1ms);
  CHECK(avoided() == 1);
  CHECK(it.changes.back().why == "failed 3 times in a row");
}

TEST_CASE("adaptive: who is far slower than the others is ejected") {
  StateFixture it(FaultPolicy::kAdaptive);
  it.publish("orders", {healthy("a"), healthy("b"), healthy("c")});
  const auto report_all = [&](std::chrono::nanoseconds of_a) {
    for (int i = 0; i < 12; ++i) {
      it.state->report(it.pick_of("a"), Outcome::kOk, of_a);
      it.state->report(it.pick_of("b"), Outcome::kOk, 10ms);
      it.state->report(it.pick_of("c"), Outcome::kOk, 12ms);
    }
  };
  report_all(30ms);
  // One message for all these reports.
  REQUIRE(it.changes.size() == 1);
  CHECK(it.changes[0].what == FaultBoard::Change::What::kReportsCame);
  CHECK(it.state->faults().judge(it.clock.now()).empty());
  report_all(900ms);
  CHECK(it.changes.size() == 2);
  const auto ejected = it.state->faults().judge(it.clock.now());
  REQUIRE(ejected.size() == 1);
  CHECK(ejected[0].broker->name == "a");
  CHECK(ejected[0].why.find("far above") != std::string::npos);
  CHECK(it.tally("orders", 100) == Counts{{"b", 50}, {"c", 50}});
  // Judged by what it does from now on, not by what it did.
  it.clock.advance(60s);
  it.state->faults().expire(it.clock.now());
  report_all(10ms);
  CHECK(it.state->faults().judge(it.clock.now()).empty());
}

TEST_CASE("adaptive: at most half are out, and never the last") {
  StateFixture it(FaultPolicy::kAdaptive);
  it.publish("orders",
             {healthy("a"), healthy("b"), healthy("c"), healthy("d")});
  for (int i = 0; i < 100; ++i) {
    it.state->report(it.pick("orders"), Outcome::kFailed, 1ms);
  }
  CHECK(it.tally("orders", 100).size() == 2);
}

// --- Selectors ---

TEST_CASE("equal keys meet, and leave a failed broker until it is back") {
  StateFixture it;
  it.publish("orders", {healthy("a"), healthy("b"), healthy("c")});
  std::map<std::string, Pick> home;
  for (int i = 0; i < 60; ++i) {
    const std::string key = "key-" + std::to_string(i);
    home[key] = it.pick("orders", {.key = key});
    CHECK(it.pick("orders", {.key = key}).queue() == home[key].queue());
  }
  it.state->report(it.pick_of("a"), Outcome::kFailed, 1ms);
  for (const auto& [key, pick] : home) {
    const Pick now = it.pick("orders", {.key = key});
    CHECK(now.broker_name() != "a");
    if (pick.broker_name() != "a") {
      CHECK(now.address() == pick.address());
      CHECK(now.queue() == pick.queue());
    }
    // A retry goes to another one.
    CHECK(it.pick("orders", {.key = key, .avoid = {&now, 1}}).broker_name() !=
          now.broker_name());
  }
  it.clock.advance(600s);
  for (const auto& [key, pick] : home) {
    CHECK(it.pick("orders", {.key = key}).address() == pick.address());
  }
}

TEST_CASE("an order configuration keeps a key's queue whatever happens") {
  StateFixture it;
  it.order = *parse_order_config("a:4;b:4;gone:4");
  it.publish("orders", {healthy("a"), healthy("b"), healthy("c")});
  it.state->report(it.pick_of("a"), Outcome::kFailed, 1ms);
  std::set<std::string> brokers;
  int refused = 0;
  for (int i = 0; i < 60; ++i) {
    const std::string key = "key-" + std::to_string(i);
    const auto pick = it.state->pick("orders", {.key = key});
    if (!pick) {
      CHECK(pick.error().code == ErrorCode::kUnavailable);
      CHECK(pick.error().message.find("gone") != std::string::npos);
      ++refused;
      continue;
    }
    brokers.insert(pick->broker_name());
    // Not even a retry goes elsewhere.
    CHECK(it.pick("orders", {.key = key, .avoid = {&*pick, 1}}).queue() ==
          pick->queue());
  }
  CHECK(brokers == std::set<std::string>{"a", "b"});
  CHECK(refused > 5);
  // Without a key: in turn, among the brokers of the order.
  CHECK(it.tally("orders", 10) == Counts{{"b", 10}});
  // Consumers read wherever there is something to read.
  CHECK(it.pick("orders", {.purpose = PickFor::kConsume, .key = "k"}).queue() <
        4);
}

TEST_CASE("an order whose brokers are all gone has no queues, not a crash") {
  StateFixture it;
  it.order = *parse_order_config("gone:4");
  it.publish("orders", {healthy("a")});
  CHECK(it.state->pick("orders", {}).error().code == ErrorCode::kUnavailable);
  CHECK(it.state->pick("orders", {.key = "k"}).error().code ==
        ErrorCode::kUnavailable);
  CHECK(it.pick("orders", {.purpose = PickFor::kConsume}).broker_name() == "a");
}

RouteGroup in_zone(const std::string& name, const std::string& zone) {
  RouteGroup group = healthy(name);
  group.replicas[0].broker.zone = zone;
  return group;
}

TEST_CASE("zone first: the others' turns only when the zone is too weak") {
  ClientOptions options;
  options.zone = "z1";
  options.selector = Selector::kZoneFirst;
  StateFixture it(FaultPolicy::kRocketmq4, options);
  it.publish("orders", {in_zone("a", "z1"), in_zone("b", "z2"),
                        in_zone("c", "z1"), in_zone("d", "z2")});
  CHECK(it.tally("orders", 100) == Counts{{"a", 50}, {"c", 50}});
  // In turn among all, where a pick asks for it.
  CHECK(it.tally("orders", 100, {.selector = Selector::kRoundRobin}).size() ==
        4);
  it.state->report(it.pick_of("a"), Outcome::kFailed, 1ms);
  CHECK(it.tally("orders", 100) == Counts{{"c", 100}});
  // A retry leaves the zone before it takes the one that is avoided.
  const Pick failed = it.pick_of("c");
  const Counts retries = it.tally("orders", 100, {.avoid = {&failed, 1}});
  CHECK(retries == Counts{{"b", 50}, {"d", 50}});
  it.state->report(failed, Outcome::kFailed, 1ms);
  CHECK(it.tally("orders", 100) == Counts{{"b", 50}, {"d", 50}});
}

TEST_CASE("consumers prefer a replica in their zone among the healthiest") {
  ClientOptions options;
  options.zone = "z2";
  StateFixture it(FaultPolicy::kRocketmq4, options);
  auto group = group_of("a", 4,
                        {{0, BrokerHealth::kHealthy},
                         {1, BrokerHealth::kSuspect},
                         {2, BrokerHealth::kHealthy}});
  group.replicas[0].broker.zone = "z1";
  group.replicas[1].broker.zone = "z2";
  group.replicas[2].broker.zone = "z2";
  it.publish("orders", {group});
  CHECK(it.pick("orders", {.purpose = PickFor::kConsume}).address() == "a-2:1");
  CHECK(it.pick("orders").address() == "a-0:1");
}

TEST_CASE("least latency: slow brokers are left, and tried again later") {
  ClientOptions options;
  options.selector = Selector::kLeastLatency;
  StateFixture it(FaultPolicy::kOff, options);
  it.publish("orders", {healthy("a"), healthy("b"), healthy("c")});
  for (int i = 0; i < 300; ++i) {
    const Pick pick = it.pick("orders");
    const bool slow = pick.broker_name() == "a";
    it.state->report(pick, Outcome::kOk, slow ? 200ms : 2ms);
  }
  Counts counts = it.tally("orders", 3000);
  CHECK(counts["a"] < 60);  // 20 on average
  CHECK(counts["a"] > 1);
  CHECK(counts.at("b") > 500);
  CHECK(counts.at("c") > 500);
  it.clock.advance(600s);  // all that was known has faded
  it.state->report(it.pick_of("b"), Outcome::kOk, 2ms);
  it.state->report(it.pick_of("c"), Outcome::kOk, 2ms);
  CHECK(it.tally("orders", 300).contains("a"));
}

TEST_CASE("a custom selector sees what there is and is not trusted") {
  ClientOptions options;
  options.selector = Selector::kCustom;
  std::optional<SelectorChoice> answer = SelectorChoice{1, 3};
  bool throws = false;
  std::vector<SelectorCandidate> seen;
  options.custom_selector = [&](std::string_view topic,
                                std::span<const SelectorCandidate> candidates) {
    CHECK(topic == "orders");
    seen.assign(candidates.begin(), candidates.end());
    if (throws) throw std::runtime_error("oops");
    return answer;
  };
  StateFixture it(FaultPolicy::kRocketmq4, options);
  it.publish("orders", {healthy("a"), healthy("b")});
  Pick pick = it.pick("orders");
  CHECK(pick.broker_name() == "b");
  CHECK(pick.queue() == 3);
  it.state->report(pick, Outcome::kFailed, 40ms);
  pick = it.pick("orders");
  REQUIRE(seen.size() == 2);
  CHECK_FALSE(seen[0].left_out);
  CHECK(seen[1].left_out);
  CHECK(seen[1].latency == 40ms);
  CHECK(seen[1].queues == 4);

  const auto code = [&] { return it.state->pick("orders", {}).error().code; };
  answer = std::nullopt;
  CHECK(code() == ErrorCode::kUnavailable);
  answer = SelectorChoice{2, 0};
  CHECK(code() == ErrorCode::kInvalidArgument);
  answer = SelectorChoice{0, 4};
  CHECK(code() == ErrorCode::kInvalidArgument);
  throws = true;
  CHECK(code() == ErrorCode::kInvalidArgument);
}

TEST_CASE("a retry goes elsewhere as long as there is an elsewhere") {
  StateFixture it;
  it.publish("orders", {healthy("a"), healthy("b")});
  for (int i = 0; i < 10; ++i) {
    const Pick first = it.pick("orders");
    const Pick second =
        it.pick("orders", {.purpose = PickFor::kProduce, .avoid = {&first, 1}});
    CHECK(second.broker_name() != first.broker_name());
  }
  it.publish("orders", {healthy("a")});
  const Pick only = it.pick("orders");
  CHECK(it.pick("orders", {.purpose = PickFor::kProduce, .avoid = {&only, 1}})
            .broker_name() == "a");
}

TEST_CASE("a pick stays valid when its broker has left the route") {
  StateFixture it;
  it.publish("orders", {healthy("a")});
  const Pick pick = it.pick("orders");
  it.publish("orders", {healthy("b")});
  CHECK(it.pick("orders").broker_name() == "b");
  CHECK(pick.address() == "a-0:1");
  it.state->report(pick, Outcome::kFailed, 1ms);
  CHECK(it.tally("orders", 2) == Counts{{"b", 2}});
}

TEST_CASE("a broker at another address starts without faults") {
  StateFixture it;
  it.publish("orders", {healthy("a"), healthy("b")});
  Pick pick;
  while (pick.empty() || pick.broker_name() != "a") pick = it.pick("orders");
  it.state->report(pick, Outcome::kFailed, 1ms);
  auto moved = healthy("a");
  moved.replicas[0].broker.address = "elsewhere:1";
  it.publish("orders", {moved, healthy("b")});
  CHECK(it.tally("orders", 10) == Counts{{"a", 5}, {"b", 5}});
}

TEST_CASE("turns go on where they were when another topic changes") {
  StateFixture it;
  it.publish("orders", {healthy("a"), healthy("b"), healthy("c")});
  Counts counts;
  for (int i = 0; i < 300; ++i) {
    it.publish("other", {healthy("a")});
    ++counts[it.pick("orders").broker_name()];
  }
  CHECK(counts == Counts{{"a", 100}, {"b", 100}, {"c", 100}});
}

TEST_CASE("each thread is fair by itself, and threads start apart") {
  StateFixture it;
  it.publish("orders", {healthy("a"), healthy("b"), healthy("c")});
  std::set<std::string> starts;
  for (int i = 0; i < 32; ++i) {
    std::string first;
    Counts counts;
    std::thread([&] {
      for (int turn = 0; turn < 30; ++turn) {
        const Pick pick = *it.state->pick("orders", {});
        if (turn == 0) first = pick.broker_name();
        ++counts[pick.broker_name()];
      }
    }).join();
    CHECK(counts == Counts{{"a", 10}, {"b", 10}, {"c", 10}});
    starts.insert(first);
  }
  CHECK(starts.size() == 3);
}

TEST_CASE("one thread works with several clients, also after they are gone") {
  for (int round = 0; round < 3; ++round) {
    StateFixture one;
    StateFixture other;
    one.publish("orders", {healthy("a")});
    other.publish("orders", {healthy("b")});
    for (int i = 0; i < 5; ++i) {
      CHECK(one.pick("orders").broker_name() == "a");
      CHECK(other.pick("orders").broker_name() == "b");
    }
  }
}

TEST_CASE("a route is copied with its age, and known by name only") {
  StateFixture it;
  CHECK_FALSE(it.state->route("orders"));
  CHECK_FALSE(it.state->route_age("orders"));
  it.publish("orders", {healthy("a")});
  (*it.state->topic("orders"))->confirmed =
      it.clock.now().time_since_epoch().count();
  it.clock.advance(5s);
  CHECK(it.state->route("orders")->age == 5s);
  CHECK(it.state->route_age("orders") == 5s);
  CHECK_FALSE(it.state->route("other"));
}

TEST_CASE("too many topics are refused, those followed stay") {
  StateFixture it;
  it.options.topics_max = 1;
  it.state = std::make_unique<ClientState>(it.options, it.clock, it);
  CHECK(it.state->topic("orders"));
  CHECK(it.state->topic("other").error().code == base::ErrorCode::kTooLarge);
  CHECK(it.state->pick("other", {}).error().code == ErrorCode::kTooLarge);
  CHECK(it.state->topic("orders"));
}

TEST_CASE("names are found in a large index, and none that is not there") {
  StateFixture it;
  for (int i = 0; i < 1000; ++i) {
    REQUIRE(it.state->topic("topic-" + std::to_string(i)));
  }
  it.publish("orders", {healthy("a")});
  const auto table = it.state->routes().current();
  for (int i = 0; i < 1000; ++i) {
    CHECK(table->names->find("topic-" + std::to_string(i)) ==
          static_cast<TopicSlot>(i));
    CHECK_FALSE(table->names->find("topic-" + std::to_string(i + 1000)));
  }
}

}  // namespace
}  // namespace waypost::client
