#ifndef WAYPOST_TESTS_WIRE_TRANSPORT_RAW_PEER_H_
#define WAYPOST_TESTS_WIRE_TRANSPORT_RAW_PEER_H_

#include <string>
#include <string_view>

#include "base/endpoint.h"

namespace waypost::transport::test {

// The other side of a connection, without a loop and with no manners of its
// own: it closes, resets and leaves unread when the test says so. Nothing here
// waits.
class RawPeer {
 public:
  // A connected socket; REQUIREs that the connect succeeds (it does as soon as
  // the listener's backlog has room; nobody needs to accept).
  explicit RawPeer(const base::Endpoint& endpoint, int receive_buffer = 0);
  // A socket that is not connected yet; connect() does not wait.
  RawPeer();
  ~RawPeer();
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;

  void connect(const base::Endpoint& endpoint);
  void send(std::string_view bytes);
  // As much of `bytes` as the kernel takes.
  std::size_t send_some(std::string_view bytes);
  // What is there now.
  std::string receive();
  // True when the other side has closed or reset; drops what is there.
  bool ended();
  void finish_sending();  // FIN
  void close();
  void reset();  // RST
  // Segments with data received so far: how many writes the other side made.
  unsigned data_segments_received();
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_ = -1;
};

// A listening socket that never accepts and whose backlog is full: connects to
// it get no answer.
class HungListener {
 public:
  explicit HungListener(const std::string& host = "127.0.0.1",
                        std::uint16_t port = 0);
  ~HungListener();
  HungListener(const HungListener&) = delete;
  HungListener& operator=(const HungListener&) = delete;

  const base::Endpoint& endpoint() const { return endpoint_; }

 private:
  int descriptor_ = -1;
  int waiting_[4] = {-1, -1, -1, -1};
  base::Endpoint endpoint_;
};

// An address on which nobody listens: its port was free a moment ago, and is
// kept bound so that nobody else gets it.
class ClosedPort {
 public:
  explicit ClosedPort(const std::string& host = "127.0.0.1");
  ~ClosedPort();
  ClosedPort(const ClosedPort&) = delete;
  ClosedPort& operator=(const ClosedPort&) = delete;

  const base::Endpoint& endpoint() const { return endpoint_; }

 private:
  int descriptor_ = -1;
  base::Endpoint endpoint_;
};

}  // namespace waypost::transport::test

#endif  // WAYPOST_TESTS_WIRE_TRANSPORT_RAW_PEER_H_
