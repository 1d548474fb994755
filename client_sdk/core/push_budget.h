#ifndef WAYPOST_CLIENT_SDK_CORE_PUSH_BUDGET_H_
#define WAYPOST_CLIENT_SDK_CORE_PUSH_BUDGET_H_

#include <algorithm>
#include <cstddef>

#include "base/clock.h"

namespace waypost::client {

// How much a nameserver may push, so that one out of its mind, which pushes
// valid routes as fast as it can, takes neither a processor nor the thread that
// all clients of a process share. A token bucket: the largest client there is
// (100 000 topics, a broker of all of them leaves) is told some 40 MB at once,
// and that seldom. A value.
class PushBudget {
 public:
  static constexpr std::size_t kBurstBytes = 64UL * 1024 * 1024;
  static constexpr std::size_t kBytesPerSecond = 4UL * 1024 * 1024;

  // False: it has pushed too much, and is not worth its connection.
  bool take(std::size_t bytes, base::Instant now) {
    const double seconds =
        std::chrono::duration<double>(std::max(now, at_) - at_).count();
    left_ = std::min(left_ + seconds * kBytesPerSecond,
                     static_cast<double>(kBurstBytes));
    at_ = std::max(now, at_);
    left_ -= static_cast<double>(bytes);
    return left_ >= 0;
  }

 private:
  double left_ = static_cast<double>(kBurstBytes);
  base::Instant at_{};
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_CORE_PUSH_BUDGET_H_
