#include "client_sdk/core/client_options.h"

#include <doctest/doctest.h>

#include "waypost/waypost.hpp"

namespace waypost::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

ClientOptions good_options() {
  ClientOptions options;
  options.nameservers = {"10.0.0.1:9876", "[::1]:9876"};
  return options;
}

TEST_CASE("options are set by key, lists are added to") {
  ClientOptions options;
  CHECK(options.set("client.nameservers", "10.0.0.1:9876,10.0.0.2:9876"));
  CHECK(options.set("client.nameservers", "10.0.0.3:9876"));
  CHECK(options.nameservers.size() == 3);
  CHECK(options.set("client.rpc-timeout", "500ms"));
  CHECK(options.rpc_timeout == milliseconds(500));
  CHECK(options.set("client.close-on-timeout", "off"));
  CHECK_FALSE(options.close_on_timeout);
  CHECK(options.set("client.fault-policy", "rocketmq-5"));
  CHECK(options.fault_policy == FaultPolicy::kRocketmq5);
  CHECK(options.set("client.log-level", "debug"));
  CHECK(options.log_level == LogLevel::kDebug);
}

TEST_CASE("a wrong value is refused with key, value and what is allowed") {
  ClientOptions options;
  const auto status = options.set("client.rpc-timeout", "1ms");
  REQUIRE_FALSE(status);
  const std::string text = status.error().to_string();
  CHECK(text.find("client.rpc-timeout") != std::string::npos);
  CHECK(text.find("1ms") != std::string::npos);
  CHECK(text.find("10ms") != std::string::npos);
  CHECK(options.rpc_timeout == seconds(3));
  CHECK_FALSE(options.set("client.fault-policy", "rocketmq-6"));
  CHECK_FALSE(options.set("client.nameservers", "nowhere"));
  const auto unknown = options.set("client.rpc-timeot", "1s");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().to_string().find("client.rpc-timeout") !=
        std::string::npos);
}

TEST_CASE("a profile sets times and fault policy, by itself or as a key") {
  const auto fast = ClientOptions::for_profile("fast");
  REQUIRE(fast);
  CHECK(fast->poll_interval == seconds(2));
  CHECK(fast->rpc_timeout == seconds(1));
  CHECK(fast->fault_policy == FaultPolicy::kRocketmq5);
  ClientOptions options;
  CHECK(options.set("profile", "fast"));
  CHECK(options.poll_interval == seconds(2));
  CHECK_FALSE(options.set("profile", "slow"));
  CHECK_FALSE(ClientOptions::for_profile("slow"));
}

TEST_CASE("the defaults are those of the profile rocketmq-4") {
  const ClientOptions defaults;
  const auto profile = ClientOptions::for_profile("rocketmq-4");
  REQUIRE(profile);
  CHECK(profile->poll_interval == defaults.poll_interval);
  CHECK(profile->rpc_timeout == defaults.rpc_timeout);
  CHECK(profile->fault_policy == defaults.fault_policy);
}

TEST_CASE("options are checked as a whole before a client starts") {
  CHECK(check_options(good_options()));
  CHECK_FALSE(check_options(ClientOptions{}));

  auto options = good_options();
  options.nameservers.push_back("10.0.0.1:9876");
  CHECK_FALSE(check_options(options));

  options = good_options();
  options.start_nameserver = "[::1]:9876";
  CHECK(check_options(options));
  options.start_nameserver = "10.0.0.9:9876";
  CHECK_FALSE(check_options(options));

  // Assigned values pass the same bounds as those set by key.
  options = good_options();
  options.send_attempts = 0;
  const auto status = check_options(options);
  REQUIRE_FALSE(status);
  CHECK(status.error().message.find("client.send-attempts") !=
        std::string::npos);
  options = good_options();
  options.poll_interval = milliseconds(-1);
  CHECK_FALSE(check_options(options));
}

TEST_CASE("every option prints what it reads") {
  for (const auto& row : client_option_table()) {
    CAPTURE(row.key);
    CHECK_FALSE(row.help.empty());
    if (row.default_value.empty()) continue;
    ClientOptions options;
    CHECK(options.set(row.key, row.default_value));
  }
}

TEST_CASE("events and routes read as lines") {
  Route route;
  route.topic = "orders";
  RouteGroup group;
  group.name = "broker-a";
  group.readable = group.writable = true;
  group.read_queues = group.write_queues = 4;
  Broker broker{"c", "broker-a", 0, "10.0.0.1", 10911, "10.0.0.1:10911", ""};
  group.replicas.push_back({broker, BrokerHealth::kSuspect});
  route.groups.push_back(group);
  CHECK(route.to_string() ==
        "orders: broker-a/0@10.0.0.1:10911 (suspect) rw 4+4");

  Event event;
  event.what =
      NameserverSwitched{"10.0.0.1:9876", "10.0.0.2:9876", "timed out"};
  CHECK(event.to_string() ==
        "left nameserver 10.0.0.1:9876 for 10.0.0.2:9876: timed out");
  event.what = RouteChanged{route, {"broker-a"}, {"broker-b"}};
  CHECK(
      event.to_string().starts_with("route changed: +broker-a -broker-b -> "));
  event.what = BrokerAvoided{broker, seconds(30), "took 600ms"};
  CHECK(event.to_string() ==
        "broker broker-a/0@10.0.0.1:10911 avoided for 30s: took 600ms");
}

}  // namespace
}  // namespace waypost::client
