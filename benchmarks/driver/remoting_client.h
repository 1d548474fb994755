#ifndef WAYPOST_BENCHMARKS_DRIVER_REMOTING_CLIENT_H_
#define WAYPOST_BENCHMARKS_DRIVER_REMOTING_CLIENT_H_

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/error.h"
#include "benchmarks/driver/blocking_socket.h"

namespace waypost::bench {

// The simplest RocketMQ client: one connection, one call at a time, waiting for
// it. For preparing and sampling; not for load. Not thread-safe.
class RemotingClient {
 public:
  static base::Result<std::unique_ptr<RemotingClient>> connect(
      const base::Endpoint& target, base::Duration deadline);

  // The whole answer to a request frame. A code other than success is an error
  // with the remark.
  base::Result<std::string> call(std::string_view request_frame);

 private:
  explicit RemotingClient(std::unique_ptr<BlockingSocket> socket)
      : socket_(std::move(socket)) {}

  const std::unique_ptr<BlockingSocket> socket_;
};

}  // namespace waypost::bench

#endif  // WAYPOST_BENCHMARKS_DRIVER_REMOTING_CLIENT_H_
