#ifndef WAYPOST_ADMIN_CLI_CLUSTER_COMMAND_H_
#define WAYPOST_ADMIN_CLI_CLUSTER_COMMAND_H_

#include <string>

#include "admin_cli/answer.h"
#include "admin_cli/peer_questions.h"

namespace waypost::admin {

// `cluster show`: a row for each nameserver that was asked, reachable or not,
// the peers of those that told them, then what an operator should look at.
std::string cluster_table(const Answers<ClusterShown>& answers);
std::string cluster_json(const Answers<ClusterShown>& answers);

// One sentence for each count in which nameservers that answered differ, empty
// when they agree. A register interval after a change they should.
std::vector<std::string> cluster_differences(
    const Answers<ClusterShown>& answers);

}  // namespace waypost::admin

#endif  // WAYPOST_ADMIN_CLI_CLUSTER_COMMAND_H_
