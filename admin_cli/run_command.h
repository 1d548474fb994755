#ifndef WAYPOST_ADMIN_CLI_RUN_COMMAND_H_
#define WAYPOST_ADMIN_CLI_RUN_COMMAND_H_

#include <functional>
#include <memory>

#include "admin_cli/answer.h"
#include "admin_cli/command.h"
#include "admin_cli/settings.h"
#include "base/executor.h"
#include "wire/transport/network.h"

namespace waypost::admin {

// A command in progress; destroying it cancels it.
class RunningCommand {
 public:
  virtual ~RunningCommand() = default;
};

// Asks, formats and calls `on_done` once, from the loop; the command must not
// be destroyed within that call. `settings` and `command` must outlive it. Loop
// thread only.
[[nodiscard]] std::unique_ptr<RunningCommand> run_command(
    base::Executor& executor, transport::Network& network,
    const Settings& settings, const Command& command,
    std::function<void(Outcome)> on_done);

}  // namespace waypost::admin

#endif  // WAYPOST_ADMIN_CLI_RUN_COMMAND_H_
