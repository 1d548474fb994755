#ifndef WAYPOST_BASE_PROFILE_H_
#define WAYPOST_BASE_PROFILE_H_

// The timing defaults that every executable takes with --profile (DESIGN
// section 7). `rocketmq-4` and `rocketmq-5` keep the times of the Java
// NameServer of those versions; `fast` notices failures in seconds.

#include <string_view>

#include "base/clock.h"
#include "base/error.h"

namespace waypost::base {

struct Profile {
  std::string_view name = "rocketmq-4";
  // Agent.
  Duration agent_register_interval = std::chrono::seconds(30);
  Duration agent_heartbeat_interval = std::chrono::seconds(1);
  // Nameserver.
  Duration scan_interval = std::chrono::seconds(10);
  Duration broker_expiry = std::chrono::seconds(120);
  Duration agent_expiry = std::chrono::seconds(120);
  Duration suspect_after = std::chrono::seconds(5);
  // Client.
  Duration client_poll_interval = std::chrono::seconds(30);
  Duration client_rpc_timeout = std::chrono::seconds(3);
  Duration client_ping_interval = std::chrono::seconds(5);
  // Client: the fault table's preset.
  std::string_view fault_preset = "rocketmq-4";
};

inline constexpr std::string_view kProfileNames =
    "rocketmq-4, rocketmq-5, fast";

Result<Profile> find_profile(std::string_view name);

}  // namespace waypost::base

#endif  // WAYPOST_BASE_PROFILE_H_
