#ifndef WAYPOST_ADMIN_CLI_COMMAND_H_
#define WAYPOST_ADMIN_CLI_COMMAND_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "wire/model/administration.h"

namespace waypost::admin {

enum class CommandKind : std::uint8_t {
  kClusterShow,
  kClusterList,
  kClusterPartitions,
  kClusterClearPartitions,
  kClusterForget,
  kClusterReadmit,
  kBrokerList,
  kBrokerPermissions,
  kBrokerWipeWrite,
  kBrokerAddWrite,
  kBrokerClearPermission,
  kTopicList,
  kTopicRoute,
  kTopicDelete,
  kKvList,
  kKvGet,
  kKvPut,
  kKvDelete,
  kKvImport,
  kKvExport,
  kConfigShow,
  kConfigSet,
  kPing,
};

// "cluster show", "broker list", ...: as typed, and as JSON names it.
std::string_view command_name(CommandKind kind);

// A change is put to all nameservers, whatever else is said: each has a
// configuration of its own. Forgetting a peer is none of these: nameservers
// tell each other.
bool changes_something(CommandKind kind);

// Asked at cluster ports, where those are given.
bool concerns_peers(CommandKind kind);

struct Command {
  CommandKind kind = CommandKind::kPing;
  std::vector<std::string> arguments;   // in the order of the usage
  std::vector<model::KvEntry> entries;  // of kKvImport: what the file holds

  // REQUIRES: the command has that many arguments.
  const std::string& argument(std::size_t index) const {
    return arguments.at(index);
  }
};

// Reads the words of a command line. The error says what was expected. The file
// of kKvImport is not looked at.
base::Result<Command> parse_command(const std::vector<std::string>& words);

// One line of help for each command: "topic route TOPIC" and its effect.
struct CommandHelp {
  std::string usage;
  std::string effect;
};
const std::vector<CommandHelp>& command_help();

}  // namespace waypost::admin

#endif  // WAYPOST_ADMIN_CLI_COMMAND_H_
