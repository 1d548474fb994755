#ifndef WAYPOST_TESTS_SUPPORT_SIM_SIM_KERNEL_H_
#define WAYPOST_TESTS_SUPPORT_SIM_SIM_KERNEL_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>

#include "base/endpoint.h"
#include "base/error.h"
#include "tests/support/sim/sim_socket.h"
#include "wire/transport/network.h"

namespace waypost::sim {

class SimExecutor;

// The part of a node that goes on while its program is frozen: ports, listening
// sockets with their queues, and all sockets.
class SimKernel {
 public:
  using OnAccept = std::function<void(std::shared_ptr<SimSocket>)>;

  SimKernel(SimWorld& world, SimNode& node) : world_(world), node_(node) {}

  struct Bound {
    std::uint64_t id;
    base::Endpoint local;
  };
  // `on_accept` runs on the executor, later when it is frozen.
  base::Result<Bound> listen(const base::Endpoint& endpoint,
                             const transport::ListenOptions& options,
                             SimExecutor& executor, OnAccept on_accept);
  void stop_listening(std::uint64_t id);

  std::shared_ptr<SimSocket> connect(
      SimNode& to, const base::Endpoint& remote,
      const transport::ConnectionOptions& options);

  // The program is gone: all its sockets end.
  void close_all(bool with_reset);
  void forget(SimSocket& socket);
  void on_syn(const std::shared_ptr<SimSocket>& client);
  std::size_t socket_count() const { return sockets_.size(); }

 private:
  struct Listening {
    base::Endpoint local;
    transport::ListenOptions options;
    SimExecutor* executor;
    OnAccept on_accept;
    std::map<std::uint64_t, std::shared_ptr<SimSocket>> waiting;
  };
  Listening* choose_listener(const base::Endpoint& endpoint);
  void on_established(std::uint64_t listener, std::uint64_t arrival,
                      const std::shared_ptr<SimSocket>& socket);
  void hand_over(std::uint64_t listener, std::uint64_t arrival);

  SimWorld& world_;
  SimNode& node_;
  std::map<std::uint64_t, Listening> listening_;
  std::set<std::shared_ptr<SimSocket>> sockets_;
  std::uint64_t last_id_ = 0;
  std::uint16_t last_listen_port_ = 20000;
  std::uint16_t last_local_port_ = 40000;
};

}  // namespace waypost::sim

#endif  // WAYPOST_TESTS_SUPPORT_SIM_SIM_KERNEL_H_
