#ifndef WAYPOST_CLIENT_SDK_RUNTIME_APP_CLOCK_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_APP_CLOCK_H_

#include <ctime>

#include "base/clock.h"

namespace waypost::client {

// A clock of application threads, on the timeline of transport::Loop, which is
// CLOCK_MONOTONIC.
template <clockid_t kMonotonicId>
class AppClock final : public base::Clock {
 public:
  base::Instant now() const override {
    return base::Instant(read(kMonotonicId));
  }
  base::WallTime wall_now() const override {
    return base::WallTime(read(CLOCK_REALTIME));
  }

 private:
  static base::Duration read(clockid_t id) {
    timespec time{};
    clock_gettime(id, &time);
    return std::chrono::seconds(time.tv_sec) +
           std::chrono::nanoseconds(time.tv_nsec);
  }
};

// For measuring latencies.
using PreciseClock = AppClock<CLOCK_MONOTONIC>;
// For whether an avoidance is over and how old a route is: up to one kernel
// tick (4 ms) behind, for a quarter of the price, as no counter is read.
using CoarseClock = AppClock<CLOCK_MONOTONIC_COARSE>;

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_APP_CLOCK_H_
