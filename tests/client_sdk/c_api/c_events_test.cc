// Events, checks and figures in C.

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "client_sdk/c_api/handles.h"
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
    CHECK(waypost_client_refresh(world.client(), "orders", 60 * kSecond,
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

// One line of all that C can ask an event for.
std::string fields_of(Event event) {
  std::string line;
  const auto handler = [](void* context, const waypost_event* told) {
    auto& text = *static_cast<std::string*>(context);
    text = std::to_string(waypost_event_what(told)) + " " +
           std::to_string(waypost_event_duration_ns(told)) + " " +
           std::to_string(waypost_event_count(told)) + " " +
           waypost_event_left_nameserver(told);
    const auto add = [&](const char* what, auto* ask) {
      waypost_broker broker{};
      CHECK(ask(told, &broker) != WAYPOST_OK);  // has no size
      broker.struct_size = sizeof broker;
      if (const auto code = ask(told, &broker); code != WAYPOST_OK) {
        CHECK(code == WAYPOST_NOT_FOUND);
        return;
      }
      text += std::string(what) + broker.cluster + "/" + broker.name + "/" +
              std::to_string(broker.id) + "@" + broker.address + " in " +
              broker.zone + " health " + std::to_string(broker.health);
    };
    add(" about ", &waypost_event_about);
    add(" other ", &waypost_event_other);
    for (std::int32_t list = -1; list <= 3; ++list) {
      const std::size_t size = waypost_event_list_size(told, list);
      for (std::size_t i = 0; i < size; ++i) {
        text += " " + std::to_string(list) + ":" +
                waypost_event_list_item(told, list, i);
      }
      CHECK(waypost_event_list_item(told, list, size) == nullptr);
    }
    if (const auto before = waypost_event_health_before(told); before != 0) {
      text += " was " + std::to_string(before);
    }
    if (waypost_event_avoided(told) != 0) text += " avoided";
    text += waypost_event_server_name(told);
    if (const waypost_route* route = waypost_event_route(told)) {
      text += " route " + std::string(waypost_route_text(route)) + " of " +
              waypost_route_nameserver(route) + ", " +
              std::to_string(waypost_route_group_count(route)) + " group";
    }
  };
  event.wall_time = std::chrono::system_clock::now();
  c_api::tell(event, handler, &line);
  return line;
}

TEST_CASE("events tell in C what they tell in C++") {
  const Broker a{"shop", "a", 0, "10.0.0.1", 1, "10.0.0.1:1", "east"};
  const Broker b{"shop", "b", 1, "10.0.0.2", 2, "10.0.0.2:2", "west"};
  using std::chrono::nanoseconds;
  const auto of = [](auto what) { return fields_of({{}, {}, what}); };
  CHECK(of(BrokerProbed{a, true, nanoseconds(7), ""}) ==
        "14 7 0  about shop/a/0@10.0.0.1:1 in east health 0");
  CHECK(of(BrokerProbed{b, false, nanoseconds(8), "refused"}) ==
        "15 8 0  about shop/b/1@10.0.0.2:2 in west health 0");
  CHECK(of(BrokerAvoided{a, nanoseconds(9), "failed"}) ==
        "6 9 0  about shop/a/0@10.0.0.1:1 in east health 0");
  CHECK(of(BrokerHealthChanged{a, BrokerHealth::kHealthy,
                               BrokerHealth::kSuspect}) ==
        "10 0 0  about shop/a/0@10.0.0.1:1 in east health 1");
  CHECK(of(BrokerJoined{a, BrokerHealth::kUnhealthy}) ==
        "8 0 0  about shop/a/0@10.0.0.1:1 in east health 2");
  CHECK(of(BrokerLeft{a, ChangeReason::kReplaced, b, BrokerHealth::kSuspect}) ==
        "9 0 0  about shop/a/0@10.0.0.1:1 in east health 1"
        " other shop/b/1@10.0.0.2:2 in west health 0");
  CHECK(of(MasterChanged{"shop", "b", a, b}) ==
        "11 0 0  about shop/b/1@10.0.0.2:2 in west health 0"
        " other shop/a/0@10.0.0.1:1 in east health 0");
  CHECK(of(MasterChanged{"shop", "a", a, std::nullopt}) ==
        "11 0 0  other shop/a/0@10.0.0.1:1 in east health 0");
  CHECK(of(NameserverSwitched{"ns1", "ns2", "hung"}) == "2 0 0 ns1");
  CHECK(of(EventsLost{3}) == "13 0 3 ");
  CHECK(of(BrokerHealthChanged{a, BrokerHealth::kSuspect,
                               BrokerHealth::kHealthy}) ==
        "10 0 0  about shop/a/0@10.0.0.1:1 in east health 0 was 1");
  BrokerLeft left;
  left.broker = a;
  left.avoided = true;
  CHECK(of(left) ==
        "9 0 0  about shop/a/0@10.0.0.1:1 in east health 0 avoided");
  CHECK(of(NameserverConnected{"ns1:9876", "ns1"}) == "1 0 0 ns1");
  CHECK(of(NameserversChanged{{"ns1", "ns2"}}) == "3 0 0  0:ns1 0:ns2");
  Route route;
  route.topic = "orders";
  route.nameserver = "ns1";
  route.groups.push_back({"shop", "a", 4, 4, true, true, {{a}}});
  CHECK(of(RouteChanged{route, {"a"}, {"b", "c"}}) ==
        "5 0 0  1:a 2:b 2:c route " + route.to_string() + " of ns1, 1 group");
  waypost_broker broker{};
  broker.struct_size = sizeof broker;
  CHECK(waypost_event_about(nullptr, &broker) == WAYPOST_INVALID_ARGUMENT);
  CHECK(waypost_event_other(nullptr, &broker) == WAYPOST_INVALID_ARGUMENT);
  CHECK(waypost_event_duration_ns(nullptr) == 0);
  CHECK(waypost_event_count(nullptr) == 0);
  CHECK(waypost_event_list_size(nullptr, WAYPOST_LIST_ADDED) == 0);
  CHECK(waypost_event_list_item(nullptr, WAYPOST_LIST_ADDED, 0) == nullptr);
  CHECK(waypost_event_route(nullptr) == nullptr);
  CHECK(std::string(waypost_event_server_name(nullptr)).empty());
  CHECK(waypost_event_health_before(nullptr) == 0);
  CHECK(waypost_event_avoided(nullptr) == 0);
}

}  // namespace
}  // namespace waypost
