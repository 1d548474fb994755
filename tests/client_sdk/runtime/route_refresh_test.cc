// What is asked, when, and what of it applications see.

#include <chrono>
#include <string>

#include <doctest/doctest.h>

#include "tests/client_sdk/runtime/sim_client_world.h"
#include "wire/codec/native.h"

namespace waypost::client {
namespace {

using namespace std::chrono_literals;
using Behaviour = FakeNameserver::Behaviour;

TEST_CASE("only changed routes travel, equal content from anywhere is equal") {
  SimClientWorld it;
  it.set_route("orders", {"broker-a"});
  it.set_route("payments", {"broker-b"});
  it.learn("orders");
  it.learn("payments");
  CHECK(it.server(0).routes_sent == 2);
  it.world.run_for(60s);
  CHECK(it.server(0).routes_sent == 2);
  CHECK(*it.state->route_age("orders") < 3s);

  // The other nameserver has the same content, and nothing to send.
  it.node(0).freeze();
  it.world.run_for(10s);
  CHECK(it.server(1).queries.size() > 1);
  CHECK(it.server(1).routes_sent == 0);

  it.server(1).set_route("orders", {"broker-a", "broker-c"});
  it.world.run_for(3s);
  CHECK(it.server(1).routes_sent == 1);
  CHECK(it.brokers("orders") == "broker-a broker-c");
  const auto& changed = it.last<RouteChanged>();
  CHECK(changed.route.topic == "orders");
  CHECK(changed.added == std::vector<std::string>{"broker-c"});
  CHECK(changed.removed.empty());
}

// On the wire, without TCP: a query about topics that have not changed, and its
// answer.
std::size_t unchanged_bytes(const model::RouteQueryRequest& query) {
  model::RouteQueryEnd end;
  end.incarnation = model::Incarnation(1);
  end.unchanged = static_cast<std::uint32_t>(query.topics.size());
  using codec::FrameKind;
  return codec::make_frame(FrameKind::kQueryRoutes, 0, 1, codec::encode(query))
             .size() +
         codec::make_frame(FrameKind::kQueryRoutes, codec::kFlagReply, 1,
                           codec::encode(end))
             .size();
}

TEST_CASE("a hundred topics cost two calls a minute, and few bytes") {
  SimClientSettings settings;
  settings.options = ClientOptions();  // polls each 30 s
  settings.options.start_nameserver = "10.0.0.1:9876";
  settings.options.random_seed = 1;
  SimClientWorld it(settings);
  for (int i = 0; i < 100; ++i) {
    const std::string topic = "orders-of-region-" + std::to_string(100 + i);
    it.set_route(topic, {"broker-a", "broker-b", "broker-c", "broker-d"});
    it.learn(topic);
  }
  it.world.run_for(60s);
  FakeNameserver& server = it.server(0);
  const std::size_t queries = server.queries.size();
  const std::size_t routes = server.routes_sent;
  const std::size_t watches = server.watches.size();
  const std::size_t pings = server.pings;
  it.world.run_for(100min);

  std::size_t together = 0;
  std::size_t alone = 0;
  std::size_t calls_alone = 0;
  for (std::size_t i = queries; i < server.queries.size(); ++i) {
    together += unchanged_bytes(server.queries[i]);
    for (const auto& item : server.queries[i].topics) {
      alone += unchanged_bytes({{item}});
      ++calls_alone;
    }
  }
  MESSAGE("in 100 minutes: " << server.queries.size() - queries << " queries, "
                             << together << " bytes; alone " << calls_alone
                             << " queries, " << alone << " bytes; "
                             << server.pings - pings << " pings");
  // Nothing changed, so nothing else was sent.
  CHECK(server.routes_sent == routes);
  CHECK(server.watches.size() == watches);
  CHECK(server.queries.size() - queries <= 210);
  CHECK(calls_alone == 100 * (server.queries.size() - queries));
  CHECK(together * 2 < alone);
}

TEST_CASE("all topics are asked for in one query, at the poll interval") {
  SimClientWorld it;
  for (int i = 0; i < 50; ++i) {
    const std::string topic = "topic-" + std::to_string(i);
    it.set_route(topic, {"broker-a"});
    REQUIRE(it.state->topic(topic));
  }
  it.world.run_for(1s);
  // Those of one turn went into one query.
  REQUIRE(it.server(0).queries.size() == 1);
  CHECK(it.server(0).queries[0].topics.size() == 50);
  it.world.run_for(100s);
  const auto polls = it.server(0).queries.size() - 1;
  CHECK(polls >= 45);
  CHECK(polls <= 56);
  CHECK(it.server(0).queries.back().topics.size() == 50);
  CHECK_FALSE(it.server(0).queries.back().topics[0].known.is_none());
}

TEST_CASE("a topic that nobody serves delays none of the others") {
  SimClientWorld it;
  for (int i = 0; i < 50; ++i) {
    it.set_route("topic-" + std::to_string(i), {"broker-a"});
  }
  REQUIRE(it.state->topic("nobody-serves-it"));
  for (int i = 0; i < 50; ++i) {
    REQUIRE(it.state->topic("topic-" + std::to_string(i)));
  }
  it.world.run_for(100ms);
  CHECK(it.server(0).queries.size() == 1);
  for (int i = 0; i < 50; ++i) {
    REQUIRE(it.brokers("topic-" + std::to_string(i)) == "broker-a");
  }
  // And it fails alone: who wants to know is told, the others are confirmed.
  it.world.run_for(1min);
  CHECK_FALSE(it.state->route("nobody-serves-it"));
  CHECK(*it.state->route_age("topic-49") < 3s);
}

TEST_CASE("many who wait at once share one query") {
  SimClientWorld it;
  it.set_route("orders", {"broker-a"});
  int done = 0;
  for (int i = 0; i < 20; ++i) {
    it.engine->ensure(it.topic_state("orders"),
                      [&](const base::Status& status) {
                        CHECK(status);
                        ++done;
                      });
    it.engine->refresh(it.topic_state("orders"),
                       [&](const base::Status& status) {
                         CHECK(status);
                         ++done;
                       });
  }
  REQUIRE(it.world.run_until([&] { return done == 40; }, 5s));
  CHECK(it.server(0).queries.size() == 1);
}

TEST_CASE("a refresh waits for a query that started after it") {
  SimClientWorld it;
  it.set_route("orders", {"broker-a"});
  it.learn("orders");
  int done = 0;
  const auto count = [&](const base::Status&) { ++done; };
  it.engine->refresh(it.topic_state("orders"), count);
  // The first query is on its way, with its answer made.
  REQUIRE(
      it.world.run_until([&] { return it.server(0).queries.size() == 2; }, 5s));
  it.set_route("orders", {"broker-b"});
  it.engine->refresh(it.topic_state("orders"), count);
  it.engine->refresh(it.topic_state("orders"), count);
  REQUIRE(it.world.run_until([&] { return done == 3; }, 5s));
  CHECK(it.server(0).queries.size() == 3);
  CHECK(it.brokers("orders") == "broker-b");
}

TEST_CASE("whoever waits sees the table that the answer made") {
  SimClientWorld it;
  it.set_route("orders", {"broker-a"});
  std::string seen;
  it.engine->ensure(it.topic_state("orders"),
                    [&](const base::Status&) { seen = it.brokers("orders"); });
  it.world.run_for(1s);
  CHECK(seen == "broker-a");
}

TEST_CASE("a topic that nobody serves is asked for again, but not at once") {
  SimClientWorld it;
  CHECK(it.state->pick("orders", {}).error().code == ErrorCode::kNotReady);
  it.world.run_for(100ms);
  CHECK(it.server(0).queries.size() == 1);
  for (int i = 0; i < 100; ++i) {
    CHECK(it.state->pick("orders", {}).error().code == ErrorCode::kNotFound);
    it.world.run_for(5ms);
  }
  CHECK(it.server(0).queries.size() == 1);
  it.world.run_for(600ms);
  it.set_route("orders", {"broker-a"});
  CHECK_FALSE(it.state->pick("orders", {}));
  CHECK_FALSE(it.state->pick("orders", {}));
  it.world.run_for(50ms);
  CHECK(it.server(0).queries.size() == 2);
  CHECK(it.state->pick("orders", {}));
}

TEST_CASE("a known route that a nameserver denies is kept and marked") {
  SimClientWorld it;
  it.set_route("orders", {"broker-a"});
  it.learn("orders");
  for (auto& server : it.servers) server->routes.clear();
  it.world.run_for(10s);
  CHECK(it.brokers("orders") == "broker-a");
  CHECK(it.state->route("orders")->missing);
  CHECK(*it.state->route_age("orders") > 7s);
  CHECK(it.state->pick("orders", {}));
  it.set_route("orders", {"broker-a"});
  it.world.run_for(3s);
  CHECK_FALSE(it.state->route("orders")->missing);
}

TEST_CASE("polls of clients that start together drift apart") {
  base::Duration first{0};
  bool apart = false;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    auto options = fast_options();
    options.random_seed = seed;
    SimClientWorld it({.options = options});
    it.set_route("orders", {"broker-a"});
    it.learn("orders");
    REQUIRE(it.world.run_until([&] { return it.server(0).queries.size() == 2; },
                               5s));
    if (seed == 1) first = it.world.elapsed();
    apart |=
        it.world.elapsed() - first > 20ms || first - it.world.elapsed() > 20ms;
  }
  CHECK(apart);
}

TEST_CASE("the same seed gives the same run") {
  const auto run = [] {
    SimClientWorld it({.nameservers = 3, .seed = 9});
    it.set_route("orders", {"broker-a"});
    it.learn("orders");
    it.node(0).freeze();
    it.world.run_for(20s);
    return it.transcript;
  };
  CHECK(run() == run());
}

TEST_CASE("a failed broker is avoided, told of, and used again in time") {
  SimClientWorld it;  // profile fast: rocketmq-5's table
  it.set_route("orders", {"broker-a", "broker-b"});
  it.learn("orders");
  const auto pick = *it.state->pick("orders", {});
  it.state->report(pick, Outcome::kFailed, 5ms);
  CHECK(it.last<BrokerAvoided>().broker.name == pick.broker_name());
  CHECK(it.last<BrokerAvoided>().duration == 10s);
  for (int i = 0; i < 10; ++i) {
    CHECK(it.state->pick("orders", {})->broker_name() != pick.broker_name());
  }
  it.world.run_for(9900ms);
  CHECK(it.count<BrokerNoLongerAvoided>() == 0);
  CHECK(it.state->stats().avoided == 1);
  it.world.run_for(200ms);
  CHECK(it.count<BrokerNoLongerAvoided>() == 1);
  CHECK(it.state->stats().avoided == 0);
  std::size_t back = 0;
  for (int i = 0; i < 10; ++i) {
    back += it.state->pick("orders", {})->broker_name() == pick.broker_name()
                ? 1U
                : 0U;
  }
  CHECK(back == 5);
}

TEST_CASE("a broker that fails makes the client ask for routes soon") {
  auto options = fast_options();
  options.poll_interval = 30s;
  SimClientWorld it({.options = options});
  it.set_route("orders", {"broker-a", "broker-b"});
  it.learn("orders");
  it.set_route("orders", {"broker-b"});
  it.state->report(*it.state->pick("orders", {}), Outcome::kFailed, 5ms);
  it.world.run_for(1100ms);
  CHECK(it.brokers("orders") == "broker-b");
  // A slow one does not.
  const auto queries = it.server(0).queries.size();
  it.state->report(*it.state->pick("orders", {}), Outcome::kOk, 2s);
  it.world.run_for(5s);
  CHECK(it.server(0).queries.size() == queries);
}

TEST_CASE("a refresh that nobody waits for any more holds up no other") {
  SimClientSettings settings;
  settings.options.poll_interval = 10min;
  settings.options.watch = false;
  SimClientWorld it(settings);
  it.set_route("orders", {"broker-a"});
  it.learn("orders");
  it.server(0).behaviour = Behaviour::kSilent;
  int told = 0;
  const auto waiter = it.engine->refresh(it.topic_state("orders"),
                                         [&](const base::Status&) { ++told; });
  it.world.run_for(50ms);
  it.engine->withdraw(waiter);
  it.server(0).behaviour = Behaviour::kServes;
  const auto asked = it.refresh("orders");
  CHECK(asked.status);
  CHECK(asked.took < 20ms);
  CHECK(told == 0);
  // One that others wait for goes on.
  it.server(0).answer_delay = 100ms;
  const auto first = it.engine->refresh(it.topic_state("orders"),
                                        [&](const base::Status&) { ++told; });
  it.engine->refresh(it.topic_state("orders"), [&](const base::Status& status) {
    CHECK(status);
    told += 10;
  });
  it.world.run_for(10ms);
  it.engine->withdraw(first);
  it.engine->withdraw(4711);
  it.world.run_for(500ms);
  CHECK(told == 10);
}

TEST_CASE("a nameserver that hangs is left by who always gives up early") {
  SimClientSettings settings;
  settings.options.poll_interval = 10min;
  settings.options.ping_interval = 0s;
  settings.options.watch = false;
  SimClientWorld it(settings);
  it.set_route("orders", {"broker-a"});
  it.learn("orders");
  it.node(0).freeze();
  for (int i = 0; i < 40 && it.nameserver() != "10.0.0.2:9876"; ++i) {
    const auto waiter = it.engine->refresh(it.topic_state("orders"),
                                           [](const base::Status&) {});
    it.world.run_for(50ms);
    it.engine->withdraw(waiter);
  }
  CHECK(it.nameserver() == "10.0.0.2:9876");
  CHECK(it.refresh("orders").status);
}

}  // namespace
}  // namespace waypost::client
