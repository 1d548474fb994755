#include "waypost/allocation.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "client_sdk/core/consistent_hash_ring.h"
#include "client_sdk/core/md5.h"
#include "client_sdk/core/to_public.h"
#include "wire/model/topic.h"

namespace waypost {
namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char each : text) {
    if (each == separator) {
      parts.emplace_back();
    } else {
      parts.back() += each;
    }
  }
  return parts;
}

std::string hex(std::string_view text) {
  std::string digits;
  for (const auto byte : client::md5(text)) {
    digits += "0123456789abcdef"[byte >> 4U];
    digits += "0123456789abcdef"[byte & 15U];
  }
  return digits;
}

std::string room_before_dash(const std::string& name) {
  return name.substr(0, name.find('-'));
}

AllocationStrategy strategy_named(const std::string& name) {
  const std::string nearby = "MACHINE_ROOM_NEARBY-";
  if (name.starts_with(nearby)) {
    return allocate_nearby(
        strategy_named(name.substr(nearby.size())),
        {[](const TopicQueue& queue) { return room_before_dash(queue.broker); },
         room_before_dash});
  }
  const auto parts = split(name, '/');
  if (parts[0] == "AVG") return allocate_averagely;
  if (parts[0] == "AVG_BY_CIRCLE") return allocate_by_circle;
  if (parts[0] == "CONSISTENT_HASH") {
    return allocate_by_consistent_hash(std::stoi(parts[1]));
  }
  REQUIRE(parts[0] == "MACHINE_ROOM");
  const auto rooms = split(parts[1], ',');
  return allocate_by_machine_room({rooms.begin(), rooms.end()});
}

TopicQueues queues_of(const std::string& topic,
                      const std::vector<std::string>& brokers, unsigned each) {
  TopicQueues queues;
  for (const auto& broker : brokers) {
    for (unsigned i = 0; i < each; ++i) queues.push_back({topic, broker, i});
  }
  std::sort(queues.begin(), queues.end());
  return queues;
}

std::string text_of(const TopicQueues& queues,
                    const std::vector<std::string>& brokers) {
  std::string text;
  for (const auto& queue : queues) {
    const auto broker =
        std::find(brokers.begin(), brokers.end(), queue.broker) -
        brokers.begin();
    text += (text.empty() ? "" : " ") + std::to_string(broker) + ":" +
            std::to_string(queue.queue);
  }
  return text;
}

TEST_CASE("md5: the examples of RFC 1321, and the edges of its padding") {
  CHECK(hex("") == "d41d8cd98f00b204e9800998ecf8427e");
  CHECK(hex("a") == "0cc175b9c0f1b6a831c399e269772661");
  CHECK(hex("message digest") == "f96b697d7cb7938d525a2f31aaf161d0");
  CHECK(hex("1234567890123456789012345678901234567890123456789012345678901234"
            "5678901234567890") == "57edf4a22be3c955ac49da2e2107b67a");
  CHECK(hex(std::string(55, 'x')) == "04364420e25c512fd958a70738aa8f72");
  CHECK(hex(std::string(56, 'x')) == "668a72d5ba17f08e62dabcafad6db14b");
  CHECK(hex(std::string(64, 'x')) == "c1bb4f81d892b2d57947682aeb252456");
}

TEST_CASE("every strategy gives each consumer what RocketMQ gives it") {
  std::ifstream golden(WAYPOST_ALLOCATIONS);
  REQUIRE(golden.is_open());
  std::string line;
  int cases = 0;
  while (std::getline(golden, line)) {
    if (line.starts_with('#')) continue;
    CAPTURE(line);
    const auto field = split(line, '|');
    REQUIRE(field.size() == 6);
    const auto strategy = strategy_named(field[0]);
    const auto brokers = split(field[2], ',');
    const auto queues = queues_of(field[1], brokers,
                                  static_cast<unsigned>(std::stoul(field[3])));
    const auto consumers = split(field[4], ',');
    auto sorted = consumers;
    std::sort(sorted.begin(), sorted.end());
    const auto expected = split(field[5], ';');
    REQUIRE(expected.size() == consumers.size());
    for (std::size_t i = 0; i < consumers.size(); ++i) {
      CAPTURE(consumers[i]);
      const auto mine = strategy(consumers[i], queues, sorted);
      REQUIRE(mine);
      CHECK(text_of(*mine, brokers) == expected[i]);
    }
    ++cases;
  }
  CHECK(cases > 100);
}

TEST_CASE("nothing to divide, nobody to divide among: an error, as in Java") {
  const auto queues = queues_of("orders", {"a"}, 2);
  const std::vector<std::string> consumers = {"c1", "c2"};
  const std::vector<AllocationStrategy> all = {
      allocate_averagely, allocate_by_circle, allocate_by_consistent_hash(),
      allocate_by_machine_room({"room"}),
      allocate_nearby(allocate_averagely,
                      {[](const TopicQueue&) { return std::string("r"); },
                       [](const std::string&) { return std::string("r"); }})};
  for (const auto& strategy : all) {
    CHECK_FALSE(strategy("", queues, consumers));
    CHECK_FALSE(strategy("c1", {}, consumers));
    CHECK_FALSE(strategy("c1", queues, {}));
    const auto stranger = strategy("c3", queues, consumers);
    REQUIRE(stranger);
    CHECK(stranger->empty());
  }
  CHECK_FALSE(allocate_by_consistent_hash(-1)("c1", queues, consumers));
}

TEST_CASE("nearby: a room that is not known refuses the whole allocation") {
  const auto queues = queues_of("orders", {"a", "b"}, 2);
  const std::vector<std::string> consumers = {"c1"};
  const auto nameless = [](const auto&) { return std::string(); };
  const auto here = [](const auto&) { return std::string("here"); };
  CHECK_FALSE(allocate_nearby(allocate_averagely, {nameless, here})(
      "c1", queues, consumers));
  CHECK_FALSE(allocate_nearby(allocate_averagely, {here, nameless})(
      "c1", queues, consumers));
}

TEST_CASE("by configuration: the lists do not matter") {
  const TopicQueues mine = {{"orders", "x", 7}};
  const auto strategy = allocate_by_configuration(mine);
  CHECK(*strategy("anybody", {}, {}) == mine);
}

// --- The helper ---

Route route_of(const std::vector<std::string>& readable, std::uint32_t queues) {
  Route route;
  route.topic = "orders";
  for (const auto& name : readable) {
    RouteGroup group;
    group.name = name;
    group.read_queues = queues;
    group.readable = true;
    group.replicas.emplace_back();
    route.groups.push_back(group);
  }
  return route;
}

TEST_CASE("an assignment is recomputed and tells what was gained and lost") {
  QueueAssignment mine("c2", allocate_averagely);
  auto change = mine.set_route(route_of({"broker-b", "broker-a"}, 2));
  REQUIRE(change);
  CHECK(change->empty());  // no consumers are known yet
  // The order in which they are told does not matter, nor does telling twice.
  change = mine.set_consumers({"c2", "c1", "c2"});
  REQUIRE(change);
  CHECK(text_of(change->gained, {"broker-a", "broker-b"}) == "1:0 1:1");
  CHECK(change->lost.empty());
  CHECK(mine.set_consumers({"c1", "c2"})->empty());

  change = mine.set_consumers({"c2", "c3"});
  CHECK(text_of(change->gained, {"broker-a", "broker-b"}) == "0:0 0:1");
  CHECK(text_of(change->lost, {"broker-a", "broker-b"}) == "1:0 1:1");
  change = mine.set_route(route_of({"broker-b"}, 2));
  CHECK(text_of(mine.queues(), {"broker-a", "broker-b"}) == "1:0");
  // Somebody else's consumers: none of the queues is ours.
  change = mine.set_consumers({"c1"});
  CHECK(mine.queues().empty());
  CHECK(change->lost.size() == 1);
}

TEST_CASE("a route without readable queues leaves nothing to read") {
  QueueAssignment mine("c1", allocate_by_circle);
  REQUIRE(mine.set_consumers({"c1"}));
  REQUIRE(mine.set_route(route_of({"broker-a"}, 2)));
  CHECK(mine.queues().size() == 2);
  Route closed = route_of({"broker-a"}, 2);
  closed.groups[0].readable = false;
  const auto change = mine.set_route(closed);
  REQUIRE(change);
  CHECK(change->lost.size() == 2);
  CHECK(mine.queues().empty());
}

TEST_CASE("a share follows the events of its own topic") {
  QueueAssignment mine("c1", allocate_averagely);
  REQUIRE(mine.set_consumers({"c1", "c2"}));
  Event event;
  RouteChanged changed;
  changed.route = route_of({"broker-a", "broker-b"}, 4);
  const std::string topic = changed.route.topic;
  event.what = changed;
  CHECK(mine.on_event("another", event)->empty());
  CHECK(mine.queues().empty());
  const auto first = mine.on_event(topic, event);
  REQUIRE(first);
  CHECK(first->gained.size() == 4);
  CHECK(mine.queues().front().broker == "broker-a");
  event.what = RefreshFailed{"down"};
  CHECK(mine.on_event(topic, event)->empty());
  changed.route = route_of({"broker-b"}, 4);
  event.what = changed;
  const auto second = mine.on_event(topic, event);
  REQUIRE(second);
  CHECK(second->lost.size() == 4);
  CHECK(second->gained.size() == 2);
}

TEST_CASE("a strategy that fails leaves the share as it was") {
  bool fails = false;
  QueueAssignment mine(
      "c1",
      [&](std::string_view consumer, std::span<const TopicQueue> queues,
          std::span<const std::string> consumers) -> Result<TopicQueues> {
        if (fails) return Error{ErrorCode::kInternal, "no", ""};
        return allocate_by_circle(consumer, queues, consumers);
      });
  REQUIRE(mine.set_consumers({"c1"}));
  REQUIRE(mine.set_route(route_of({"broker-a"}, 2)));
  fails = true;
  CHECK_FALSE(mine.set_route(route_of({"broker-a"}, 4)));
  CHECK(mine.queues().size() == 2);
}

TEST_CASE("a strategy that is empty or throws is an error, no end") {
  const auto refused_by = [](AllocationStrategy strategy) {
    QueueAssignment mine("c1", std::move(strategy));
    REQUIRE(mine.set_consumers({"c1"}));
    const auto change = mine.set_route(route_of({"broker-a"}, 2));
    REQUIRE_FALSE(change);
    CHECK(change.error().code == ErrorCode::kInvalidArgument);
    CHECK(mine.queues().empty());
    return change.error().message;
  };
  CHECK(refused_by({}) == "allocate queues: the strategy is empty");
  CHECK(refused_by([](auto, auto, auto) -> Result<TopicQueues> {
          throw std::runtime_error("no");
        }) == "allocate queues: the strategy threw: no");
  CHECK(refused_by([](auto, auto, auto) -> Result<TopicQueues> { throw 1; }) ==
        "allocate queues: the strategy threw");
  const std::string empty =
      "allocate queues: nearby: a strategy or a function that tells rooms is "
      "empty";
  CHECK(refused_by(allocate_nearby({}, {})) == empty);
  CHECK(refused_by(allocate_nearby(
            allocate_averagely, {[](const TopicQueue&) { return ""; }, {}})) ==
        empty);
}

TEST_CASE("a route with an absurd number of queues costs little") {
  QueueAssignment mine("c1", allocate_averagely);
  REQUIRE(mine.set_consumers({"c1"}));
  REQUIRE(mine.set_route(route_of({"broker-a"}, 2)));
  const Route absurd = route_of({"broker-a", "broker-b"}, 0xffffffff);
  const auto change = mine.set_route(absurd);
  REQUIRE_FALSE(change);
  CHECK(change.error().code == ErrorCode::kTooLarge);
  CHECK(mine.queues().size() == 2);
  CHECK(readable_queues(absurd).size() == kAllocatedQueuesMax);

  // The most that a route tells of one broker; with each change all queues of
  // before are compared with all of now.
  REQUIRE(mine.set_route(route_of({"broker-a"}, model::kQueuesMax)));
  const auto more = mine.set_route(route_of({"broker-b"}, model::kQueuesMax));
  REQUIRE(more);
  CHECK(more->gained.size() == model::kQueuesMax);
  CHECK(more->lost.size() == model::kQueuesMax);

  // What a nameserver tells.
  client::CachedRoute told;
  told.route.route.groups.emplace_back().queues = {0xffffffff, 0xfffffffe, {}};
  const Route route = client::to_public(told);
  CHECK(route.groups[0].read_queues == model::kQueuesMax);
  CHECK(route.groups[0].write_queues == model::kQueuesMax);
}

TEST_CASE("consumers are sorted by UTF-16 units, as Java sorts them") {
  // U+FF21 is EF BC A1, U+1F600 is F0 9F 98 80 but D83D DE00 in UTF-16.
  const std::string wide = "\xef\xbc\xa1";
  const std::string smile = "\xf0\x9f\x98\x80";
  QueueAssignment mine(smile, allocate_averagely);
  REQUIRE(mine.set_consumers({wide, smile}));
  REQUIRE(mine.set_route(route_of({"broker-a"}, 2)));
  REQUIRE(mine.queues().size() == 1);
  CHECK(mine.queues()[0].queue == 0);
}

TEST_CASE("consistent hash: a consumer that leaves moves only its own queues") {
  const auto queues = queues_of("orders", {"a", "b", "c"}, 16);
  const auto strategy = allocate_by_consistent_hash(50);
  const std::vector<std::string> four = {"c1", "c2", "c3", "c4"};
  const std::vector<std::string> three = {"c1", "c2", "c3"};
  for (const auto& consumer : three) {
    const auto before = strategy(consumer, queues, four);
    const auto after = strategy(consumer, queues, three);
    for (const auto& queue : *before) {
      CHECK(std::find(after->begin(), after->end(), queue) != after->end());
    }
  }
}

}  // namespace
}  // namespace waypost
