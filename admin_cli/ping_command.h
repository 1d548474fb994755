#ifndef WAYPOST_ADMIN_CLI_PING_COMMAND_H_
#define WAYPOST_ADMIN_CLI_PING_COMMAND_H_

#include <string>

#include "admin_cli/answer.h"
#include "admin_cli/questions.h"

namespace waypost::admin {

// `ping`: who answered and how fast.
std::string ping_table(const Answers<PingAnswer>& answers);
std::string ping_json(const Answers<PingAnswer>& answers);

}  // namespace waypost::admin

#endif  // WAYPOST_ADMIN_CLI_PING_COMMAND_H_
