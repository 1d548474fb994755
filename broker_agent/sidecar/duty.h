#ifndef WAYPOST_BROKER_AGENT_SIDECAR_DUTY_H_
#define WAYPOST_BROKER_AGENT_SIDECAR_DUTY_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/error.h"
#include "base/log.h"
#include "broker_agent/runtime/agent_runner.h"
#include "wire/transport/loop.h"

namespace waypost::agent {

// What a sidecar does between its start and SIGTERM. Loop thread only.
class Duty {
 public:
  virtual ~Duty() = default;
  virtual void start() = 0;
  // Calls back from the loop, in bounded time.
  virtual void stop(std::function<void()> on_stopped) = 0;
  // Reads again what it reads from files.
  virtual void reload() = 0;
};

// Registers the broker of `settings` with the topics of a file, and follows the
// file. Fails when that cannot be read now.
base::Result<std::unique_ptr<Duty>> make_registering(
    transport::Loop& loop, AgentSettings settings,
    const std::string& topic_file, Leave leave, base::Logger logger);

// Observes several brokers that register themselves, one for each settings.
std::unique_ptr<Duty> make_observing(transport::Loop& loop,
                                     std::vector<AgentSettings> brokers,
                                     base::Logger logger);

// What agents on that loop run in.
AgentSurroundings surroundings_of(transport::Loop& loop, base::Logger logger);

// "10.0.0.1:9876,10.0.0.2:9876", "tcp,mqtt": for the line at the start.
std::string joined(const std::vector<base::Endpoint>& endpoints);
std::string joined(const std::vector<ProbeSpec>& probes);

}  // namespace waypost::agent

#endif  // WAYPOST_BROKER_AGENT_SIDECAR_DUTY_H_
