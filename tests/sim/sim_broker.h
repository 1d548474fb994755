#ifndef WAYPOST_TESTS_SIM_SIM_BROKER_H_
#define WAYPOST_TESTS_SIM_SIM_BROKER_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "tests/support/sim/sim_world.h"

namespace waypost::sim {

// Stands for a message broker: answers "ping\n" with "pong\n" on each
// connection, for an agent's tcp-exchange probe.
class SimBroker {
 public:
  static constexpr std::uint16_t kPort = 10911;
  static constexpr const char* kProbe = "tcp-exchange:ping\\n/pong";

  explicit SimBroker(SimNode& node);
  ~SimBroker();

  SimNode& node() { return node_; }
  base::Endpoint endpoint() const { return {node_.address(), kPort}; }

 private:
  class Session;

  SimNode& node_;
  std::unique_ptr<transport::Listener> listener_;
  std::vector<std::unique_ptr<Session>> sessions_;
};

}  // namespace waypost::sim

#endif  // WAYPOST_TESTS_SIM_SIM_BROKER_H_
