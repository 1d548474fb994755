#ifndef WAYPOST_ADMIN_CLI_PEER_QUESTIONS_H_
#define WAYPOST_ADMIN_CLI_PEER_QUESTIONS_H_

// What waypostctl asks at a nameserver's cluster port, and changes there; as
// questions.h. Where a secret is given both ends prove that they know it before
// anything else is said. Errors say what the caller should give instead:
// kUnsupported where a service port answers, kDenied where the secrets differ.

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "admin_cli/admin_questions.h"
#include "admin_cli/cluster_ports.h"
#include "admin_cli/questions.h"
#include "wire/model/cluster.h"

namespace waypost::admin {

// A nameserver and, asked at its cluster port, the peers that it knows.
struct ClusterShown {
  ClusterShown(model::ClusterView of_view) : view(std::move(of_view)) {}

  model::ClusterView view;
  std::optional<model::ClusterMembers> peers;
  // Why a cluster port that is known told no peers.
  std::optional<base::Error> peers_unknown;
};

// `secret` may be empty: none is proven then.

// Also at a service port, which tells nothing of peers.
[[nodiscard]] std::unique_ptr<Question> ask_cluster_shown(
    const AskContext& context, const base::Endpoint& nameserver,
    const std::string& secret, OnAnswer<ClusterShown> on_answer);

// At the cluster port that was learnt; what the service port said is good
// enough where that one does not answer.
[[nodiscard]] std::unique_ptr<Question> ask_cluster_shown_at(
    const AskContext& context, const ClusterPort& port,
    const std::string& secret, OnAnswer<ClusterShown> on_answer);

[[nodiscard]] std::unique_ptr<Question> ask_partitions(
    const AskContext& context, const base::Endpoint& cluster_port,
    const std::string& secret, OnAnswer<model::PartitionList> on_answer);

// Records of partitions that are over.
[[nodiscard]] std::unique_ptr<Question> ask_clear_partitions(
    const AskContext& context, const base::Endpoint& cluster_port,
    const std::string& secret, OnAnswer<Change> on_answer);

// The nameserver tells its peers. kNotFound when it knows no such peer,
// kConflict when it is that one itself.
[[nodiscard]] std::unique_ptr<Question> ask_forget_peer(
    const AskContext& context, const base::Endpoint& cluster_port,
    const std::string& secret, const model::ForgetPeerRequest& request,
    OnAnswer<Change> on_answer);

}  // namespace waypost::admin

#endif  // WAYPOST_ADMIN_CLI_PEER_QUESTIONS_H_
