#include "client_sdk/core/client_environment.h"

#include <cstdlib>

#include <doctest/doctest.h>

#include "base/options.h"
#include "client_sdk/core/client_options.h"

namespace waypost::client {
namespace {

using Names = std::vector<std::string>;

ClientOptions applied(const Environment& environment,
                      ClientOptions options = {}) {
  const auto status = apply_environment(environment, options);
  INFO((status ? std::string() : status.error().to_string()));
  CHECK(status);
  return options;
}

std::string refused(const Environment& environment) {
  ClientOptions options;
  const auto status = apply_environment(environment, options);
  REQUIRE_FALSE(status);
  return status.error().to_string();
}

TEST_CASE("variables set what their keys set, over what was set in code") {
  ClientOptions options;
  options.rpc_timeout = std::chrono::seconds(9);
  options.send_attempts = 7;
  options = applied({{"WAYPOST_CLIENT_RPC_TIMEOUT", "500ms"},
                     {"WAYPOST_CLIENT_SEND_ATTEMPTS", ""},
                     {"WAYPOST_LISTEN", "another program's"}},
                    options);
  CHECK(options.rpc_timeout == std::chrono::milliseconds(500));
  CHECK(options.send_attempts == 7);
}

TEST_CASE("a variable wins over what the profile beside it defines") {
  const auto options = applied(
      {{"WAYPOST_CLIENT_POLL_INTERVAL", "7s"}, {"WAYPOST_PROFILE", "fast"}});
  CHECK(options.poll_interval == std::chrono::seconds(7));
  CHECK(options.rpc_timeout == std::chrono::seconds(1));
}

TEST_CASE("a list has a line for each value and replaces the one before") {
  ClientOptions options;
  options.topics = {"old"};
  options = applied({{"WAYPOST_CLIENT_TOPICS", "orders\nbills"}}, options);
  CHECK(options.topics == Names{"orders", "bills"});
}

TEST_CASE("every list can be replaced") {
  ClientOptions options;
  options.nameservers = {"a:1"};
  options.topics = {"orders"};
  options.order["orders"] = "broker-a:4";
  base::OptionTable table;
  declare_options(table, options);
  for (const auto& option : table.all()) {
    if (!option.repeatable) continue;
    CAPTURE(option.key);
    clear_list(option.key, options);
    CHECK(option.get().empty());
  }
}

TEST_CASE("nameservers come from the first place that names some") {
  Environment environment{{"WAYPOST_CLIENT_NAMESERVERS", "a:1,b:2"},
                          {"WAYPOST_NAMESERVERS", "c:3"},
                          {"NAMESRV_ADDR", "d:4;[::1]:5"}};
  ClientOptions coded;
  coded.nameservers = {"e:6"};
  CHECK(applied(environment, coded).nameservers == Names{"a:1", "b:2"});
  environment.erase("WAYPOST_CLIENT_NAMESERVERS");
  CHECK(applied(environment, coded).nameservers == Names{"c:3"});
  environment.erase("WAYPOST_NAMESERVERS");
  CHECK(applied(environment, coded).nameservers == Names{"e:6"});
  CHECK(applied(environment).nameservers == Names{"d:4", "[::1]:5"});
  ClientOptions file;
  file.nameserver_file = "/etc/nameservers";
  CHECK(applied(environment, file).nameservers.empty());
  // The stock client takes an end mark too.
  CHECK(applied({{"NAMESRV_ADDR", "d:4;"}}).nameservers == Names{"d:4"});
}

TEST_CASE("what is wrong is told with its variable") {
  CHECK(refused({{"WAYPOST_CLIENT_RPC_TIMEOUT", "soon"}})
            .find("WAYPOST_CLIENT_RPC_TIMEOUT") != std::string::npos);
  CHECK(refused({{"WAYPOST_PROFILE", "slow"}}).find("WAYPOST_PROFILE") !=
        std::string::npos);
  CHECK(refused({{"NAMESRV_ADDR", "nowhere"}}).find("NAMESRV_ADDR") !=
        std::string::npos);
  CHECK(refused({{"NAMESRV_ADDR", ";"}}).find("NAMESRV_ADDR") !=
        std::string::npos);
  const std::string unknown = refused({{"WAYPOST_CLIENT_RPC_TIMEOT", "1s"}});
  CHECK(unknown.find("WAYPOST_CLIENT_RPC_TIMEOT ") != std::string::npos);
  CHECK(unknown.find("WAYPOST_CLIENT_RPC_TIMEOUT?") != std::string::npos);
}

TEST_CASE(
    "the process's environment is read, and nothing changes on an error") {
  ::setenv("WAYPOST_CLIENT_RPC_TIMEOUT", "800ms", 1);
  ClientOptions options;
  CHECK(options.set_from_environment());
  CHECK(options.rpc_timeout == std::chrono::milliseconds(800));
  CHECK(*options.get("client.rpc-timeout") == "800ms");
  CHECK_FALSE(options.get("client.rpc-timeot"));
  ::setenv("WAYPOST_CLIENT_RPC_TIMEOUT", "700ms", 1);
  ::setenv("WAYPOST_CLIENT_SEND_ATTEMPTS", "99", 1);
  CHECK_FALSE(options.set_from_environment());
  CHECK(options.rpc_timeout == std::chrono::milliseconds(800));
  ::unsetenv("WAYPOST_CLIENT_RPC_TIMEOUT");
  ::unsetenv("WAYPOST_CLIENT_SEND_ATTEMPTS");
}

}  // namespace
}  // namespace waypost::client
