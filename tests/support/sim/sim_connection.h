#ifndef WAYPOST_TESTS_SUPPORT_SIM_SIM_CONNECTION_H_
#define WAYPOST_TESTS_SUPPORT_SIM_SIM_CONNECTION_H_

#include <memory>
#include <string>
#include <vector>

#include "base/executor.h"
#include "tests/support/sim/sim_socket.h"
#include "wire/transport/connection.h"

namespace waypost::sim {

class SimExecutor;

// transport::Connection over a simulated socket, with that header's contract:
// buffers, limits, throttling and close reasons as the libuv body has them.
class SimConnection : public transport::Connection {
 public:
  SimConnection(SimWorld& world, SimExecutor& executor,
                std::shared_ptr<SimSocket> socket,
                transport::ConnectionOptions options);
  ~SimConnection() override;

  void start(transport::ConnectionHandler* handler) override;
  void write(std::span<const std::byte> bytes) override;
  void close() override;
  void close_after_flush(base::Duration deadline) override;
  void pause_reading() override;
  void resume_reading() override;
  bool output_is_high() override {
    return unsent_bytes() > options_.write_high_water_bytes;
  }
  bool is_open() const override { return !closing_ && !flushing_; }
  std::size_t unsent_bytes() const override {
    return output_.size() - output_sent_;
  }
  const base::Endpoint& peer() const override { return socket_->peer(); }
  const base::Endpoint& local() const override { return socket_->local(); }

 private:
  void on_socket();  // from the kernel: look, later, on the executor
  void look();
  void look_while_flushing();
  bool reading() const;
  void read_some();
  void deliver();
  void on_peer_finished();
  bool hold_input(std::size_t bytes);
  void flush();
  void finish(transport::CloseReason reason);
  void finish_later(transport::CloseReason reason);
  void later(void (SimConnection::*action)());

  SimWorld& world_;
  SimExecutor& executor_;
  std::shared_ptr<SimSocket> socket_;
  transport::ConnectionOptions options_;
  transport::ConnectionHandler* handler_ = nullptr;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::string input_;
  std::size_t held_bytes_ = 0;  // taken from the input budget
  std::string output_;
  std::size_t output_sent_ = 0;  // of it
  bool look_pending_ = false;
  bool paused_ = false;     // by the owner
  bool throttled_ = false;  // by the write high-water mark
  bool redeliver_ = false;  // held input is to be offered again
  bool peer_done_ = false;  // the peer closed its side; sending the rest
  bool flushing_ = false;   // close_after_flush
  bool lingering_ = false;  // all sent, our side closed; waits for the peer's
  bool closing_ = false;
  base::Instant linger_until_;
  std::unique_ptr<base::Timer> end_deadline_;
};

}  // namespace waypost::sim

#endif  // WAYPOST_TESTS_SUPPORT_SIM_SIM_CONNECTION_H_
