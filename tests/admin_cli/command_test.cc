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
  CHECK(route->topic == model::TopicName("orders"));
}

TEST_CASE("what is wrong with a command is said with what is right") {
  const auto advice = [](const std::vector<std::string>& words) {
    const auto command = parse_command(words);
    REQUIRE_FALSE(command);
    CHECK(command.error().code == base::ErrorCode::kInvalidArgument);
    return command.error().message + " (" + command.error().advice + ")";
  };
  CHECK(advice({}) ==
        "no command given (commands: cluster show, broker list, topic list, "
        "topic route TOPIC, ping)");
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

TEST_CASE("a topic that cannot exist is refused before anybody is asked") {
  CHECK_FALSE(parse_command({"topic", "route", "a b"}));
  CHECK_FALSE(parse_command({"topic", "route", ""}));
  CHECK_FALSE(parse_command({"topic", "route", std::string(256, 'x')}));
}

TEST_CASE("help knows every command and names stay as typed") {
  CHECK(command_help().size() == 5);
  for (const CommandHelp& help : command_help()) {
    CHECK_FALSE(help.effect.empty());
  }
  CHECK(command_name(CommandKind::kTopicRoute) == "topic route");
  CHECK(command_name(CommandKind::kPing) == "ping");
}

}  // namespace
}  // namespace waypost::admin
