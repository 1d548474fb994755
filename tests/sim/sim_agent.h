#ifndef WAYPOST_TESTS_SIM_SIM_AGENT_H_
#define WAYPOST_TESTS_SIM_SIM_AGENT_H_

#include <memory>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/log.h"
#include "base/profile.h"
#include "broker_agent/runtime/agent_runner.h"
#include "tests/support/sim/sim_world.h"

namespace waypost::sim {

// A broker agent's process on a simulated node.
class SimAgent {
 public:
  SimAgent(SimNode& node, const base::Profile& profile,
           const std::string& broker_name, const base::Endpoint& broker,
           std::vector<base::Endpoint> nameservers, base::Logger logger);
  ~SimAgent();

  void set_topics(const std::vector<std::string>& names);
  void start();
  void kill();  // SIGKILL
  void stop(agent::Leave leave);
  bool running() const { return runner_ != nullptr; }

  SimNode& node() { return node_; }
  const std::string& broker_name() const { return broker_name_; }
  const agent::AgentRunner& runner() const { return *runner_; }

  // To be changed before start().
  agent::AgentSettings settings;
  // Other addresses of the machine it runs on.
  std::vector<std::string> same_machine;

 private:
  SimNode& node_;
  const std::string broker_name_;
  const base::Logger logger_;
  agent::TopicListPtr topics_;
  std::unique_ptr<agent::AgentRunner> runner_;
};

}  // namespace waypost::sim

#endif  // WAYPOST_TESTS_SIM_SIM_AGENT_H_
