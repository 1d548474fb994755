#ifndef WAYPOST_BASE_CLOCK_H_
#define WAYPOST_BASE_CLOCK_H_

#include <chrono>
#include <cstdint>

namespace waypost::base {

using Duration = std::chrono::nanoseconds;

// A point on the monotonic clock, which stands still while the machine sleeps
// and never jumps. Only differences mean anything.
struct MonotonicTimeline {
  using rep = Duration::rep;
  using period = Duration::period;
  using duration = Duration;
  static constexpr bool is_steady = true;
};
using Instant = std::chrono::time_point<MonotonicTimeline, Duration>;

// A point in civil time, for people and for files. It may jump.
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

// Where time comes from. A loop's clock is constant within one loop turn, so
// that all decisions of a turn see the same `now`. The simulator has its own.
class Clock {
 public:
  virtual ~Clock() = default;

  virtual Instant now() const = 0;
  virtual WallTime wall_now() const = 0;
};

// Time in whole milliseconds, rounded towards zero.
constexpr std::int64_t to_ms(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration)
      .count();
}

}  // namespace waypost::base

#endif  // WAYPOST_BASE_CLOCK_H_
