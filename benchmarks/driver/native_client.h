#ifndef WAYPOST_BENCHMARKS_DRIVER_NATIVE_CLIENT_H_
#define WAYPOST_BENCHMARKS_DRIVER_NATIVE_CLIENT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/error.h"
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
  ~NativeClient();
  NativeClient(const NativeClient&) = delete;
  NativeClient& operator=(const NativeClient&) = delete;

  // All frames of the answer as they came. An error frame is returned as the
  // error in it.
  base::Result<std::string> call(codec::FrameKind kind,
                                 std::string_view payload);

 private:
  NativeClient(int fd, base::Duration deadline)
      : fd_(fd), deadline_(deadline) {}
  base::Status send_all(std::string_view bytes);
  base::Result<std::string> receive_frame();

  const int fd_;
  const base::Duration deadline_;  // of each read and write
  std::uint64_t last_id_ = 1;      // the hello's
};

}  // namespace waypost::bench

#endif  // WAYPOST_BENCHMARKS_DRIVER_NATIVE_CLIENT_H_
