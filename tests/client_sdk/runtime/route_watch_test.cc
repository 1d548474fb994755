// Pushed routes: how soon, resumed where, and what when there are none.

#include <chrono>
#include <set>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "base/random.h"
#include "tests/client_sdk/runtime/sim_client_world.h"
#include "wire/codec/native.h"

namespace waypost::client {
namespace {

using namespace std::chrono_literals;
using Behaviour = FakeNameserver::Behaviour;

// Polls seldom, so that what comes soon was pushed.
SimClientSettings patient() {
  SimClientSettings settings;
  settings.options.poll_interval = 10min;
  settings.options.negative_ttl = 1min;
  return settings;
}

TEST_CASE("a change is pushed within milliseconds, and says that it was") {
  SimClientWorld it(patient());
  it.set_route("orders", {"broker-a", "broker-b"});
  it.learn("orders");
  it.world.run_for(1s);
  REQUIRE(it.server(0).watches.size() == 1);
  CHECK(it.server(0).queries.size() == 1);
  // Watching sent nothing that was known.
  CHECK(it.server(0).routes_sent == 1);
  it.set_route("orders", {"broker-b"});
  it.world.run_for(10ms);
  CHECK(it.brokers("orders") == "broker-b");
  CHECK(it.state->route("orders")->origin == RouteOrigin::kPush);
  CHECK(*it.state->route_age("orders") < 20ms);
  CHECK(it.last<RouteChanged>().removed ==
        std::vector<std::string>{"broker-a"});
  CHECK(it.server(0).queries.size() == 1);
  // A pick sees it at once.
  CHECK(it.state->pick("orders", {})->broker_name() == "broker-b");
}

TEST_CASE("topics that are followed later are watched, too") {
  SimClientWorld it(patient());
  for (const char* topic : {"orders", "payments", "refunds"}) {
    it.set_route(topic, {"broker-a"});
    it.learn(topic);
    it.world.run_for(1s);
    it.set_route(topic, {"broker-b"});
    it.world.run_for(10ms);
    CHECK(it.brokers(topic) == "broker-b");
  }
  CHECK(it.server(0).watches.size() == 3);
  CHECK(it.server(0).queries.size() == 3);
}

TEST_CASE("a topic that nobody serves is watched until somebody does") {
  SimClientWorld it(patient());
  CHECK_FALSE(it.state->pick("orders", {}));
  it.world.run_for(1s);
  CHECK(it.state->pick("orders", {}).error().code == ErrorCode::kNotFound);
  it.set_route("orders", {"broker-a"});
  it.world.run_for(kPushPause + 10ms);
  CHECK(it.state->pick("orders", {}));
  // And one that nobody serves any more keeps its last route, marked.
  for (auto& each : it.servers) each->remove_route("orders");
  it.world.run_for(kPushPause + 10ms);
  CHECK(it.brokers("orders") == "broker-a");
  CHECK(it.state->route("orders")->missing);
  it.set_route("orders", {"broker-a"});
  it.world.run_for(kPushPause + 10ms);
  CHECK_FALSE(it.state->route("orders")->missing);
}

TEST_CASE("after a reconnect only what changed meanwhile is sent") {
  SimClientWorld it(patient());
  for (int i = 0; i < 20; ++i) {
    const std::string topic = "topic-" + std::to_string(i);
    it.set_route(topic, {"broker-a"});
    it.learn(topic);
  }
  it.world.run_for(1s);
  // To the other nameserver, which has had no client so far.
  it.kill_nameserver(0);
  it.server(1).set_route("topic-7", {"broker-b"});
  it.world.run_for(2s);
  CHECK(it.nameserver() == "10.0.0.2:9876");
  CHECK(it.brokers("topic-7") == "broker-b");
  REQUIRE(it.server(1).watches.size() == 1);
  CHECK(it.server(1).watches[0].topics.size() == 20);
  CHECK(it.server(1).routes_sent == 1);
  CHECK(it.server(1).queries.empty());
  it.server(1).set_route("topic-8", {"broker-c"});
  it.world.run_for(10ms);
  CHECK(it.brokers("topic-8") == "broker-c");
}

TEST_CASE("whenever the connection is lost, the next one brings the change") {
  // In the midst of connecting, asking, having it watched, or being told. The
  // nameserver believes that it told.
  for (int at_ms = 0; at_ms < 40; ++at_ms) {
    for (const std::size_t nameservers : {1UL, 2UL}) {
      CAPTURE(at_ms);
      CAPTURE(nameservers);
      auto settings = patient();
      settings.nameservers = nameservers;
      settings.seed = static_cast<std::uint64_t>(at_ms) + 1;
      SimClientWorld it(settings);
      it.set_route("orders", {"broker-a"});
      it.topic_state("orders");
      it.world.run_for(std::chrono::milliseconds(at_ms));
      it.world.cut("app", "ns-a");
      it.set_route("orders", {"broker-b"});
      it.world.run_for(2s);
      it.world.heal_all();
      REQUIRE(it.world.run_until(
          [&] { return it.brokers("orders") == "broker-b"; }, 10s));
      // And is watched there.
      it.world.run_for(1s);
      it.set_route("orders", {"broker-c"});
      it.world.run_for(10ms);
      REQUIRE(it.brokers("orders") == "broker-c");
    }
  }
}

TEST_CASE("who waits for a refresh finds what was pushed on the way to it") {
  SimClientWorld it(patient());
  it.set_route("orders", {"broker-a"});
  it.learn("orders");
  it.world.run_for(1s);
  // Pushed, and then told once more by the answer, which finds it known.
  it.server(0).before_answer = [&] { it.set_route("orders", {"broker-b"}); };
  std::string found;
  it.engine->refresh(it.topic_state("orders"), [&](const base::Status&) {
    found = it.brokers("orders");
  });
  it.world.run_for(1s);
  CHECK(found == "broker-b");
}

TEST_CASE("a nameserver that cannot push now is asked again later") {
  for (const auto refusal :
       {base::ErrorCode::kBusy, base::ErrorCode::kNotReady}) {
    SimClientWorld it(patient());
    it.server(0).pushes = false;
    it.server(0).watch_refusal = refusal;
    it.set_route("orders", {"broker-a"});
    it.learn("orders");
    it.world.run_for(1s);
    CHECK(it.nameserver() == "10.0.0.1:9876");
    it.server(0).pushes = true;
    // With the next poll.
    CHECK(it.refresh("orders").status);
    it.world.run_for(1s);
    CHECK(it.server(0).watches.size() == 1);
    it.set_route("orders", {"broker-b"});
    it.world.run_for(10ms);
    CHECK(it.brokers("orders") == "broker-b");
  }
}

TEST_CASE("an older answer of another nameserver does not undo a push") {
  auto settings = patient();
  settings.options.hedge = Hedge::kAfter;
  settings.options.hedge_after = 20ms;
  settings.options.hedge_extra_load_percent = 100;
  SimClientWorld it(settings);
  it.set_route("orders", {"broker-a"});
  it.learn("orders");
  it.world.run_for(1s);
  // The other one has not heard of broker-b yet.
  it.server(0).set_route("orders", {"broker-a", "broker-b"});
  it.world.run_for(100ms);
  CHECK(it.brokers("orders") == "broker-a broker-b");
  it.server(0).answer_delay = 200ms;
  CHECK(it.refresh("orders").status);
  CHECK(it.server(1).queries.size() == 1);
  it.world.run_for(20ms);
  CHECK(it.brokers("orders") == "broker-a broker-b");
}

TEST_CASE("a nameserver that cannot push is polled, nothing is lost") {
  SimClientWorld it;  // polls each 2 s
  for (auto& each : it.servers) each->pushes = false;
  it.set_route("orders", {"broker-a"});
  it.learn("orders");
  it.world.run_for(1s);
  it.set_route("orders", {"broker-b"});
  it.world.run_for(3s);
  CHECK(it.brokers("orders") == "broker-b");
  CHECK(it.state->route("orders")->origin == RouteOrigin::kServer);
  CHECK(it.count<NameserverSwitched>() == 0);
}

TEST_CASE("a push that is lost costs one poll") {
  SimClientWorld it;
  it.set_route("orders", {"broker-a"});
  it.learn("orders");
  it.world.run_for(500ms);
  // Without telling.
  it.server(0).routes["orders"] = route_of("orders", {"broker-b"});
  it.world.run_for(3s);
  CHECK(it.brokers("orders") == "broker-b");
}

TEST_CASE("an order configuration comes with the route, and changes with it") {
  SimClientWorld it(patient());
  auto ordered = [&](const std::string& order) {
    auto route = route_of("orders", {"broker-a", "broker-b"});
    route.route.order = order;
    route.digest = model::digest_route(route.route);
    return route;
  };
  it.server(0).routes["orders"] = ordered("broker-b:4");
  it.learn("orders");
  it.world.run_for(1s);
  const auto picked = [&](const std::string& key) {
    PickOptions options;
    options.key = key;
    return it.state->pick("orders", options)->broker_name();
  };
  for (int key = 0; key < 20; ++key) {
    CHECK(picked(std::to_string(key)) == "broker-b");
  }
  for (const auto& [order, broker] : {std::pair("broker-a:2", "broker-a"),
                                      std::pair("broker-b:1", "broker-b")}) {
    it.server(0).tell_route(ordered(order));
    it.world.run_for(kPushPause + 10ms);
    CHECK(picked("7") == broker);
  }
  // One that makes no sense is none.
  it.server(0).tell_route(ordered("broker-a"));
  it.world.run_for(kPushPause + 10ms);
  std::set<std::string> all;
  for (int key = 0; key < 50; ++key) all.insert(picked(std::to_string(key)));
  CHECK(all.size() == 2);
}

TEST_CASE("watching can be switched off") {
  auto settings = patient();
  settings.options.watch = false;
  SimClientWorld it(settings);
  it.set_route("orders", {"broker-a"});
  it.learn("orders");
  it.set_route("orders", {"broker-b"});
  it.world.run_for(1min);
  CHECK(it.server(0).watches.empty());
  CHECK(it.brokers("orders") == "broker-a");
}

TEST_CASE("a nameserver that pushes nonsense is left") {
  SimClientWorld it(patient());
  it.set_route("orders", {"broker-a"});
  it.learn("orders");
  it.world.run_for(1s);
  it.server(0).acceptor().for_each([](rpc::ServerSession& session) {
    session.push(codec::FrameKind::kRoute, std::string(64, '\x5a'));
  });
  it.world.run_for(100ms);
  CHECK(it.nameserver() == "10.0.0.2:9876");
  CHECK(it.brokers("orders") == "broker-a");
}

TEST_CASE("pushes of what nobody asked for are ignored") {
  SimClientWorld it(patient());
  it.set_route("orders", {"broker-a"});
  it.learn("orders");
  it.world.run_for(1s);
  it.server(0).acceptor().for_each([](rpc::ServerSession& session) {
    for (int i = 0; i < 1000; ++i) {
      session.push(
          codec::FrameKind::kRoute,
          codec::encode(route_of("other-" + std::to_string(i), {"broker-a"})));
    }
  });
  it.world.run_for(1s);
  CHECK(it.state->directory().size() == 1);
  CHECK(it.count<RouteChanged>() == 1);
}

TEST_CASE("ten thousand topics are asked for and watched in pieces") {
  auto settings = patient();
  settings.options.rpc_timeout = 10s;
  SimClientWorld it(settings);
  for (int i = 0; i < 10'000; ++i) {
    const std::string topic = "topic-" + std::to_string(i);
    it.server(0).set_route(topic, {"broker-a"});
    it.topic_state(topic);
  }
  REQUIRE(it.world.run_until(
      [&] { return it.brokers("topic-9999") == "broker-a"; }, 60s));
  it.world.run_for(5s);
  for (const auto& each : it.server(0).queries) {
    CHECK(each.topics.size() <= 4096);
  }
  CHECK(it.server(0).queries.size() == 3);
  CHECK(it.server(0).watches.size() == 3);
  CHECK(it.server(0).routes_sent == 10'000);
  for (const int i : {0, 5000, 9999}) {
    const std::string topic = "topic-" + std::to_string(i);
    it.server(0).set_route(topic, {"broker-b"});
    it.world.run_for(50ms);
    CHECK(it.brokers(topic) == "broker-b");
  }
  // One answer for all who wait.
  const auto asked = it.refresh("topic-1");
  CHECK(asked.status);
}

TEST_CASE("whatever nameservers do, pushes and polls end at the truth") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    SimClientWorld it({.nameservers = 3, .seed = seed});
    base::Random random(seed);
    const auto brokers = [&] {
      std::vector<std::string> list;
      for (const char* each : {"broker-a", "broker-b", "broker-c"}) {
        if (random.chance(0.6)) list.emplace_back(each);
      }
      if (list.empty()) list.emplace_back("broker-d");
      return list;
    };
    for (int i = 0; i < 4; ++i) {
      const std::string topic = "topic-" + std::to_string(i);
      it.set_route(topic, brokers());
      it.learn(topic);
    }
    for (int step = 0; step < 40; ++step) {
      const std::size_t victim = random.below(3);
      switch (random.below(7)) {
        case 0:
          if (it.node(victim).running()) it.node(victim).freeze();
          break;
        case 1:
          if (!it.node(victim).running()) it.node(victim).thaw();
          break;
        case 2:
          it.server(victim).behaviour = static_cast<Behaviour>(random.below(8));
          break;
        case 3:
          it.server(victim).pushes = random.chance(0.5);
          break;
        default: {
          const std::string topic = "topic-" + std::to_string(random.below(4));
          it.set_route(topic, brokers());
          break;
        }
      }
      it.world.run_for(std::chrono::milliseconds(random.below(800)));
      for (int i = 0; i < 4; ++i) {
        REQUIRE_FALSE(it.brokers("topic-" + std::to_string(i)).empty());
      }
    }
    for (std::size_t i = 0; i < 3; ++i) {
      if (!it.node(i).running()) it.node(i).thaw();
      it.server(i).behaviour = Behaviour::kServes;
    }
    it.world.run_for(10s);
    for (int i = 0; i < 4; ++i) {
      const std::string topic = "topic-" + std::to_string(i);
      std::string truth;
      for (const auto& group : it.server(0).routes[topic].route.groups) {
        truth += (truth.empty() ? "" : " ") + group.broker_name.value();
      }
      REQUIRE(it.brokers(topic) == truth);
    }
  }
}

// --- Too much of it ---

TEST_CASE(
    "a flood of pushes makes fifty tables a second, the last the newest") {
  SimClientWorld it(patient());
  it.set_route("orders", {"broker-a"});
  it.learn("orders");
  it.world.run_for(1s);
  const std::size_t before = it.count<RouteChanged>();
  for (int i = 0; i < 2000; ++i) {
    it.server(0).set_route("orders", {i % 2 == 0 ? "broker-b" : "broker-c"});
    it.world.run_for(500us);
  }
  it.world.run_for(100ms);
  const std::size_t tables = it.count<RouteChanged>() - before;
  CHECK(tables >= 40);
  CHECK(tables <= 60);
  CHECK(it.brokers("orders") == "broker-c");
  CHECK(it.nameserver() == "10.0.0.1:9876");
  // One by itself is not delayed.
  it.server(0).set_route("orders", {"broker-a"});
  it.world.run_for(10ms);
  CHECK(it.brokers("orders") == "broker-a");
}

TEST_CASE("a nameserver that pushes without end is left") {
  SimClientWorld it(patient());
  it.set_route("orders", {"broker-a"});
  it.learn("orders");
  it.world.run_for(1s);
  auto route = route_of("orders", {"broker-a"});
  route.route.groups[0].replicas[0].zone = std::string(50'000, 'z');
  for (std::size_t sent = 0; sent < 2000 && it.count<NameserverSwitched>() == 0;
       ++sent) {
    route.route.groups[0].queues.read_queues =
        static_cast<std::uint32_t>(sent % 7) + 1;
    route.digest = model::digest_route(route.route);
    it.server(0).tell_route(route);
    it.world.run_for(1ms);
  }
  REQUIRE(it.count<NameserverSwitched>() == 1);
  CHECK(it.last<NameserverSwitched>().why.find("pushes more") !=
        std::string::npos);
  CHECK(it.nameserver() == "10.0.0.2:9876");
  it.world.run_for(5s);
  CHECK(it.brokers("orders") == "broker-a");
}

}  // namespace
}  // namespace waypost::client
