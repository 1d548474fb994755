#include "client_sdk/core/event_backlog.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"

namespace waypost::client {
namespace {

Event happened(decltype(Event::what) what) {
  Event event;
  event.what = std::move(what);
  return event;
}

Event route_event(const std::string& topic, std::vector<std::string> added,
                  std::vector<std::string> removed = {}) {
  RouteChanged changed;
  changed.route.topic = topic;
  changed.route.digest = "after +" + (added.empty() ? "" : added.front());
  changed.added = std::move(added);
  changed.removed = std::move(removed);
  return happened(std::move(changed));
}

Broker broker_named(const std::string& name) {
  return {"shop", name, 0, "10.0.0.1", 1, "10.0.0.1:1", ""};
}

std::vector<std::string> drain(EventBacklog& backlog) {
  std::vector<std::string> lines;
  while (const auto event = backlog.pop()) lines.push_back(event->to_string());
  return lines;
}

TEST_CASE("a backlog with room hands out everything in order") {
  EventBacklog backlog(3);
  backlog.push(route_event("orders", {"a"}));
  backlog.push(route_event("orders", {"b"}, {"a"}));
  backlog.push(happened(RefreshFailed{"down"}));
  CHECK(backlog.size() == 3);
  CHECK(drain(backlog) ==
        std::vector<std::string>{
            "route changed: +a -> orders: no brokers",
            "route changed: +b -a -> orders: no brokers",
            "no nameserver answered, cached routes stay in use: down"});
  CHECK(backlog.empty());
  CHECK(backlog.merged() == 0);
  CHECK(backlog.lost() == 0);
}

TEST_CASE("a full backlog merges what is about the same, in its place") {
  EventBacklog backlog(2);
  backlog.push(route_event("orders", {"a"}, {"x"}));
  backlog.push(happened(RefreshFailed{"one"}));
  // `a` came and went, `x` went and came: no change in sum.
  backlog.push(route_event("orders", {"b", "x"}, {"a"}));
  backlog.push(happened(RefreshFailed{"two"}));
  CHECK(backlog.size() == 2);
  CHECK(backlog.merged() == 2);
  CHECK(backlog.lost() == 0);
  const auto merged = backlog.pop();
  REQUIRE(merged);
  const auto& changed = std::get<RouteChanged>(merged->what);
  CHECK(changed.route.digest == "after +b");
  CHECK(changed.added == std::vector<std::string>{"b"});
  CHECK(changed.removed.empty());
  CHECK(std::get<RefreshFailed>(backlog.pop()->what).why == "two");
}

TEST_CASE("whether a broker is avoided is told by the newest event alone") {
  EventBacklog backlog(1);
  backlog.push(happened(BrokerAvoided{broker_named("a"), {}, "failed"}));
  backlog.push(happened(BrokerNoLongerAvoided{broker_named("a"), "over"}));
  CHECK(drain(backlog) == std::vector<std::string>{
                              "broker a/0@10.0.0.1:1 no longer avoided: over"});
  CHECK(backlog.merged() == 1);
}

TEST_CASE("several switches are one, from the first to the last") {
  EventBacklog backlog(1);
  backlog.push(happened(NameserverSwitched{"a", "b", "timed out"}));
  backlog.push(happened(NameserverSwitched{"b", "c", "closed"}));
  CHECK(drain(backlog) ==
        std::vector<std::string>{"left nameserver a for c: closed"});
}

TEST_CASE("what can be merged with nothing makes the oldest give way") {
  EventBacklog backlog(2);
  backlog.push(route_event("one", {"a"}));
  backlog.push(route_event("two", {"a"}));
  backlog.push(route_event("three", {"a"}));
  backlog.push(happened(ClientClosed{}));
  CHECK(backlog.size() == 3);
  CHECK(backlog.lost() == 2);
  CHECK(drain(backlog) ==
        std::vector<std::string>{"2 events lost: they were not taken in time",
                                 "route changed: +a -> three: no brokers",
                                 "client is closed"});
  // The next loss is told anew.
  for (const char* topic : {"four", "five", "six"}) {
    backlog.push(route_event(topic, {}));
  }
  CHECK(drain(backlog).front() == "1 events lost: they were not taken in time");
  CHECK(backlog.lost() == 3);
}

// Whatever is pushed and popped: bounded, nothing unaccounted for, and who
// follows the events ends at the newest state of each topic, unless told of a
// loss.
TEST_CASE("a backlog stays within its bound and tells the newest state") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    base::Random random(seed);
    const std::size_t max = 1 + random.below(8);
    EventBacklog backlog(max);
    std::vector<std::string> newest(6);
    std::vector<std::string> known(6);
    std::uint64_t pushed = 0;
    std::uint64_t popped = 0;
    bool lost = false;
    const auto take = [&] {
      const auto event = backlog.pop();
      if (!event) return false;
      if (std::holds_alternative<EventsLost>(event->what)) {
        lost = true;
        return true;
      }
      ++popped;
      const auto& route = std::get<RouteChanged>(event->what).route;
      known[static_cast<std::size_t>(route.topic[0] - '0')] = route.digest;
      return true;
    };
    for (int step = 0; step < 200; ++step) {
      if (random.chance(0.6)) {
        const std::size_t topic = random.below(6);
        Event event = route_event(std::to_string(topic), {});
        std::get<RouteChanged>(event.what).route.digest = newest[topic] =
            std::to_string(step);
        backlog.push(std::move(event));
        ++pushed;
      } else {
        (void)take();
      }
      REQUIRE(backlog.size() <= max + 1);
    }
    while (take()) {
    }
    CHECK(pushed == popped + backlog.merged() + backlog.lost());
    CHECK(lost == (backlog.lost() != 0));
    if (!lost) CHECK(known == newest);
  }
}

}  // namespace
}  // namespace waypost::client
