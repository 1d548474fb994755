#include "namesrv/handlers/native/route_frame_cache.h"

#include <memory>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "namesrv/registry/registry.h"
#include "wire/codec/frame.h"
#include "wire/codec/native.h"

namespace waypost::handlers {
namespace {

class Brokers {
 public:
  // Registers broker `name` with `topics` topics t0, t1, ...
  void add(std::string name, int topics, std::uint32_t queues = 4,
           std::string host = "10.0.0.1") {
    registry::Register event;
    event.binding = model::BindingId(1);
    event.request.cluster = model::ClusterName("c");
    event.request.broker = {model::BrokerName(std::move(name)),
                            model::kMasterId};
    event.request.address = {std::move(host), 1883};
    event.request.epoch = model::Epoch(1);
    for (int i = 0; i < topics; ++i) {
      event.request.topics.push_back(
          {model::TopicName("t" + std::to_string(i)), {queues, queues, {}, 0}});
    }
    registry_.step(event, base::Instant(std::chrono::seconds(1)));
  }
  const registry::RouteTable& table() { return registry_.table(); }

 private:
  registry::Registry registry_{registry::RegistrySettings{}};
};

model::VersionedRoute decode_frame(const std::string& frame) {
  const auto scan = codec::scan_frame(std::as_bytes(std::span(frame)),
                                      codec::kPayloadMaxBytesDefault);
  REQUIRE(scan.outcome == codec::FrameScan::Outcome::kFrame);
  CHECK(scan.frame.header.kind == codec::FrameKind::kRoute);
  CHECK(scan.frame.header.has_more());
  auto route = codec::decode<model::VersionedRoute>(scan.frame.payload);
  REQUIRE(route.has_value());
  return *route;
}

TEST_CASE("a route is encoded once and again only when it changes") {
  Brokers brokers;
  brokers.add("a", 2);
  RouteCache cache(1 << 20);
  RouteFrameCache frames(cache);
  auto* first = frames.find(brokers.table(), "t0");
  REQUIRE(first != nullptr);
  const model::Digest digest = first->digest;
  CHECK(decode_frame(first->bytes).route.groups.size() == 1);
  frames.find(brokers.table(), "t0");
  CHECK(cache.encodings() == 1);

  // Another topic's change makes a new table, not a new encoding.
  brokers.add("other", 0);
  CHECK(frames.find(brokers.table(), "t0")->digest == digest);
  CHECK(cache.encodings() == 1);

  // A new group member, and an address change that touches the group alone.
  brokers.add("b", 1);
  auto* joined = frames.find(brokers.table(), "t0");
  CHECK(decode_frame(joined->bytes).route.groups.size() == 2);
  CHECK_FALSE(joined->digest == digest);
  brokers.add("b", 1, 4, "10.0.0.9");
  auto* moved = frames.find(brokers.table(), "t0");
  CHECK(decode_frame(moved->bytes).route.groups[1].replicas[0].address.host ==
        "10.0.0.9");
  CHECK(cache.encodings() == 3);
}

TEST_CASE("a topic that nobody serves has no entry, also after it had one") {
  Brokers brokers;
  RouteCache cache(1 << 20);
  RouteFrameCache frames(cache);
  CHECK(frames.find(brokers.table(), "t0") == nullptr);
  brokers.add("a", 1);
  CHECK(frames.find(brokers.table(), "t0") != nullptr);
  brokers.add("a", 0);
  CHECK(frames.find(brokers.table(), "t0") == nullptr);
  CHECK(cache.entries() == 0);
  CHECK(cache.bytes() == 0);
}

TEST_CASE("the cache stays within its budget and keeps what is asked for") {
  Brokers brokers;
  brokers.add("a", 1000);
  constexpr std::size_t kBudget = 64 * 1024;
  RouteCache cache(kBudget);
  RouteFrameCache frames(cache);
  for (int i = 0; i < 1000; ++i) {
    REQUIRE(frames.find(brokers.table(), "t" + std::to_string(i)) != nullptr);
    REQUIRE(frames.find(brokers.table(), "t0") != nullptr);
    CHECK(cache.bytes() <= kBudget);
  }
  const auto encodings = cache.encodings();
  frames.find(brokers.table(), "t0");
  CHECK(cache.encodings() == encodings);
  CHECK(encodings < 1010);
}

TEST_CASE("a topic that comes and goes for ever costs no memory") {
  Brokers brokers;
  RouteCache cache(1 << 20);
  RouteFrameCache frames(cache);
  for (int i = 0; i < 2000; ++i) {
    brokers.add("a", 1);
    REQUIRE(frames.find(brokers.table(), "t0") != nullptr);
    brokers.add("a", 0);
    REQUIRE(frames.find(brokers.table(), "t0") == nullptr);
  }
  CHECK(cache.bytes() == 0);
  CHECK(cache.lined_up() < 200);
}

TEST_CASE("a route has its order configuration where that is enabled") {
  Brokers brokers;
  brokers.add("a", 1);
  service::PublishedView view;
  RouteCache cache(1 << 20);
  RouteFrameCache frames(
      cache, [&]() -> const service::PublishedView& { return view; });
  const auto put = [&](const std::string& order) {
    auto state = std::make_shared<store::HardState>();
    state->kv.apply({model::kOrderTopicConfigNamespace, "t0", order});
    view.state = std::move(state);
    ++view.settings_version;
  };
  const auto found = [&] {
    return decode_frame(frames.find(brokers.table(), "t0")->bytes);
  };
  put("a:4");
  const auto plain = found();
  CHECK(plain.route.order.empty());
  view.remoting.order_message_enable = true;
  ++view.settings_version;
  const auto ordered = found();
  CHECK(ordered.route.order == "a:4");
  CHECK_FALSE(ordered.digest == plain.digest);
  const auto encodings = cache.encodings();
  found();
  CHECK(cache.encodings() == encodings);
  put("a:8");
  CHECK(found().route.order == "a:8");
  // More than clients would read.
  put(std::string(17UL * 1024, 'a'));
  CHECK(found().digest == plain.digest);
  put("a:4");
  view.remoting.order_message_enable = false;
  ++view.settings_version;
  CHECK(found().digest == plain.digest);
}

}  // namespace
}  // namespace waypost::handlers
