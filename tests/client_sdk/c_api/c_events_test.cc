// Events, checks and figures in C.

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/client_sdk/c_api/c_api_world.h"

namespace waypost {
namespace {

using testing::MockNameserver;

TEST_CASE("events are polled, and told to a handler") {
  std::vector<std::string> events;
  waypost_handlers polled{};
  polled.struct_size = sizeof polled;
  polled.poll_events = 1;
  {
    World world(&polled);
    const waypost_pick pick = world.pick();
    waypost_client_report(world.client(), &pick, WAYPOST_FAILED, kSecond);
    const std::string avoided = std::to_string(WAYPOST_EVENT_BROKER_AVOIDED) +
                                " |" + std::string(pick.broker);
    const std::string changed =
        std::to_string(WAYPOST_EVENT_ROUTE_CHANGED) + " orders|";
    for (int i = 0; i < 20 && !(has(events, avoided) && has(events, changed));
         ++i) {
      waypost_client_poll_events(world.client(), 1, kSecond, keep_event,
                                 &events);
    }
    CHECK(has(events, avoided));
    CHECK(has(events, changed));

    world.nameserver().set_route("orders", {{"broker-b", "127.0.0.1:1002"}});
    CHECK(waypost_client_refresh(world.client(), "orders", 10 * kSecond,
                                 nullptr) == WAYPOST_OK);
    const std::string left =
        std::to_string(WAYPOST_EVENT_BROKER_LEFT) + " |broker-a";
    const std::string master =
        std::to_string(WAYPOST_EVENT_MASTER_CHANGED) + " |broker-a";
    for (int i = 0; i < 20 && !has(events, master); ++i) {
      waypost_client_poll_events(world.client(), 100, kSecond, keep_event,
                                 &events);
    }
    CHECK(has(events, left));
    CHECK(has(events, master));
  }
  std::vector<std::string> told;
  waypost_handlers handlers{};
  handlers.struct_size = sizeof handlers;
  handlers.context = &told;
  handlers.on_event = keep_event;
  { const World world(&handlers); }  // freed: no handler runs any more
  CHECK(has(told, std::to_string(WAYPOST_EVENT_ROUTE_CHANGED) + " orders|"));

  handlers.poll_events = 1;
  OptionsHandle options;
  CHECK(options.set("client.nameservers", "127.0.0.1:1") == "");
  waypost_client* client = nullptr;
  CHECK(waypost_client_create(options.handle, &handlers, &client, nullptr) ==
        WAYPOST_INVALID_ARGUMENT);
}

struct Heard {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> lines;
  void add(const std::string& line) {
    const std::lock_guard lock(mutex);
    lines.push_back(line);
    changed.notify_all();
  }
  bool wait_for(const std::string& text) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(60), [&] {
      return std::any_of(lines.begin(), lines.end(), [&](const auto& line) {
        return line.find(text) != std::string::npos;
      });
    });
  }
};

TEST_CASE("a check, the reason of a departure and the figures reach handlers") {
  Heard heard;
  waypost_handlers handlers{};
  handlers.struct_size = sizeof handlers;
  handlers.context = &heard;
  handlers.on_event = [](void* context, const waypost_event* event) {
    static_cast<Heard*>(context)->add(
        std::to_string(waypost_event_what(event)) + " " +
        waypost_event_broker(event) + " " +
        std::to_string(waypost_event_reason(event)) + " " +
        waypost_event_why(event));
  };
  handlers.on_check = [](void* context, const waypost_broker* broker,
                         std::int64_t timeout_ns, waypost_check* check) {
    CHECK(timeout_ns > 0);
    CHECK(broker->port > 1000);
    static_cast<Heard*>(context)->add(std::string("check ") + broker->name);
    waypost_check_fails(check, "no answer");
    waypost_check_free(check);
  };
  handlers.on_metrics = [](void* context, const char* text) {
    static_cast<Heard*>(context)->add(std::string("metrics ") + text);
  };
  auto nameserver = MockNameserver::start();
  REQUIRE(nameserver);
  nameserver->set_route("orders", {{"broker-a", "127.0.0.1:1001"},
                                   {"broker-b", "127.0.0.1:1002"}});
  OptionsHandle options;
  CHECK(options.set("client.nameservers", nameserver->address()) == "");
  CHECK(options.set("client.topics", "orders") == "");
  CHECK(options.set("client.metrics-interval", "100ms") == "");
  CHECK(options.set("client.probe-interval", "100ms") == "");
  waypost_client* client = nullptr;
  REQUIRE(waypost_client_create(options.handle, &handlers, &client, nullptr) ==
          WAYPOST_OK);
  CHECK(heard.wait_for("16  0 waypost-client"));
  waypost_topic* topic = nullptr;
  REQUIRE(waypost_client_topic(client, "orders", &topic, nullptr) ==
          WAYPOST_OK);
  waypost_route* route = nullptr;
  REQUIRE(waypost_client_route(client, "orders", 60 * kSecond, &route,
                               nullptr) == WAYPOST_OK);
  waypost_route_free(route);
  waypost_pick pick{};
  pick.struct_size = sizeof pick;
  REQUIRE(waypost_topic_pick(topic, nullptr, &pick, nullptr) == WAYPOST_OK);
  const std::string failed = pick.broker;
  CHECK(waypost_client_report(client, &pick, WAYPOST_FAILED, kSecond) ==
        WAYPOST_OK);
  CHECK(heard.wait_for("check " + failed));
  CHECK(heard.wait_for("15 " + failed + " 0 no answer"));
  CHECK(heard.wait_for("metrics # HELP"));
  // It watches.
  REQUIRE(nameserver->wait_until(
      [](const testing::MockCounts& n) { return n.queries >= 2; },
      std::chrono::seconds(60)));
  nameserver->leave("broker-b", 0, ChangeReason::kExpired, "silent for 3s");
  CHECK(heard.wait_for("9 broker-b 5 expired (silent for 3s)"));
  waypost_topic_free(topic);
  waypost_client_free(client);
}

}  // namespace
}  // namespace waypost
