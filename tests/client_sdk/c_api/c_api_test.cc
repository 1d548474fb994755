// The C API: options, routes, picks, sends that wait.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/client_sdk/c_api/c_api_world.h"

namespace waypost {
namespace {

TEST_CASE("options are set by key, and a wrong one is told as text") {
  OptionsHandle options;
  CHECK(options.set("client.rpc-timeout", "500ms") == "");
  char* value = nullptr;
  CHECK(waypost_options_get(options.handle, "client.rpc-timeout", &value,
                            nullptr) == WAYPOST_OK);
  CHECK(std::string(value) == "500ms");
  waypost_text_free(value);
  CHECK(options.set("client.rpc-timeot", "1s").find("client.rpc-timeout") !=
        std::string::npos);
  CHECK(waypost_options_set(options.handle, nullptr, "1s", nullptr) ==
        WAYPOST_INVALID_ARGUMENT);
}

TEST_CASE("a client without nameservers is refused, with the reason") {
  OptionsHandle options;
  waypost_client* client = nullptr;
  waypost_error* error = nullptr;
  CHECK(waypost_client_create(options.handle, nullptr, &client, &error) ==
        WAYPOST_INVALID_ARGUMENT);
  CHECK(client == nullptr);
  CHECK(std::string(waypost_error_text(error)).find("client.nameservers") !=
        std::string::npos);
  waypost_error_free(error);
}

TEST_CASE("a route is read part by part") {
  const World world;
  waypost_route* route = nullptr;
  REQUIRE(waypost_client_route(world.client(), "orders", 60 * kSecond, &route,
                               nullptr) == WAYPOST_OK);
  CHECK(waypost_route_group_count(route) == 2);
  waypost_group group{};
  group.struct_size = sizeof group;
  CHECK(waypost_route_group(route, 1, &group) == WAYPOST_OK);
  CHECK(std::string(group.name) == "broker-b");
  CHECK(group.replica_count == 1);
  CHECK(group.writable == 1);
  waypost_broker broker{};
  broker.struct_size = sizeof broker;
  CHECK(waypost_route_replica(route, 1, 0, &broker) == WAYPOST_OK);
  CHECK(std::string(broker.address) == "127.0.0.1:1002");
  CHECK(broker.port == 1002);
  CHECK(waypost_route_group(route, 2, &group) == WAYPOST_INVALID_ARGUMENT);
  CHECK(waypost_route_replica(route, 1, 1, &broker) ==
        WAYPOST_INVALID_ARGUMENT);
  CHECK(std::string(waypost_route_text(route)).starts_with("orders: "));
  CHECK(waypost_route_age_ns(route) >= 0);
  waypost_route_free(route);
}

TEST_CASE("a topic that nobody serves is an error, not a route") {
  const World world;
  waypost_route* route = nullptr;
  waypost_error* error = nullptr;
  CHECK(waypost_client_route(world.client(), "bills", 60 * kSecond, &route,
                             &error) == WAYPOST_NOT_FOUND);
  CHECK(route == nullptr);
  waypost_error_free(error);
}

TEST_CASE("picks take turns, keep to keys and avoid what they are told to") {
  const World world;
  const waypost_pick first = world.pick();
  CHECK(first.queue < 4);
  waypost_pick_options options{};
  options.struct_size = sizeof options;
  options.key = "customer 7";
  options.key_size = 10;
  const waypost_pick keyed = world.pick(&options);
  for (int i = 0; i < 5; ++i) {
    CHECK(world.pick(&options).queue == keyed.queue);
    CHECK(std::string(world.pick(&options).broker) == keyed.broker);
  }
  waypost_pick_options avoiding{};
  avoiding.struct_size = sizeof avoiding;
  avoiding.avoid = &first;
  avoiding.avoid_count = 1;
  for (int i = 0; i < 8; ++i) {
    CHECK(std::string(world.pick(&avoiding).broker) != first.broker);
  }
}

TEST_CASE("failures that are reported keep a broker from its turns") {
  const World world;
  const waypost_pick failed = world.pick();
  CHECK(waypost_client_report(world.client(), &failed, WAYPOST_FAILED,
                              kSecond) == WAYPOST_OK);
  for (int i = 0; i < 8; ++i) {
    CHECK(std::string(world.pick().broker) != failed.broker);
  }
  waypost_stats stats{};
  stats.struct_size = sizeof stats;
  CHECK(waypost_client_stats(world.client(), &stats) == WAYPOST_OK);
  CHECK(stats.avoided == 1);
  CHECK(stats.connected == 1);
  char* metrics = nullptr;
  CHECK(waypost_client_metrics(world.client(), &metrics, nullptr) ==
        WAYPOST_OK);
  const std::string text = metrics;
  CHECK(text.find("# TYPE waypost_client_avoided_brokers gauge\n"
                  "waypost_client_avoided_brokers{client=\"") !=
        std::string::npos);
  CHECK(text.find("\"} 1\n", text.find("waypost_client_avoided_brokers{")) !=
        std::string::npos);
  waypost_text_free(metrics);
  CHECK(waypost_client_report(world.client(), &failed, 7, 0) ==
        WAYPOST_INVALID_ARGUMENT);
  waypost_pick empty{};
  empty.struct_size = sizeof empty;
  CHECK(waypost_client_report(world.client(), &empty, WAYPOST_FAILED, 0) ==
        WAYPOST_INVALID_ARGUMENT);
}

waypost_outcome fail_first(void* context, const waypost_pick* pick,
                           std::int64_t budget_ns, char* why,
                           std::size_t why_size) {
  CHECK(budget_ns > 0);
  texts_of(context).emplace_back(pick->broker);
  if (texts_of(context).size() > 1) return WAYPOST_SUCCEEDED;
  std::snprintf(why, why_size, "disk full");
  return WAYPOST_FAILED;
}

waypost_outcome reject(void* /*context*/, const waypost_pick* /*pick*/,
                       std::int64_t /*budget_ns*/, char* why,
                       std::size_t why_size) {
  // All the room that there is, and no zero byte.
  std::fill(why, why + why_size, 'x');
  return WAYPOST_REJECTED;
}

TEST_CASE("a send tries another broker, and tells why it gave up") {
  const World world;
  std::vector<std::string> brokers;
  waypost_send_report report{};
  report.struct_size = sizeof report;
  CHECK(waypost_client_send(world.client(), "orders", fail_first, &brokers,
                            nullptr, &report, nullptr) == WAYPOST_OK);
  REQUIRE(brokers.size() == 2);
  CHECK(brokers[0] != brokers[1]);
  CHECK(report.attempts == 2);
  CHECK(report.elapsed_ns >= 0);

  waypost_error* error = nullptr;
  CHECK(waypost_client_send(world.client(), "orders", reject, nullptr, nullptr,
                            nullptr, &error) != WAYPOST_OK);
  CHECK(std::string(waypost_error_text(error)).find("xxx") !=
        std::string::npos);
  waypost_error_free(error);
}

}  // namespace
}  // namespace waypost
