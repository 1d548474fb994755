#ifndef WAYPOST_ADMIN_CLI_COMMAND_H_
#define WAYPOST_ADMIN_CLI_COMMAND_H_

#include <string>
#include <vector>

#include "base/error.h"
#include "wire/model/ids.h"

namespace waypost::admin {

enum class CommandKind : std::uint8_t {
  kClusterShow,
  kBrokerList,
  kTopicList,
  kTopicRoute,
  kPing,
};

// "cluster show", "broker list", ...: as typed, and as JSON names it.
std::string_view command_name(CommandKind kind);

struct Command {
  CommandKind kind = CommandKind::kPing;
  model::TopicName topic;  // of kTopicRoute
};

// Reads the words of a command line. The error says what was expected.
base::Result<Command> parse_command(const std::vector<std::string>& words);

// One line of help for each command: "topic route TOPIC" and its effect.
struct CommandHelp {
  std::string usage;
  std::string effect;
};
const std::vector<CommandHelp>& command_help();

}  // namespace waypost::admin

#endif  // WAYPOST_ADMIN_CLI_COMMAND_H_
