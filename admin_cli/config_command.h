#ifndef WAYPOST_ADMIN_CLI_CONFIG_COMMAND_H_
#define WAYPOST_ADMIN_CLI_CONFIG_COMMAND_H_

#include <string>
#include <vector>

#include "admin_cli/answer.h"
#include "wire/model/administration.h"

namespace waypost::admin {

using SettingValues = std::vector<model::Setting>;

// `config show`: the settings of each answering nameserver, then those of which
// not all have the same value.
std::string config_table(const Answers<SettingValues>& answers);
std::string config_json(const Answers<SettingValues>& answers);

}  // namespace waypost::admin

#endif  // WAYPOST_ADMIN_CLI_CONFIG_COMMAND_H_
