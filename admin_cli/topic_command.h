#ifndef WAYPOST_ADMIN_CLI_TOPIC_COMMAND_H_
#define WAYPOST_ADMIN_CLI_TOPIC_COMMAND_H_

#include <string>
#include <vector>

#include "admin_cli/answer.h"
#include "wire/model/operations.h"

namespace waypost::admin {

using TopicList = std::vector<model::TopicListing>;

// `topic list`: the topics that each answering nameserver knows.
std::string topic_table(const Answers<TopicList>& answers);
std::string topic_json(const Answers<TopicList>& answers);

// `topic route`: the route, once for all nameservers that tell the same one
// (the digest is of its content), and a remark when they do not.
std::string route_table(const Answers<model::VersionedRoute>& answers);
std::string route_json(const Answers<model::VersionedRoute>& answers);

}  // namespace waypost::admin

#endif  // WAYPOST_ADMIN_CLI_TOPIC_COMMAND_H_
