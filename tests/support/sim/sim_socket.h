#ifndef WAYPOST_TESTS_SUPPORT_SIM_SIM_SOCKET_H_
#define WAYPOST_TESTS_SUPPORT_SIM_SIM_SOCKET_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/clock.h"
#include "base/endpoint.h"
#include "wire/transport/connection.h"

namespace waypost::sim {

class SimNode;
class SimWorld;

// One end of a TCP connection as the kernel keeps it: it acknowledges, sends
// again and gives up also while the program that owns it is frozen, which is
// why a hung process looks alive to its peers. Go-back-N on byte offsets with a
// receive window; TCP_USER_TIMEOUT and keepalive as Linux has them.
//
// The program's side is SimConnection; it is called through the notify function
// whenever there may be something to read, to write or to know.
class SimSocket : public std::enable_shared_from_this<SimSocket> {
 public:
  enum class State : std::uint8_t {
    kConnecting,  // SYN sent
    kHalfOpen,    // SYN received
    kOpen,
    kDead,
  };

  SimSocket(SimWorld& world, SimNode& node, base::Endpoint local,
            base::Endpoint peer, transport::ConnectionOptions options);

  // --- The program's side ---

  void set_notify(std::function<void()> notify) { notify_ = std::move(notify); }
  // Sends SYN, again until answered. Failure: kPeerReset (refused).
  void connect_to(SimNode& to);
  // Takes what the send buffer has room for.
  std::size_t send(std::span<const std::byte> bytes);
  std::string read(std::size_t bytes_max);
  // shutdown(2) of our direction: FIN after what send() took.
  void finish_output();
  // close(2): FIN after what send() took; RST when input was left unread.
  void shut();
  // Ends it with RST, and without a word to the program.
  void reset();

  State state() const { return state_; }
  bool has_input() const { return !input_.empty(); }
  bool end_of_input() const { return peer_finished_ && input_.empty(); }
  std::optional<transport::CloseReason> failure() const { return failure_; }
  const base::Endpoint& local() const { return local_; }
  const base::Endpoint& peer() const { return peer_; }

  // --- The kernel's side ---

  struct Segment {
    std::uint64_t offset = 0;  // of its first byte in the stream
    std::string bytes;
    bool fin = false;  // counts as one byte after `bytes`
    bool wants_ack = false;
    std::uint64_t acknowledged = 0;  // all before this has been received
    std::size_t window = 0;          // and this much more fits
  };
  // A SYN from `client` arrived at this, the server's, socket (again).
  void answer_syn(const std::shared_ptr<SimSocket>& client);
  void on_syn_answered(const std::shared_ptr<SimSocket>& server);
  void on_segment(const Segment& segment);
  void on_reset();
  void set_on_established(std::function<void()> on_established) {
    on_established_ = std::move(on_established);
  }
  // The server's end, once this SYN has arrived there.
  std::shared_ptr<SimSocket> other_end() const { return other_.lock(); }
  SimNode& node() const { return node_; }

 private:
  std::uint64_t stream_end() const { return acked_ + output_.size(); }
  std::uint64_t last_offset() const { return stream_end() + (fin_ ? 1 : 0); }
  base::Instant now() const;
  base::Duration give_up_after() const;
  bool outstanding() const { return acked_ < last_offset() && !fin_acked_; }
  std::size_t window() const;

  void establish();
  void send_syn();
  void answer_syn_again();
  void send_segment(Segment segment);
  void send_ack() { send_segment({}); }
  // Whatever reaches an end that is no more is answered with RST.
  void to_peer(std::function<void(SimSocket&)> deliver, bool is_reset = false);
  void transmit_soon();
  void transmit();
  void take_ack(const Segment& segment);
  void take_input(const Segment& segment);
  void arm_retransmit();
  void on_retransmit();
  void arm_keepalive(base::Duration delay);
  void on_keepalive();
  void fail(transport::CloseReason reason);
  void die();
  void notify();
  void after(base::Duration delay, void (SimSocket::*action)());

  SimWorld& world_;
  SimNode& node_;
  base::Endpoint local_;
  base::Endpoint peer_;
  transport::ConnectionOptions options_;
  State state_ = State::kConnecting;
  std::weak_ptr<SimSocket> other_;
  SimNode* peer_node_ = nullptr;
  std::function<void()> notify_;
  std::function<void()> on_established_;
  std::optional<transport::CloseReason> failure_;
  bool shut_ = false;  // the program has let go of it

  // Sending: output_ holds the stream from acked_ on.
  std::string output_;
  std::uint64_t acked_ = 0;
  std::uint64_t next_ = 0;        // to transmit
  std::uint64_t peer_limit_ = 0;  // the peer takes bytes before this
  bool fin_ = false;
  bool fin_acked_ = false;
  bool transmit_pending_ = false;
  bool retransmit_armed_ = false;
  base::Duration retransmit_delay_{0};
  base::Instant unacked_since_;
  base::Instant last_arrival_;  // packets of one direction never overtake
  base::Duration syn_delay_ = std::chrono::seconds(1);

  // Receiving.
  std::string input_;
  std::uint64_t expected_ = 0;
  bool peer_finished_ = false;
  base::Instant heard_;
  int keepalive_unanswered_ = 0;
};

}  // namespace waypost::sim

#endif  // WAYPOST_TESTS_SUPPORT_SIM_SIM_SOCKET_H_
