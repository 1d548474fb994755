#ifndef WAYPOST_BENCHMARKS_DRIVER_BLOCKING_SOCKET_H_
#define WAYPOST_BENCHMARKS_DRIVER_BLOCKING_SOCKET_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/error.h"

namespace waypost::bench {

// A TCP connection whose calls wait, each `deadline` at most. Not thread-safe.
class BlockingSocket {
 public:
  // Connects to a numeric IPv4 address.
  static base::Result<std::unique_ptr<BlockingSocket>> connect(
      const base::Endpoint& target, base::Duration deadline);
  ~BlockingSocket();
  BlockingSocket(const BlockingSocket&) = delete;
  BlockingSocket& operator=(const BlockingSocket&) = delete;

  int fd() const { return fd_; }
  base::Status send_all(std::string_view bytes);
  // Appends until `bytes` has that size.
  base::Status receive_until(std::size_t size, std::string& bytes);

 private:
  explicit BlockingSocket(int fd) : fd_(fd) {}

  const int fd_;
};

}  // namespace waypost::bench

#endif  // WAYPOST_BENCHMARKS_DRIVER_BLOCKING_SOCKET_H_
