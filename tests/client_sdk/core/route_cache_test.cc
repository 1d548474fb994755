#include "client_sdk/core/route_cache.h"

#include <string>

#include <doctest/doctest.h>

namespace waypost::client {
namespace {

using base::Duration;
using base::ErrorCode;
using base::Instant;
using model::TopicName;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Instant kNow{seconds(1000)};

model::VersionedRoute make_route(const std::string& topic,
                                 const std::string& broker) {
  model::VersionedRoute route;
  route.route.topic = TopicName(topic);
  model::RouteGroup group;
  group.broker_name = model::BrokerName(broker);
  group.queues = {4, 4, {}, 0};
  group.replicas.push_back({model::kMasterId, {"10.0.0.1", 10911}, {}, ""});
  route.route.groups.push_back(group);
  route.digest = model::digest_route(route.route);
  return route;
}

RouteCache make_cache(RouteCacheSettings settings = {}) {
  return RouteCache(settings, base::Random(7));
}

model::RouteQueryEnd end_with(std::uint32_t unchanged) {
  model::RouteQueryEnd end;
  end.unchanged = unchanged;
  return end;
}

model::RouteQueryEnd denial(const std::string& topic,
                            ErrorCode code = ErrorCode::kNotFound) {
  model::RouteQueryEnd end;
  end.errors.push_back({TopicName(topic), {code, "no such topic", ""}});
  return end;
}

// A cache that knows "orders" at broker-a, told by A at kNow.
RouteCache cache_with_orders() {
  RouteCache cache = make_cache();
  REQUIRE(cache.follow(TopicName("orders")));
  const auto asked = cache.ask_all();
  cache.begin_answer();
  REQUIRE(cache.on_route(make_route("orders", "broker-a"), "A", kNow));
  REQUIRE(cache.on_end(asked, end_with(0), "A", kNow));
  cache.on_answered(true, kNow);
  return cache;
}

TEST_CASE("a topic is followed once, with a good name, up to a limit") {
  RouteCacheSettings settings;
  settings.topics_max = 2;
  RouteCache cache = make_cache(settings);
  CHECK(*cache.follow(TopicName("orders")));
  CHECK_FALSE(*cache.follow(TopicName("orders")));
  CHECK(cache.follow(TopicName("a b")).error().code ==
        ErrorCode::kInvalidArgument);
  CHECK(cache.follow(TopicName("")).error().code ==
        ErrorCode::kInvalidArgument);
  CHECK(cache.follow(TopicName("payments")));
  CHECK(cache.follow(TopicName("more")).error().code == ErrorCode::kTooLarge);
  CHECK(cache.follow(TopicName("orders")));
}

TEST_CASE("one query asks for all topics, with what is known of each") {
  RouteCache cache = cache_with_orders();
  REQUIRE(cache.follow(TopicName("payments")));
  const auto request = cache.ask_all();
  REQUIRE(request.topics.size() == 2);
  CHECK(request.topics[0].topic == TopicName("orders"));
  CHECK(request.topics[0].known == make_route("orders", "broker-a").digest);
  CHECK(request.topics[1].known.is_none());
  CHECK(
      cache.ask({TopicName("payments"), TopicName("unknown")}).topics.size() ==
      1);
}

TEST_CASE("an unchanged route is confirmed, its age starts again") {
  RouteCache cache = cache_with_orders();
  const auto asked = cache.ask_all();
  cache.begin_answer();
  REQUIRE(cache.on_end(asked, end_with(1), "B", kNow + seconds(30)));
  const CachedRoute* orders = cache.find(TopicName("orders"));
  CHECK(orders->confirmed == kNow + seconds(30));
  CHECK(orders->source == "B");
  CHECK(orders->route.route == make_route("orders", "broker-a").route);
}

TEST_CASE("equal content from another nameserver is no change") {
  RouteCache cache = cache_with_orders();
  cache.begin_answer();
  CHECK_FALSE(
      cache.on_route(make_route("orders", "broker-a"), "B", kNow + seconds(1)));
  CHECK(cache.on_route(make_route("orders", "broker-b"), "B", kNow));
}

TEST_CASE("what nobody asked for is ignored") {
  RouteCache cache = cache_with_orders();
  cache.begin_answer();
  CHECK_FALSE(cache.on_route(make_route("other", "broker-a"), "A", kNow));
  CHECK(cache.find(TopicName("other")) == nullptr);
  auto without_digest = make_route("orders", "broker-b");
  without_digest.digest = {};
  CHECK_FALSE(cache.on_route(without_digest, "A", kNow));
}

TEST_CASE("a failed query changes nothing but the time of the next") {
  RouteCache cache = cache_with_orders();
  cache.on_failed(kNow + seconds(30));
  const CachedRoute* orders = cache.find(TopicName("orders"));
  CHECK(orders->known());
  CHECK(orders->confirmed == kNow);
  CHECK(cache.next_poll() <= kNow + seconds(30) + milliseconds(500));
  CHECK(cache.next_poll() >= kNow + seconds(30) + milliseconds(250));
}

TEST_CASE("a denial keeps the route that was known, and says so") {
  RouteCache cache = cache_with_orders();
  const auto asked = cache.ask_all();
  cache.begin_answer();
  REQUIRE(cache.on_end(asked, denial("orders"), "A", kNow + seconds(30)));
  const CachedRoute* orders = cache.find(TopicName("orders"));
  CHECK(orders->route.route == make_route("orders", "broker-a").route);
  CHECK(orders->confirmed == kNow);
  CHECK(orders->negative.has_value());
  cache.begin_answer();
  REQUIRE(cache.on_end(asked, end_with(1), "A", kNow + seconds(31)));
  CHECK_FALSE(orders->negative.has_value());
}

TEST_CASE("a nameserver that is not ready is no source: ask another") {
  RouteCache cache = cache_with_orders();
  const auto asked = cache.ask_all();
  for (const auto state :
       {model::ServerState::kStarting, model::ServerState::kPaused}) {
    cache.begin_answer();
    model::RouteQueryEnd end = end_with(1);
    end.state = state;
    const auto status = cache.on_end(asked, end, "A", kNow + seconds(30));
    REQUIRE_FALSE(status);
    CHECK(status.error().code == ErrorCode::kNotReady);
  }
  cache.begin_answer();
  CHECK_FALSE(cache.on_end(asked, denial("orders", ErrorCode::kNotReady), "A",
                           kNow + seconds(30)));
  CHECK(cache.find(TopicName("orders"))->confirmed == kNow);
  CHECK_FALSE(cache.find(TopicName("orders"))->negative.has_value());
}

TEST_CASE("a recovering or draining nameserver's answer counts") {
  RouteCache cache = cache_with_orders();
  const auto asked = cache.ask_all();
  cache.begin_answer();
  model::RouteQueryEnd end = end_with(1);
  end.state = model::ServerState::kRecovering;
  CHECK(cache.on_end(asked, end, "A", kNow + seconds(30)));
}

TEST_CASE("an answer that does not add up confirms nothing") {
  RouteCache cache = cache_with_orders();
  REQUIRE(cache.follow(TopicName("payments")));
  const auto asked = cache.ask_all();
  cache.begin_answer();
  // Nothing about payments, of which nothing is known.
  auto status = cache.on_end(asked, end_with(2), "A", kNow + seconds(30));
  REQUIRE_FALSE(status);
  CHECK(status.error().code == ErrorCode::kMalformed);
  // A wrong count.
  cache.begin_answer();
  cache.on_route(make_route("payments", "broker-a"), "A", kNow + seconds(30));
  status = cache.on_end(asked, end_with(0), "A", kNow + seconds(30));
  REQUIRE_FALSE(status);
  CHECK(status.error().code == ErrorCode::kMalformed);
  CHECK(cache.find(TopicName("orders"))->confirmed == kNow);
}

TEST_CASE("an answer confirms what it was asked about, not a push since") {
  RouteCache cache = cache_with_orders();
  const auto asked = cache.ask_all();
  cache.begin_answer();
  CHECK(cache.on_told(make_route("orders", "broker-b"), "B", RouteOrigin::kPush,
                      kNow + seconds(1)));
  // A's "unchanged" is about broker-a.
  CHECK(cache.on_end(asked, end_with(1), "A", kNow + seconds(2)));
  const CachedRoute* known = cache.find(TopicName("orders"));
  CHECK(known->source == "B");
  CHECK(known->origin == RouteOrigin::kPush);
  CHECK(known->confirmed == kNow + seconds(1));
  cache.confirm(TopicName("orders"), asked.topics[0].known, "A",
                kNow + seconds(3));
  CHECK(known->source == "B");
  cache.confirm(TopicName("orders"), known->route.digest, "A",
                kNow + seconds(3));
  CHECK(known->source == "A");
  CHECK(known->confirmed == kNow + seconds(3));
}

TEST_CASE("a repeated answer counts what the repetition brought alone") {
  RouteCache cache = make_cache();
  REQUIRE(cache.follow(TopicName("orders")));
  const auto asked = cache.ask_all();
  cache.begin_answer();
  CHECK(cache.on_route(make_route("orders", "broker-a"), "A", kNow));
  // A hangs before the end; B has the same.
  cache.begin_answer();
  CHECK_FALSE(cache.on_route(make_route("orders", "broker-a"), "B", kNow));
  CHECK(cache.on_end(asked, end_with(0), "B", kNow));
}

TEST_CASE("polls are an interval apart, give or take a tenth, never aligned") {
  RouteCache cache = cache_with_orders();
  Duration least = seconds(100);
  Duration most{0};
  for (int i = 0; i < 200; ++i) {
    cache.on_answered(true, kNow);
    const Duration delay = cache.next_poll() - kNow;
    least = std::min(least, delay);
    most = std::max(most, delay);
  }
  CHECK(least >= seconds(27));
  CHECK(most <= seconds(33));
  CHECK(most - least > seconds(4));
}

TEST_CASE("an answer about one topic does not put off the poll of all") {
  RouteCache cache = cache_with_orders();
  const Instant planned = cache.next_poll();
  cache.on_answered(false, kNow + seconds(20));
  CHECK(cache.next_poll() == planned);
}

TEST_CASE("failures are retried ever later, at most at the poll interval") {
  RouteCacheSettings settings;
  settings.poll_interval = seconds(2);
  RouteCache cache = make_cache(settings);
  REQUIRE(cache.follow(TopicName("orders")));
  Duration most{0};
  for (int i = 0; i < 100; ++i) {
    cache.on_failed(kNow);
    most = std::max(most, cache.next_poll() - kNow);
  }
  CHECK(most > seconds(1));
  CHECK(most <= seconds(2));
}

TEST_CASE("a denial is believed for a while, then asked about again") {
  RouteCache cache = make_cache();
  REQUIRE(cache.follow(TopicName("orders")));
  CHECK(cache.worth_asking(TopicName("orders"), kNow));
  const auto asked = cache.ask_all();
  cache.begin_answer();
  REQUIRE(cache.on_end(asked, denial("orders"), "A", kNow));
  CHECK_FALSE(cache.worth_asking(TopicName("orders"), kNow));
  CHECK_FALSE(
      cache.worth_asking(TopicName("orders"), kNow + milliseconds(999)));
  CHECK(cache.worth_asking(TopicName("orders"), kNow + seconds(1)));
  CHECK_FALSE(cache.worth_asking(TopicName("unknown"), kNow));
}

TEST_CASE("hurry brings the next poll forward and never puts it off") {
  RouteCache cache = cache_with_orders();
  cache.hurry(seconds(1), kNow);
  CHECK(cache.next_poll() <= kNow + seconds(1));
  const Instant soon = cache.next_poll();
  cache.hurry(seconds(10), kNow + milliseconds(1));
  CHECK(cache.next_poll() <= soon);
}

}  // namespace
}  // namespace waypost::client
