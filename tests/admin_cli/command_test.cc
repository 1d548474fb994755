#include "admin_cli/command.h"

#include <doctest/doctest.h>

namespace waypost::admin {
namespace {

TEST_CASE("each command is understood by its words") {
  CHECK(parse_command({"cluster", "show"})->kind == CommandKind::kClusterShow);
  CHECK(parse_command({"broker", "list"})->kind == CommandKind::kBrokerList);
  CHECK(parse_command({"topic", "list"})->kind == CommandKind::kTopicList);
  CHECK(parse_command({"ping"})->kind == CommandKind::kPing);
  const auto route = parse_command({"topic", "route", "orders"});
  REQUIRE(route);
  CHECK(route->kind == CommandKind::kTopicRoute);
  CHECK(route->arguments == std::vector<std::string>{"orders"});
}

TEST_CASE("what is wrong with a command is said with what is right") {
  const auto advice = [](const std::vector<std::string>& words) {
    const auto command = parse_command(words);
    REQUIRE_FALSE(command);
    CHECK(command.error().code == base::ErrorCode::kInvalidArgument);
    return command.error().message + " (" + command.error().advice + ")";
  };
  CHECK(advice({}).find("no command given (commands: cluster show, cluster "
                        "list, cluster partitions, ") == 0);
  CHECK(advice({}).find("topic route TOPIC, ") != std::string::npos);
  CHECK(advice({"broker", "lsit"}) ==
        "unknown command 'broker lsit' (did you mean 'broker list'?)");
  CHECK(advice({"pong"}) == "unknown command 'pong' (did you mean 'ping'?)");
  CHECK(advice({"make", "coffee"}).find("commands: cluster show") !=
        std::string::npos);
  CHECK(advice({"topic", "route"}) ==
        "topic route needs TOPIC (usage: topic route TOPIC)");
  CHECK(advice({"ping", "now"}) == "'now' is too much (usage: ping)");
  CHECK(advice({"topic", "route", "a", "b"}) ==
        "'b' is too much (usage: topic route TOPIC)");
}

TEST_CASE("commands take the arguments that their usage names") {
  CHECK(parse_command({"kv", "list"})->arguments.empty());
  CHECK(parse_command({"kv", "list", "N"})->arguments ==
        std::vector<std::string>{"N"});
  const auto put = parse_command({"kv", "put", "N", "K", ""});
  REQUIRE(put);
  CHECK(put->kind == CommandKind::kKvPut);
  CHECK(put->arguments == std::vector<std::string>{"N", "K", ""});
  CHECK(parse_command({"kv", "put", "N", "K"}).error().message ==
        "kv put needs VALUE");
  CHECK(parse_command({"kv", "get", "N", ""}).error().message ==
        "KEY is empty");
  CHECK(parse_command({"kv", "list", "a", "b"}).error().message ==
        "'b' is too much");
  // RocketMQ's names may be anything.
  CHECK(parse_command({"topic", "delete", "%RETRY%a b"}));
  CHECK(parse_command({"broker", "wipe-write", "broker a"}));
}

TEST_CASE("what is asked at cluster ports is known, and which names may be") {
  const auto forget = parse_command({"cluster", "forget", "ns-c"});
  REQUIRE(forget);
  CHECK(forget->kind == CommandKind::kClusterForget);
  CHECK(concerns_peers(forget->kind));
  // One nameserver tells the others.
  CHECK_FALSE(changes_something(forget->kind));
  CHECK(concerns_peers(parse_command({"cluster", "show"})->kind));
  CHECK(concerns_peers(parse_command({"cluster", "partitions"})->kind));
  CHECK_FALSE(concerns_peers(parse_command({"cluster", "list"})->kind));
  // Each has records of its own.
  CHECK(
      changes_something(parse_command({"cluster", "clear-partitions"})->kind));
  CHECK_FALSE(parse_command({"cluster", "forget", "ns c"}));
  CHECK(parse_command({"cluster", "readmit"}).error().message ==
        "cluster readmit needs NAME");
}

TEST_CASE("what changes something is known") {
  CHECK(changes_something(parse_command({"kv", "put", "N", "K", "V"})->kind));
  CHECK(changes_something(parse_command({"topic", "delete", "t"})->kind));
  CHECK(changes_something(parse_command({"config", "set", "k", "v"})->kind));
  CHECK_FALSE(changes_something(parse_command({"kv", "export"})->kind));
  CHECK_FALSE(changes_something(parse_command({"broker", "list"})->kind));
}

TEST_CASE("a topic that cannot exist is refused before anybody is asked") {
  CHECK_FALSE(parse_command({"topic", "route", "a b"}));
  CHECK_FALSE(parse_command({"topic", "route", ""}));
  CHECK_FALSE(parse_command({"topic", "route", std::string(256, 'x')}));
}

TEST_CASE("help knows every command and names stay as typed") {
  CHECK(command_help().size() == 23);
  for (const CommandHelp& help : command_help()) {
    CHECK_FALSE(help.effect.empty());
  }
  CHECK(command_name(CommandKind::kTopicRoute) == "topic route");
  CHECK(command_name(CommandKind::kPing) == "ping");
}

}  // namespace
}  // namespace waypost::admin
