#ifndef WAYPOST_BENCHMARKS_DRIVER_NATIVE_CLIENT_H_
#define WAYPOST_BENCHMARKS_DRIVER_NATIVE_CLIENT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/error.h"
#include "benchmarks/driver/blocking_socket.h"
#include "wire/codec/frame.h"

namespace waypost::bench {

// The bytes that open a native connection: preface and a hello frame whose
// correlation id is 1.
std::string opening_bytes();

// The simplest native client: one connection, one call at a time, waiting for
// it. For preparing a nameserver's table; not for load. Not thread-safe.
class NativeClient {
 public:
  // Connects to a numeric IPv4 address and says hello.
  static base::Result<std::unique_ptr<NativeClient>> connect(
      const base::Endpoint& target, base::Duration deadline);

  // All frames of the answer as they came. An error frame is returned as the
  // error in it.
  base::Result<std::string> call(codec::FrameKind kind,
                                 std::string_view payload);
  // Sends all payloads before it waits for the answers, which are of one frame
  // each; they are returned in the order in which they came. The first error
  // frame is returned as the error in it.
  base::Result<std::vector<std::string>> call_all(
      codec::FrameKind kind, const std::vector<std::string>& payloads);

 private:
  explicit NativeClient(std::unique_ptr<BlockingSocket> socket)
      : socket_(std::move(socket)) {}
  base::Result<std::string> receive_frame();

  const std::unique_ptr<BlockingSocket> socket_;
  std::uint64_t last_id_ = 1;  // the hello's
};

}  // namespace waypost::bench

#endif  // WAYPOST_BENCHMARKS_DRIVER_NATIVE_CLIENT_H_
