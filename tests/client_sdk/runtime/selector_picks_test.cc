// Picks by key, order configuration, zone, latency and custom selectors.

#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/client_sdk/runtime/state_fixture.h"

namespace waypost::client {
namespace {

using namespace std::chrono_literals;
using Counts = StateFixture::Counts;

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

}  // namespace
}  // namespace waypost::client
