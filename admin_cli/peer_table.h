#ifndef WAYPOST_ADMIN_CLI_PEER_TABLE_H_
#define WAYPOST_ADMIN_CLI_PEER_TABLE_H_

#include <string>
#include <vector>

#include "base/endpoint.h"
#include "wire/model/cluster.h"

namespace waypost::admin {

// The part of `cluster show` that a nameserver with peers adds.

// A line on the group and a row for each member, as `nameserver` sees them.
std::string peer_table(const base::Endpoint& nameserver,
                       const model::ClusterMembers& peers);
// What an operator should look at, a sentence each.
std::vector<std::string> peer_notes(const base::Endpoint& nameserver,
                                    const model::ClusterMembers& peers);

// "a, b".
std::string joined_names(const std::vector<model::PeerName>& names);

}  // namespace waypost::admin

#endif  // WAYPOST_ADMIN_CLI_PEER_TABLE_H_
