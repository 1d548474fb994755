// Kinds about who becomes master of a broker group: that is not decided here
// yet.

#include "tests/scenarios/scenario.h"

namespace waypost::scenarios {
namespace {

Kinds skipped(std::initializer_list<const char*> names, const char* reason) {
  Kinds kinds;
  for (const char* name : names) kinds[name] = {{}, {}, reason};
  return kinds;
}

}  // namespace

const Kinds& mirror_kinds() {
  static const Kinds kinds =
      skipped({"suggested_nodes",
               "promotion",
               "promotion_step",
               "master_graceful_stop",
               "master_dropped_by_policy",
               "drop_replica",
               "stop_wait",
               "run",
               "recoverable_update",
               "recoverable_node_up",
               "forget_promotion",
               "forget_command",
               "boot_wait",
               "mirror_start",
               "sync_state",
               "locator",
               "locator_source",
               "policy_validation",
               "operator_policy_merge",
               "client_effect"},
              "not yet: replicas and masters of broker groups");
  return kinds;
}

const Kinds& rocketmq_kinds() {
  static const Kinds kinds =
      skipped({"elect_master", "alter_sync_state_set", "apply_broker_id",
               "clean_broker_data"},
              "not yet: elections by the controller's rules");
  return kinds;
}

}  // namespace waypost::scenarios
