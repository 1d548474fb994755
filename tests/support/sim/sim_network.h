#ifndef WAYPOST_TESTS_SUPPORT_SIM_SIM_NETWORK_H_
#define WAYPOST_TESTS_SUPPORT_SIM_SIM_NETWORK_H_

#include <memory>
#include <string>

#include "wire/transport/network.h"

namespace waypost::sim {

class SimExecutor;
class SimNode;
class SimWorld;

// The simulated network as one loop of a node sees it. Connecting to a frozen
// node succeeds (its kernel accepts) and is never answered; to a crashed one it
// is refused; to an address that no node has, or over a cut, it times out.
class SimNetwork : public transport::Network {
 public:
  SimNetwork(SimWorld& world, SimNode& node, SimExecutor& executor)
      : world_(world), node_(node), executor_(executor) {}

  base::Result<std::unique_ptr<transport::Listener>> listen(
      const base::Endpoint& endpoint, const transport::ListenOptions& options,
      transport::AcceptCallback on_accept) override;

  [[nodiscard]] std::unique_ptr<transport::Operation> connect(
      const base::Endpoint& endpoint, base::Duration deadline,
      const transport::ConnectionOptions& options,
      transport::ConnectCallback on_connected) override;

  [[nodiscard]] std::unique_ptr<transport::Operation> resolve(
      const std::string& host, base::Duration deadline,
      transport::ResolveCallback on_resolved) override;

 private:
  SimWorld& world_;
  SimNode& node_;
  SimExecutor& executor_;
};

}  // namespace waypost::sim

#endif  // WAYPOST_TESTS_SUPPORT_SIM_SIM_NETWORK_H_
