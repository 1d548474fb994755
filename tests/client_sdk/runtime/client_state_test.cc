// Picking, as application threads do: turns, routes that change, several
// clients and threads.

#include <map>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "tests/client_sdk/runtime/state_fixture.h"

namespace waypost::client {
namespace {

using namespace std::chrono_literals;
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

// Picks when it ends.
struct LastPick {
  ClientState* state = nullptr;
  std::string* picked = nullptr;
  ~LastPick() {
    if (state == nullptr) return;
    for (int i = 0; i < 2; ++i) {
      const auto pick = state->pick("orders", {});
      *picked += pick ? pick->broker_name() : pick.error().message;
    }
  }
};

TEST_CASE("a thread that ends may still pick, before its views end or after") {
  StateFixture it;
  it.publish("orders", {healthy("a")});
  for (const bool picks_first : {false, true}) {
    CAPTURE(picks_first);
    std::string first;
    std::string last;
    std::thread([&] {
      // What a thread makes first ends last.
      if (picks_first) CHECK(it.state->pick("orders", {}));
      thread_local LastPick one;
      one.state = it.state.get();
      one.picked = &last;
      if (!picks_first) CHECK(it.state->pick("orders", {}));
      thread_local LastPick other;
      other.state = it.state.get();
      other.picked = &first;
    }).join();
    CHECK(first == "aa");
    CHECK(last == "aa");
  }
  CHECK(it.state->routes().picks() == 10);
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
