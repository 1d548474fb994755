#ifndef WAYPOST_BROKER_AGENT_RUNTIME_AGENT_OPTIONS_H_
#define WAYPOST_BROKER_AGENT_RUNTIME_AGENT_OPTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/options.h"
#include "base/profile.h"
#include "broker_agent/runtime/agent_runner.h"

namespace waypost::agent {

// The agent's options as they are set one by one, by flags of the sidecar or by
// key through the embedding API. Must outlive the table.
struct AgentOptionValues {
  AgentSettings settings;
  std::string cluster;
  std::string broker_name;
  std::int64_t broker_id = 0;
  base::Endpoint broker_address;
  std::vector<std::string> probes;
  std::size_t unhealthy_action = 0;
};

void declare_options(base::OptionTable& table, AgentOptionValues& values);

void apply_profile(const base::Profile& profile, AgentOptionValues& values);

// Checks what depends on several options and makes the settings of them. The
// error names the options.
base::Result<AgentSettings> complete(const AgentOptionValues& values);

// The same for an observer of the broker that registers `address`. Options that
// say who registers are refused; without probes there is `rocketmq`.
base::Result<AgentSettings> complete_observer(const AgentOptionValues& values,
                                              const base::Endpoint& address);

}  // namespace waypost::agent

#endif  // WAYPOST_BROKER_AGENT_RUNTIME_AGENT_OPTIONS_H_
