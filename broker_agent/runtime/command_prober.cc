#include "broker_agent/runtime/command_prober.h"

#include <utility>

namespace waypost::agent {

void CommandProber::begin(base::Duration /*timeout*/, Done done) {
  done_ = std::move(done);
  process_ = spawn_(
      command_,
      [this](const base::Result<transport::Loop::ProcessResult>& result) {
        on_exit(result);
      });
}

std::string CommandProber::abandon() {
  done_ = nullptr;
  process_.reset();
  return command_.front() + " to exit";
}

void CommandProber::on_exit(
    const base::Result<transport::Loop::ProcessResult>& result) {
  const Done done = std::exchange(done_, nullptr);
  if (!done) return;
  if (!result) return done({false, result.error().message});
  if (result->signal_number != 0) {
    return done({false, command_.front() + " was ended by signal " +
                            std::to_string(result->signal_number)});
  }
  if (result->exit_status != 0) {
    return done({false, command_.front() + " exited with status " +
                            std::to_string(result->exit_status)});
  }
  done({true, {}});
}

}  // namespace waypost::agent
