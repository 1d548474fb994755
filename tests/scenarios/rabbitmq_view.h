#ifndef WAYPOST_TESTS_SCENARIOS_RABBITMQ_VIEW_H_
#define WAYPOST_TESTS_SCENARIOS_RABBITMQ_VIEW_H_

#include "namesrv/partition/pause_policy.h"
#include "tests/scenarios/scenario.h"

// Between the partition handling files' inputs and ours.
namespace waypost::scenarios {

// mode, nodes, recover.
partition::PausePolicy rabbitmq_policy(const Json& settings);

// self, members, connected_including_self.
partition::Reach rabbitmq_reach(const Json& input);

// Kinds autoheal_*.
Json autoheal_trigger(const Json& scenario);
Json autoheal_leader_request(const Json& scenario);
Json autoheal_partitions(const Json& scenario);
Json autoheal_winner(const Json& scenario);
Json autoheal_step(const Json& scenario);
Json autoheal_restart_outcome(const Json& scenario);
Json autoheal_boot(const Json& scenario);

// Kind cluster: a whole group through a cut and its end.
Json rabbitmq_cluster(const Json& scenario);

}  // namespace waypost::scenarios

#endif  // WAYPOST_TESTS_SCENARIOS_RABBITMQ_VIEW_H_
