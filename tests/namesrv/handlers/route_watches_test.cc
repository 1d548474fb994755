// Who is told of which routes when the table changes.

#include "namesrv/handlers/native/route_watches.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"
#include "namesrv/registry/registry.h"
#include "tests/support/sim/sim_world.h"
#include "wire/codec/native.h"

namespace waypost::handlers {
namespace {

using namespace std::chrono_literals;

// What a client knows of routes: topic -> brokers, as it was told.
class Listener final : public rpc::ServerSession {
 public:
  explicit Listener(std::uint64_t number) : number_(number) {}

  std::map<std::string, std::string> known;
  std::vector<std::string> departed;  // "a expired", as told
  std::size_t pushes = 0;
  std::size_t unsent = 0;
  bool reads = true;

 private:
  void write_frames(std::string_view frames) override {
    ++pushes;
    if (!reads) unsent += frames.size();
    const auto scan = codec::scan_frame(std::as_bytes(std::span(frames)),
                                        codec::kPayloadMaxBytesDefault);
    REQUIRE(scan.outcome == codec::FrameScan::Outcome::kFrame);
    CHECK(scan.frame.header.correlation_id == 0);
    CHECK(scan.frame.header.flags == codec::kFlagReply);
    if (scan.frame.header.kind == codec::FrameKind::kRoute) {
      // Frames in a string are not aligned as received ones are.
      const std::string payload(
          reinterpret_cast<const char*>(scan.frame.payload.data()),
          scan.frame.payload.size());
      std::vector<std::uint64_t> aligned(payload.size() / 8);
      std::memcpy(aligned.data(), payload.data(), payload.size());
      const auto route = codec::decode<model::VersionedRoute>(
          std::as_bytes(std::span(aligned)));
      REQUIRE(route);
      known[route->route.topic.value()] = brokers_in(route->route);
      return;
    }
    REQUIRE(scan.frame.header.kind == codec::FrameKind::kWatchRoutes);
    const auto end = codec::decode<model::RouteQueryEnd>(scan.frame.payload);
    REQUIRE(end);
    for (const auto& each : end->errors) known[each.topic.value()] = "";
    if (end->departures.empty()) return;
    --pushes;  // it comes with one
    for (const auto& each : end->departures) departed.push_back(text_of(each));
  }

 public:
  static std::string text_of(const model::Departure& departure) {
    return departure.broker_name.value() + " " +
           std::string(model::departure_reason_name(departure.reason));
  }
  static std::string brokers_in(const model::Route& route) {
    std::string text;
    for (const auto& group : route.groups) {
      text += (text.empty() ? "" : " ") + group.broker_name.value() + "@" +
              group.replicas[0].address.host;
    }
    return text;
  }

 private:
  void reply(codec::FrameKind, std::uint16_t, std::uint64_t,
             std::string_view) override {}
  void reply_error(std::uint64_t, const base::Error&) override {}
  void refuse(std::uint64_t, const base::Error&) override {}
  void push(codec::FrameKind, std::string_view) override {}
  void expect(bool) override {}
  void settle() override {}
  std::size_t unsent_bytes() const override { return unsent; }
  void close() override {}
  const base::Endpoint& peer() const override { return peer_; }
  std::uint64_t id() const override { return number_; }

  const std::uint64_t number_;
  base::Endpoint peer_;
};

// A registry, one loop's watches, and those who listen.
class Watched {
 public:
  explicit Watched(WatchSettings settings = {}) : settings_(settings) {
    world.add_node("ns", "10.0.0.1");
    start();
  }

  void start() {
    RouteWatches::Shell shell;
    shell.loop = &world.node("ns").executor();
    shell.feed = &feed;
    shell.frames = &frames_;
    shell.table = [this]() -> const registry::RouteTable& {
      return registry.table();
    };
    shell.newest_table = shell.table;
    shell.answers_routes = [this] { return answers; };
    shell.find_session = [this](std::uint64_t id) -> rpc::ServerSession* {
      const auto found = listeners.find(id);
      return found == listeners.end() ? nullptr : found->second.get();
    };
    shell.denial = [](const std::string& topic) {
      model::RouteQueryEnd end;
      end.errors.push_back({model::TopicName(topic),
                            {base::ErrorCode::kNotFound, "nobody", ""}});
      return codec::encode(end);
    };
    shell.notice = [](std::vector<model::Departure> departures) {
      model::RouteQueryEnd end;
      end.departures = std::move(departures);
      return codec::encode(end);
    };
    watches = std::make_unique<RouteWatches>(settings_, std::move(shell));
  }

  // Registers a broker with exactly these topics.
  void serve(const std::string& broker, const std::set<std::string>& topics,
             const std::string& host = "h") {
    registry::Register event;
    event.binding = model::BindingId(bindings_[broker] = ++last_binding_);
    event.request.cluster = model::ClusterName("c");
    event.request.broker = {model::BrokerName(broker), model::kMasterId};
    event.request.address = {host, 1883};
    event.request.epoch = model::Epoch(last_binding_);
    for (const auto& topic : topics) {
      event.request.topics.push_back({model::TopicName(topic), {4, 4, {}, 0}});
    }
    step(event);
  }
  void leave(const std::string& broker) {
    step(registry::BindingClosed{model::BindingId(bindings_[broker]),
                                 registry::BindingClosed::Cause::kPeer});
  }
  void step(const registry::Event& event) {
    registry.step(event, world.now());
    if (published) feed.publish(registry.take_changes());
  }

  std::string truth(const std::string& topic) const {
    const auto* entry =
        registry.table().find_topic(topic, model::hash_bytes(topic));
    return entry == nullptr
               ? ""
               : Listener::brokers_in(registry.table().route(*entry));
  }

  Listener& listener(std::uint64_t id) {
    auto& slot = listeners[id];
    if (!slot) slot = std::make_unique<Listener>(id);
    return *slot;
  }
  // As a session does: tells the route, then has it watched.
  bool watch(std::uint64_t id, const std::string& topic) {
    Listener& it = listener(id);
    it.known[topic] = truth(topic);
    const auto* entry = frames_.find(registry.table(), topic);
    return watches->watch(id, topic,
                          entry == nullptr ? model::Digest{} : entry->digest);
  }
  // As a session does that is asked for a route.
  void query(std::uint64_t id, const std::string& topic) {
    if (!listener(id).known.contains(topic)) return;
    listener(id).known[topic] = truth(topic);
    const auto* entry = frames_.find(registry.table(), topic);
    watches->note_told(topic,
                       entry == nullptr ? model::Digest{} : entry->digest);
  }
  void leave_listener(std::uint64_t id) {
    listeners.erase(id);
    watches->forget(id);
  }
  void settle() { world.run_for(1ms); }

  sim::SimWorld world;
  registry::Registry registry{registry::RegistrySettings{}};
  service::RouteFeed feed;
  bool answers = true;
  bool published = true;
  std::map<std::uint64_t, std::unique_ptr<Listener>> listeners;

 private:
  const WatchSettings settings_;
  RouteCache cache_{1 << 20};
  RouteFrameCache frames_{cache_};
  std::map<std::string, std::uint64_t> bindings_;
  std::uint64_t last_binding_ = 0;

 public:
  std::unique_ptr<RouteWatches> watches;
};

TEST_CASE("a watcher is told what changes, and nobody else is") {
  Watched it;
  it.serve("a", {"orders", "payments"});
  CHECK(it.watch(1, "orders"));
  CHECK(it.watch(2, "payments"));
  it.settle();
  CHECK(it.listener(1).pushes == 0);

  it.serve("b", {"orders"});
  it.settle();
  CHECK(it.listener(1).pushes == 1);
  CHECK(it.listener(1).known["orders"] == "a@h b@h");
  CHECK(it.listener(2).pushes == 0);

  // An address is the group's, so it changes all its topics.
  it.serve("a", {"orders", "payments"}, "elsewhere");
  it.settle();
  CHECK(it.listener(1).known["orders"] == "a@elsewhere b@h");
  CHECK(it.listener(2).known["payments"] == "a@elsewhere");

  it.leave("a");
  it.settle();
  CHECK(it.listener(1).known["orders"] == "b@h");
  CHECK(it.listener(2).known["payments"].empty());
  it.serve("c", {"payments"});
  it.settle();
  CHECK(it.listener(2).known["payments"] == "c@h");
}

using Lines = std::vector<std::string>;

// What answers would tell.
Lines answered(Watched& it, std::uint64_t id) {
  Lines lines;
  for (const auto& each : it.watches->take_departures(id)) {
    lines.push_back(Listener::text_of(each));
  }
  return lines;
}

TEST_CASE("why brokers left is told once, to who watches what they served") {
  Watched it;
  it.serve("a", {"orders", "payments", "refunds"});
  it.serve("b", {"orders", "payments", "refunds", "other"});
  for (const char* topic : {"orders", "payments", "refunds"}) {
    it.watch(1, topic);
  }
  it.watch(2, "other");
  it.settle();
  it.leave("a");
  it.settle();
  CHECK(it.listener(1).pushes == 3);
  CHECK(it.listener(1).departed == Lines{"a connection-closed"});
  CHECK(it.listener(2).departed.empty());
  // The same once more is told once more.
  it.serve("a", {"orders"});
  it.settle();
  it.leave("a");
  it.settle();
  CHECK(it.listener(1).departed.size() == 2);
  // What shows in no route explains nothing later.
  it.serve("c", {"orders"});
  it.leave("c");
  it.settle();
  it.serve("d", {"orders"});
  it.settle();
  CHECK(it.listener(1).known["orders"] == "b@h d@h");
  CHECK(it.listener(1).departed.size() == 2);
}

TEST_CASE("an answer that shows a change first says why, each reason once") {
  Watched it;
  it.serve("a", {"orders"});
  it.serve("b", {"orders"});
  it.watch(1, "orders");
  it.watch(2, "orders");
  it.settle();
  it.leave("a");
  // It asks before the loop has looked at what the table shows already.
  CHECK(answered(it, 1) == Lines{"a connection-closed"});
  CHECK(answered(it, 1).empty());
  it.settle();
  CHECK(it.listener(2).departed == Lines{"a connection-closed"});
  CHECK(it.listener(1).known["orders"] == "b@h");
  // One that comes later, back from elsewhere, is told for a while.
  it.watch(3, "orders");
  CHECK(answered(it, 3) == Lines{"a connection-closed"});
  it.world.run_for(3min);
  it.watch(4, "orders");
  CHECK(answered(it, 4).empty());
  CHECK(answered(it, 99).empty());
  it.leave("b");
  // Who does not watch, not yet perhaps, is told all of them each time.
  CHECK(answered(it, 99) == Lines{"b connection-closed"});
  CHECK(answered(it, 99) == Lines{"b connection-closed"});
  for (std::uint64_t id = 1; id <= 4; ++id) it.leave_listener(id);
  CHECK(answered(it, 99).empty());
}

TEST_CASE("of many departures the newest are told") {
  Watched it({.departures_max = 4});
  it.serve("z", {"orders"});
  for (int i = 0; i < 10; ++i) it.serve(std::to_string(i), {"orders"});
  it.watch(1, "orders");
  it.settle();
  for (int i = 0; i < 10; ++i) it.leave(std::to_string(i));
  it.settle();
  CHECK(it.listener(1).known["orders"] == "z@h");
  CHECK(it.listener(1).departed ==
        Lines{"6 connection-closed", "7 connection-closed",
              "8 connection-closed", "9 connection-closed"});
  CHECK(answered(it, 1).size() == 4);
}

TEST_CASE("a topic that nobody serves yet can be watched") {
  Watched it;
  CHECK(it.watch(1, "orders"));
  it.settle();
  it.serve("a", {"other"});
  it.settle();
  CHECK(it.listener(1).pushes == 0);
  it.serve("a", {"other", "orders"});
  it.settle();
  CHECK(it.listener(1).known["orders"] == "a@h");
}

TEST_CASE("what is the same again is told to nobody") {
  Watched it;
  it.serve("a", {"orders"});
  it.watch(1, "orders");
  it.settle();
  it.serve("a", {"orders"}, "elsewhere");
  it.serve("a", {"orders"});
  it.settle();
  CHECK(it.listener(1).pushes == 0);
  // Watching twice is watching once.
  it.watch(1, "orders");
  CHECK(it.watches->count() == 1);
  it.serve("b", {"orders"});
  it.settle();
  CHECK(it.listener(1).pushes == 1);
}

TEST_CASE("what happens between the answer and the subscription is not lost") {
  Watched it;
  it.serve("a", {"orders"});
  // The table of the first watcher's turn is older than what is published.
  it.watch(1, "orders");
  it.listener(1).known["orders"] = "";
  it.published = false;  // before anybody was subscribed
  it.serve("b", {"orders"});
  it.published = true;
  it.settle();
  CHECK(it.listener(1).known["orders"] == "a@h b@h");
}

TEST_CASE("nothing is told while routes are not answered, all of it after") {
  Watched it;
  it.serve("a", {"orders"});
  it.watch(1, "orders");
  it.settle();
  it.answers = false;
  it.leave("a");
  it.serve("b", {"orders"});
  it.settle();
  CHECK(it.listener(1).pushes == 0);
  it.answers = true;
  it.feed.publish_everything();
  it.settle();
  CHECK(it.listener(1).known["orders"] == "b@h");
}

TEST_CASE("who is gone is told nothing, and costs nothing any more") {
  Watched it;
  it.serve("a", {"orders", "payments"});
  for (std::uint64_t id = 1; id <= 50; ++id) {
    it.watch(id, "orders");
    it.watch(id, "payments");
  }
  CHECK(it.watches->count() == 100);
  for (std::uint64_t id = 1; id <= 50; id += 2) it.leave_listener(id);
  CHECK(it.watches->count() == 50);
  it.leave("a");
  it.settle();
  for (const auto& [id, each] : it.listeners) CHECK(each->pushes == 2);
  for (std::uint64_t id = 2; id <= 50; id += 2) it.leave_listener(id);
  CHECK(it.watches->count() == 0);
  CHECK(it.watches->topics() == 0);
  it.serve("a", {"orders"});
  it.settle();
}

TEST_CASE("many are told in slices; the newest is what all have in the end") {
  Watched it({.slice = 7});
  it.serve("a", {"orders"});
  for (std::uint64_t id = 1; id <= 100; ++id) it.watch(id, "orders");
  it.settle();
  it.serve("b", {"orders"});
  // In the midst of telling: more watchers, some leave, another change.
  it.world.run_until([&] { return it.watches->pushes() >= 40; }, 1s);
  CHECK(it.watches->pushes() < 60);
  for (std::uint64_t id = 101; id <= 110; ++id) it.watch(id, "orders");
  for (std::uint64_t id = 1; id <= 100; id += 3) it.leave_listener(id);
  it.serve("c", {"orders"});
  it.settle();
  for (const auto& [id, each] : it.listeners) {
    CHECK(each->known["orders"] == "a@h b@h c@h");
  }
}

TEST_CASE("a slow reader is told later, and then everything it watches") {
  Watched it({.unread_max_bytes = 1000});
  it.serve("a", {"orders", "payments"});
  it.watch(1, "orders");
  it.watch(1, "payments");
  it.watch(2, "orders");
  it.settle();
  it.listener(1).unsent = 5000;
  it.serve("b", {"orders", "payments"});
  it.settle();
  CHECK(it.listener(1).pushes == 0);
  CHECK(it.listener(2).pushes == 1);
  it.leave("a");
  it.world.run_for(1s);
  CHECK(it.listener(1).pushes == 0);
  it.listener(1).unsent = 0;
  it.world.run_for(1s);
  CHECK(it.listener(1).known["orders"] == "b@h");
  CHECK(it.listener(1).known["payments"] == "b@h");
  // And from then on as the others.
  const std::size_t pushes = it.listener(1).pushes;
  it.leave("b");
  it.settle();
  CHECK(it.listener(1).pushes == pushes + 2);
}

TEST_CASE("who never reads costs a bounded amount, however much changes") {
  Watched it({.slice = 100, .unread_max_bytes = 20'000});
  std::set<std::string> topics;
  for (int i = 0; i < 2000; ++i) topics.insert("topic-" + std::to_string(i));
  it.serve("a", topics);
  for (const auto& topic : topics) it.watch(1, topic);
  it.settle();
  Listener& slow = it.listener(1);
  slow.reads = false;
  for (int i = 0; i < 20; ++i) {
    it.serve("a", topics, "host-" + std::to_string(i));
    it.world.run_for(100ms);
    CHECK(slow.unsent < 21'000);
  }
  // It reads slowly: never more at once, and of each topic the newest alone.
  const std::size_t before = slow.pushes;
  const bool all = it.world.run_until(
      [&] {
        CHECK(slow.unsent < 21'000);
        if (slow.unsent > 15'000) slow.unsent = 0;
        return std::all_of(topics.begin(), topics.end(), [&](const auto& each) {
          return slow.known[each] == "a@host-19";
        });
      },
      60s);
  CHECK(all);
  CHECK(slow.pushes - before <= topics.size());
}

TEST_CASE("telling stops in its midst when answering does, and is made good") {
  Watched it({.slice = 1});
  it.serve("a", {"orders"});
  for (std::uint64_t id = 1; id <= 20; ++id) it.watch(id, "orders");
  it.settle();
  it.serve("b", {"orders"});
  it.world.run_until([&] { return it.watches->pushes() >= 5; }, 1s);
  it.answers = false;
  const auto told = it.watches->pushes();
  it.world.run_for(1s);
  CHECK(it.watches->pushes() == told);
  CHECK(told < 20);
  // The same route: those who were told do not mind.
  it.answers = true;
  it.feed.publish_everything();
  it.settle();
  for (const auto& [id, each] : it.listeners) {
    CHECK(each->known["orders"] == "a@h b@h");
  }
}

TEST_CASE("limits: too many watches are refused, those that are stay") {
  Watched it({.of_session_max = 2, .of_loop_max = 3});
  CHECK(it.watch(1, "t1"));
  CHECK(it.watch(1, "t2"));
  CHECK_FALSE(it.watch(1, "t3"));
  CHECK(it.watch(2, "t3"));
  CHECK_FALSE(it.watch(2, "t4"));
  CHECK(it.watch(1, "t1"));
  it.leave_listener(1);
  CHECK(it.watch(2, "t4"));
}

TEST_CASE("a loop that ends while changes are on their way hears no more") {
  Watched it;
  it.watch(1, "orders");
  it.settle();
  it.serve("a", {"orders"});
  it.watches.reset();
  it.settle();
  it.serve("b", {"orders"});
  it.settle();
}

TEST_CASE("whatever happens, everybody ends up knowing the truth") {
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    CAPTURE(seed);
    base::Random random(seed);
    Watched it({.slice = 1 + random.below(5), .unread_max_bytes = 1000});
    const auto topic = [&] { return "t" + std::to_string(random.below(6)); };
    const auto broker = [&] {
      return std::string(1, static_cast<char>('a' + random.below(5)));
    };
    for (int i = 0; i < 150; ++i) {
      switch (random.below(9)) {
        case 0:
        case 1: {
          std::set<std::string> topics;
          for (std::uint64_t k = 0; k <= random.below(4); ++k) {
            topics.insert(topic());
          }
          it.serve(broker(), topics, random.chance(0.3) ? "x" : "h");
          break;
        }
        case 2:
          it.leave(broker());
          break;
        case 3:
        case 4:
          it.watch(1 + random.below(20), topic());
          break;
        case 7:
          it.query(1 + random.below(20), topic());
          break;
        case 5:
          it.leave_listener(1 + random.below(20));
          break;
        case 6:
          for (auto& [id, each] : it.listeners) {
            each->unsent = random.chance(0.2) ? 5000 : 0;
          }
          break;
        default:
          it.world.run_for(std::chrono::microseconds(random.below(3)));
          break;
      }
    }
    for (auto& [id, each] : it.listeners) each->unsent = 0;
    it.world.run_for(1s);
    for (const auto& [id, each] : it.listeners) {
      CAPTURE(id);
      for (const auto& [name, brokers] : each->known) {
        CAPTURE(name);
        REQUIRE(brokers == it.truth(name));
      }
    }
  }
}

}  // namespace
}  // namespace waypost::handlers
