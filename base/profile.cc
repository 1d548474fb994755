#include "base/profile.h"

namespace waypost::base {

Result<Profile> find_profile(std::string_view name) {
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  Profile profile;
  if (name == "rocketmq-4") return profile;
  if (name == "rocketmq-5") {
    profile.name = "rocketmq-5";
    profile.scan_interval = seconds(5);
    profile.fault_preset = "rocketmq-5";
    return profile;
  }
  if (name == "fast") {
    profile.name = "fast";
    profile.agent_register_interval = seconds(5);
    profile.agent_heartbeat_interval = milliseconds(500);
    profile.scan_interval = milliseconds(500);
    profile.agent_expiry = seconds(3);
    profile.suspect_after = milliseconds(1500);
    profile.client_poll_interval = seconds(2);
    profile.client_rpc_timeout = seconds(1);
    profile.client_ping_interval = milliseconds(500);
    profile.fault_preset = "rocketmq-5";
    return profile;
  }
  return fail(ErrorCode::kInvalidArgument,
              "unknown profile '" + std::string(name) + "'",
              "allowed are " + std::string(kProfileNames));
}

}  // namespace waypost::base
