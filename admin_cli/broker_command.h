#ifndef WAYPOST_ADMIN_CLI_BROKER_COMMAND_H_
#define WAYPOST_ADMIN_CLI_BROKER_COMMAND_H_

#include <string>
#include <vector>

#include "admin_cli/answer.h"
#include "wire/model/operations.h"

namespace waypost::admin {

using BrokerList = std::vector<model::BrokerListing>;

// `broker list`: the brokers that each answering nameserver knows.
std::string broker_table(const Answers<BrokerList>& answers);
std::string broker_json(const Answers<BrokerList>& answers);

// "master", "replica 2": what a broker id means to people.
std::string role_text(model::BrokerId id);

}  // namespace waypost::admin

#endif  // WAYPOST_ADMIN_CLI_BROKER_COMMAND_H_
