#ifndef WAYPOST_ADMIN_CLI_CLUSTER_LIST_COMMAND_H_
#define WAYPOST_ADMIN_CLI_CLUSTER_LIST_COMMAND_H_

#include <string>

#include "admin_cli/broker_command.h"

namespace waypost::admin {

// `cluster list`: the clusters that the brokers of each answering nameserver
// form.
std::string cluster_list_table(const Answers<BrokerList>& answers);
std::string cluster_list_json(const Answers<BrokerList>& answers);

}  // namespace waypost::admin

#endif  // WAYPOST_ADMIN_CLI_CLUSTER_LIST_COMMAND_H_
