#ifndef WAYPOST_ADMIN_CLI_CLUSTER_PORTS_H_
#define WAYPOST_ADMIN_CLI_CLUSTER_PORTS_H_

// Where nameservers' cluster ports are, learnt at service ports: each
// nameserver knows those of its whole group, so one that answers tells where
// the others can be asked, also those that have closed their service port.

#include <memory>
#include <optional>
#include <vector>

#include "admin_cli/answer.h"
#include "admin_cli/questions.h"

namespace waypost::admin {

// One of the nameservers that the operator named.
struct ClusterPort {
  base::Endpoint nameserver;  // its service port, as named
  // Its cluster port, or why that is not known.
  base::Result<base::Endpoint> at;
  // What the service port said; none: it did not answer, or was not asked.
  std::optional<model::ClusterView> view;
};
using ClusterPorts = std::vector<ClusterPort>;

// `told` are the answers of those that were asked.
ClusterPorts find_cluster_ports(const std::vector<base::Endpoint>& nameservers,
                                const Answers<model::ClusterView>& told);

[[nodiscard]] std::unique_ptr<Question> ask_cluster_view(
    const AskContext& context, const base::Endpoint& nameserver,
    OnAnswer<model::ClusterView> on_answer);

// Calls back in a later turn, as an answer would come.
[[nodiscard]] std::unique_ptr<Question> answer_later(
    const AskContext& context, std::function<void()> answer);

}  // namespace waypost::admin

#endif  // WAYPOST_ADMIN_CLI_CLUSTER_PORTS_H_
