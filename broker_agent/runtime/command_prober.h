#ifndef WAYPOST_BROKER_AGENT_RUNTIME_COMMAND_PROBER_H_
#define WAYPOST_BROKER_AGENT_RUNTIME_COMMAND_PROBER_H_

#include <memory>
#include <string>
#include <vector>

#include "broker_agent/runtime/prober.h"

namespace waypost::agent {

// Runs a program for each attempt; exit status 0 passes. One that is still
// running at the timeout is killed with its process group.
class CommandProber final : public Prober {
 public:
  CommandProber(SpawnFunction spawn, std::vector<std::string> command)
      : spawn_(std::move(spawn)), command_(std::move(command)) {}

  void begin(base::Duration timeout, Done done) override;
  std::string abandon() override;

 private:
  void on_exit(const base::Result<transport::Loop::ProcessResult>& result);

  const SpawnFunction spawn_;
  const std::vector<std::string> command_;
  Done done_;
  // The ended one stays until the next attempt: it is not destroyed inside its
  // own callback.
  std::unique_ptr<transport::Operation> process_;
};

}  // namespace waypost::agent

#endif  // WAYPOST_BROKER_AGENT_RUNTIME_COMMAND_PROBER_H_
