#ifndef WAYPOST_ADMIN_CLI_PERMISSION_COMMAND_H_
#define WAYPOST_ADMIN_CLI_PERMISSION_COMMAND_H_

#include <string>
#include <vector>

#include "admin_cli/answer.h"
#include "wire/model/administration.h"

namespace waypost::admin {

using Overrides = std::vector<model::PermissionOverride>;

// `broker permissions`: what operators have set, once for nameservers that have
// the same but for the moment they took it.
std::string permission_table(const Answers<Overrides>& answers);
std::string permission_json(const Answers<Overrides>& answers);

// "2026-11-22T15:04:05Z".
std::string time_text(base::WallTime time);

}  // namespace waypost::admin

#endif  // WAYPOST_ADMIN_CLI_PERMISSION_COMMAND_H_
