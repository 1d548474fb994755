// The mock nameserver keeps what its header says, seen by a real client and by
// a bare socket.

#include "waypost/testing/mock_nameserver.hpp"

#include <dirent.h>

#include "base/endpoint.h"
#include "tests/client_sdk/mock/mock_world.h"
#include "tests/support/raw_client.h"

namespace waypost::testing {
namespace {

using namespace std::chrono_literals;
using support::RawClient;

RawClient connect_to(const MockNameserver& mock) {
  return RawClient(*base::parse_endpoint(mock.address()));
}

std::size_t descriptors() {
  std::size_t count = 0;
  DIR* const all = ::opendir("/proc/self/fd");
  while (::readdir(all) != nullptr) ++count;
  ::closedir(all);
  return count;
}

TEST_CASE("a client learns what a mock is told, and the mock counts") {
  MockWorld world;
  CHECK(world.brokers() == 2);
  CHECK(world.first.counts().hellos == 1);
  CHECK(world.first.counts().open == 1);
  CHECK(world.first.asked("orders") >= 1);
  CHECK(world.first.clients() == std::vector<std::string>{"waypost-client"});
  CHECK(world.second.counts().connections == 0);

  world.first.set_route(
      "orders", {{.name = "broker-c",
                  .address = "[fd00::1]:1883",
                  .queues = 2,
                  .health = BrokerHealth::kSuspect,
                  .zone = "east"},
                 {.name = "broker-c", .address = "10.0.0.4:1", .id = 1}});
  REQUIRE(world.client->refresh("orders", kPatience));
  const auto route = world.client->route("orders", kPatience);
  REQUIRE(route->groups.size() == 1);
  const RouteGroup& group = route->groups[0];
  CHECK(group.name == "broker-c");
  REQUIRE(group.replicas.size() == 2);
  CHECK(group.replicas[0].broker.address == "[fd00::1]:1883");
  CHECK(group.replicas[0].broker.zone == "east");
  CHECK(group.replicas[0].health == BrokerHealth::kSuspect);
  CHECK(group.replicas[1].broker.id == 1);

  world.first.remove_route("orders");
  REQUIRE(world.client->refresh("orders", kPatience));
  CHECK(world.client->route("orders", kPatience)->missing);
}

TEST_CASE("what waits for a mock is told of each change, or of none in time") {
  MockWorld world;
  CHECK_FALSE(world.first.wait_until(
      [](const MockCounts& counts) { return counts.queries > 1'000; }, 20ms));
  const auto before = world.first.counts().queries;
  REQUIRE(world.client->refresh("orders", kPatience));
  CHECK(world.first.wait_until(
      [&](const MockCounts& counts) { return counts.queries > before; },
      kPatience));
}

TEST_CASE("a hung mock answers what it was asked meanwhile, once it serves") {
  MockWorld world;
  world.first.hang();
  auto raw = connect_to(world.first);
  REQUIRE(raw.connected());
  raw.send_preface();
  raw.request(codec::FrameKind::kHello, 7, model::HelloRequest{});
  CHECK_FALSE(raw.read_frame(30ms));
  const auto hellos = world.first.counts().hellos;
  world.first.serve();
  const auto reply = raw.read_frame();
  REQUIRE(reply);
  CHECK(reply->header.kind == codec::FrameKind::kHello);
  CHECK(world.first.counts().hellos == hellos + 1);
}

TEST_CASE("one way partitions: unseen, or seen and unheard") {
  auto mock = start_mock();
  mock.set_route("orders", {{"broker-a", "10.0.0.1:10911"}});
  auto raw = connect_to(mock);
  raw.send_preface();
  raw.request(codec::FrameKind::kHello, 1, model::HelloRequest{});
  REQUIRE(raw.read_frame());
  const model::RouteQueryRequest query{{{model::TopicName("orders"), {}}}};

  mock.partition(MockPartition::kAnswers);
  raw.request(codec::FrameKind::kQueryRoutes, 2, query);
  CHECK(mock.wait_until([](const MockCounts& c) { return c.queries == 1; },
                        kPatience));
  CHECK_FALSE(raw.read_frame(30ms));
  mock.serve();
  CHECK(raw.read_frame()->header.kind == codec::FrameKind::kRoute);
  CHECK(raw.read_frame()->header.kind == codec::FrameKind::kQueryRoutes);

  mock.partition(MockPartition::kRequests);
  raw.request(codec::FrameKind::kQueryRoutes, 3, query);
  CHECK_FALSE(raw.read_frame(30ms));
  CHECK(mock.counts().queries == 1);
  mock.serve();
  CHECK(raw.read_frame());
  CHECK(mock.counts().queries == 2);
}

TEST_CASE("delays, drips: late, and byte by byte") {
  auto mock = start_mock();
  auto raw = connect_to(mock);
  raw.send_preface();
  mock.delay(50ms);
  support::Stopwatch watch;
  raw.request(codec::FrameKind::kHello, 1, model::HelloRequest{});
  REQUIRE(raw.read_frame());
  CHECK(watch.elapsed() >= 50ms);
  // serve() does not make anybody wait for what was delayed.
  mock.delay(1h);
  raw.request(codec::FrameKind::kHello, 2, model::HelloRequest{});
  REQUIRE(mock.wait_until([](const auto& counts) { return counts.hellos == 2; },
                          kPatience));
  mock.serve();
  REQUIRE(raw.read_frame());

  mock.drip(1ms);
  watch = {};
  raw.request(codec::FrameKind::kHello, 3, model::HelloRequest{});
  REQUIRE(raw.read_frame());
  CHECK(watch.elapsed() >= 15ms);  // a frame has 16 bytes and more
}

TEST_CASE("a client hears of a change at once, from whichever it is at") {
  MockWorld world;
  const auto told = [&](std::size_t brokers) {
    return support::wait_until(kPatience,
                               [&] { return world.brokers() == brokers; });
  };
  // The question and the watch.
  REQUIRE(world.first.wait_until(
      [](const MockCounts& counts) { return counts.queries == 2; }, kPatience));
  world.first.set_route("orders", {{"broker-c", "10.0.0.3:10911"}});
  CHECK(told(1));
  CHECK(world.client->route("orders", kPatience)->origin == RouteOrigin::kPush);
  // What changed during the move is told by the next one.
  world.second.set_route("orders", {{"broker-a", "10.0.0.1:10911"},
                                    {"broker-b", "10.0.0.2:10911"},
                                    {"broker-c", "10.0.0.3:10911"}});
  world.first.stop();
  CHECK(told(3));
  world.second.set_route("orders", {{"broker-b", "10.0.0.2:10911"}});
  CHECK(told(1));
}

TEST_CASE("who watches is told of changes at once") {
  auto mock = start_mock();
  mock.set_route("orders", {{"broker-a", "10.0.0.1:10911"}});
  auto raw = connect_to(mock);
  raw.send_preface();
  raw.request(codec::FrameKind::kHello, 1, model::HelloRequest{});
  REQUIRE(raw.read_frame());
  raw.request(codec::FrameKind::kWatchRoutes, 2,
              model::RouteQueryRequest{{{model::TopicName("orders"), {}}}});
  REQUIRE(raw.read_frame()->header.kind == codec::FrameKind::kRoute);
  REQUIRE(raw.read_frame()->header.kind == codec::FrameKind::kWatchRoutes);
  mock.set_route("other", {{"broker-b", "10.0.0.2:10911"}});
  mock.set_route("orders", {{"broker-b", "10.0.0.2:10911"}});
  const auto pushed = raw.read_frame();
  REQUIRE(pushed);
  CHECK(pushed->header.correlation_id == 0);
  const auto route = pushed->as<model::VersionedRoute>();
  REQUIRE(route);
  CHECK(route->route.topic.value() == "orders");
  CHECK(route->route.groups[0].broker_name.value() == "broker-b");
  mock.remove_route("orders");
  const auto gone = raw.read_frame()->as<model::RouteQueryEnd>();
  REQUIRE(gone);
  CHECK(gone->errors.size() == 1);
  CHECK(mock.counts().pushes == 2);
}

TEST_CASE("a stopped mock refuses, a restarted one has its port and routes") {
  MockWorld world;
  world.first.stop();
  CHECK_FALSE(connect_to(world.first).connected());
  // Nobody else gets the port meanwhile.
  CHECK_FALSE(MockNameserver::start(
      {.port = base::parse_endpoint(world.first.address())->port}));
  REQUIRE(world.first.restart());
  world.second.stop();
  CHECK(world.client->refresh("orders", kPatience));
  CHECK(world.client->stats().nameserver == world.first.address());
  CHECK(world.first.restart());
}

TEST_CASE("strangers are counted and left") {
  auto mock = start_mock();
  for (const auto& bytes :
       {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(4096, '\xff')}) {
    auto raw = connect_to(mock);
    raw.send(bytes);
    CHECK(raw.wait_closed());
  }
  CHECK(mock.counts().not_protocol == 2);
  auto raw = connect_to(mock);
  raw.send_preface();
  raw.request(codec::FrameKind::kKvGet, 5, model::KvGetRequest{});
  CHECK(raw.read_frame()->header.kind == codec::FrameKind::kError);
  CHECK(mock.counts().unknown == 1);
}

TEST_CASE("closing: in order, with a reset, and one side only") {
  auto mock = start_mock();
  for (const MockClose how : {MockClose::kFin, MockClose::kReset}) {
    auto raw = connect_to(mock);
    raw.send_preface();
    raw.request(codec::FrameKind::kHello, 1, model::HelloRequest{});
    REQUIRE(raw.read_frame());
    mock.close_connections(how);
    CHECK(raw.wait_closed());
  }
  auto raw = connect_to(mock);
  raw.send_preface();
  raw.request(codec::FrameKind::kHello, 1, model::HelloRequest{});
  REQUIRE(raw.read_frame());
  mock.close_connections(MockClose::kHalfOpen);
  CHECK(raw.wait_closed());
  CHECK(mock.counts().open == 1);
}

TEST_CASE("mocks leave nothing behind") {
  { const auto warm = start_mock(); }
  const std::size_t before = descriptors();
  for (int i = 0; i < 20; ++i) {
    auto mock = start_mock();
    auto raw = connect_to(mock);
    auto moved = std::move(mock);
    mock = start_mock();
    if (i % 2 == 0) moved.hang();
  }
  CHECK(descriptors() == before);
}

TEST_CASE("a broker that leaves a mock's routes is told of with the reason") {
  MockNameserver mock = start_mock();
  mock.set_route("orders", {{"broker-a", "10.0.0.1:10911"},
                            {"broker-b", "10.0.0.2:10911"}});
  ClientOptions options = MockWorld::quiet();
  options.nameservers = {mock.address()};
  options.topics = {"orders"};
  options.event_delivery = EventDelivery::kPoll;
  auto client = Client::create(options);
  REQUIRE(client);
  REQUIRE(client->route("orders", kPatience));
  // It watches: the route has been asked for twice.
  REQUIRE(mock.wait_until([](const MockCounts& n) { return n.queries >= 2; },
                          kPatience));
  mock.leave("broker-a", 0, ChangeReason::kExpired, "silent for 3s");
  std::optional<BrokerLeft> left;
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!left && std::chrono::steady_clock::now() < deadline) {
    client->wait_for_events(1s);
    for (const Event& event : client->poll_events()) {
      if (const auto* what = std::get_if<BrokerLeft>(&event.what)) left = *what;
    }
  }
  REQUIRE(left);
  CHECK(left->broker.address == "10.0.0.1:10911");
  CHECK(left->reason == ChangeReason::kExpired);
  CHECK(left->detail == "silent for 3s");
  CHECK_FALSE(left->now);
}

}  // namespace
}  // namespace waypost::testing
