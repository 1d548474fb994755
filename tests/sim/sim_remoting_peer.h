#ifndef WAYPOST_TESTS_SIM_SIM_REMOTING_PEER_H_
#define WAYPOST_TESTS_SIM_SIM_REMOTING_PEER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/remoting_requests.h"
#include "tests/support/sim/sim_world.h"

namespace waypost::sim {

// A connection of a stock RocketMQ broker, client or tool to a nameserver, told
// step by step what to say.
class SimRemotingPeer {
 public:
  SimRemotingPeer(SimWorld& world, SimNode& node,
                  const base::Endpoint& nameserver);
  ~SimRemotingPeer();

  // Sends a frame; connects first.
  void say(const std::string& frame);
  // Sends it and waits for the answer to it, 5 s at most.
  std::optional<support::RemotingAnswer> ask(const std::string& frame);

  // Closed by the other side.
  bool closed() const { return closed_; }
  base::Instant closed_at() const { return closed_at_; }
  // FIN, as when the process ends.
  void hang_up();
  // Answers that nobody has taken.
  std::vector<support::RemotingAnswer>& unasked() { return answers_; }

  std::int32_t next_opaque() { return ++opaque_; }

  // With the next opaque.
  bool registers(const support::RemotingBroker& broker);
  std::vector<std::string> route(const std::string& topic);

 private:
  class Handler;

  void connect();

  SimWorld& world_;
  SimNode& node_;
  const base::Endpoint nameserver_;
  std::unique_ptr<Handler> handler_;
  std::unique_ptr<transport::Operation> connecting_;
  std::unique_ptr<transport::Connection> connection_;
  std::vector<support::RemotingAnswer> answers_;
  std::int32_t opaque_ = 0;
  bool closed_ = false;
  base::Instant closed_at_;
};

}  // namespace waypost::sim

#endif  // WAYPOST_TESTS_SIM_SIM_REMOTING_PEER_H_
