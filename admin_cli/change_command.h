#ifndef WAYPOST_ADMIN_CLI_CHANGE_COMMAND_H_
#define WAYPOST_ADMIN_CLI_CHANGE_COMMAND_H_

#include <string>

#include "admin_cli/admin_questions.h"
#include "admin_cli/answer.h"
#include "admin_cli/command.h"

namespace waypost::admin {

// Every command that changes something: who took the change, and who did not.
std::string change_table(const Answers<Change>& answers);
std::string change_json(CommandKind command, const Answers<Change>& answers);

}  // namespace waypost::admin

#endif  // WAYPOST_ADMIN_CLI_CHANGE_COMMAND_H_
