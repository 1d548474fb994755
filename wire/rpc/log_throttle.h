#ifndef WAYPOST_WIRE_RPC_LOG_THROTTLE_H_
#define WAYPOST_WIRE_RPC_LOG_THROTTLE_H_

#include <cstdint>

#include "base/clock.h"

namespace waypost::rpc {

// Keeps a port scanner from filling the log: so many lines in each window, and
// a count of those left out. A pure value.
class LogThrottle {
 public:
  // True when this line may be written.
  bool admit(base::Instant now) {
    if (!started_ || now - window_start_ >= kWindow) {
      started_ = true;
      window_start_ = now;
      lines_ = 0;
    }
    if (lines_++ < kLinesMax) return true;
    ++left_out_;
    return false;
  }

  // How many were left out since the last call.
  std::uint64_t take_left_out() {
    const std::uint64_t count = left_out_;
    left_out_ = 0;
    return count;
  }

 private:
  static constexpr base::Duration kWindow = std::chrono::seconds(10);
  static constexpr std::uint64_t kLinesMax = 10;

  bool started_ = false;
  base::Instant window_start_;
  std::uint64_t lines_ = 0;
  std::uint64_t left_out_ = 0;
};

}  // namespace waypost::rpc

#endif  // WAYPOST_WIRE_RPC_LOG_THROTTLE_H_
