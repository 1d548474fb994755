#ifndef WAYPOST_CLIENT_SDK_RUNTIME_APP_CLOCK_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_APP_CLOCK_H_

#include <ctime>

#include "base/clock.h"

namespace waypost::client {

// The clock of application threads: the timeline of transport::Loop, which is
// CLOCK_MONOTONIC.
class AppClock final : public base::Clock {
 public:
  base::Instant now() const override {
    return base::Instant(read(CLOCK_MONOTONIC));
  }
  base::WallTime wall_now() const override {
    return base::WallTime(read(CLOCK_REALTIME));
  }

  // The same timeline, up to one kernel tick (4 ms) behind, for a quarter of
  // the price: no counter is read.
  static base::Instant coarse_now() {
    return base::Instant(read(CLOCK_MONOTONIC_COARSE));
  }

 private:
  static base::Duration read(clockid_t id) {
    timespec time{};
    clock_gettime(id, &time);
    return std::chrono::seconds(time.tv_sec) +
           std::chrono::nanoseconds(time.tv_nsec);
  }
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_APP_CLOCK_H_
