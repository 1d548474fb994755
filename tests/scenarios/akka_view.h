#ifndef WAYPOST_TESTS_SCENARIOS_AKKA_VIEW_H_
#define WAYPOST_TESTS_SCENARIOS_AKKA_VIEW_H_

#include "namesrv/partition/downing_decision.h"
#include "tests/scenarios/names.h"

// Between the resolver files' inputs and ours.
namespace waypost::scenarios {

partition::Member akka_member(const nlohmann::json& value);

// `settings` of a scenario: strategy, role, quorum_size, down_if_alone,
// acquire_delay_ms.
partition::DowningStrategy akka_strategy(const nlohmann::json& settings);

// members, unreachable, and where given self_data_center,
// reachability_records, seen_by.
partition::DowningView akka_view(const nlohmann::json& scenario);

std::vector<partition::Observation> akka_records(const nlohmann::json& records);

}  // namespace waypost::scenarios

#endif  // WAYPOST_TESTS_SCENARIOS_AKKA_VIEW_H_
