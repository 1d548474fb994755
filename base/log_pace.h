#ifndef WAYPOST_BASE_LOG_PACE_H_
#define WAYPOST_BASE_LOG_PACE_H_

#include <cstdint>
#include <optional>
#include <utility>

#include "base/clock.h"

namespace waypost::base {

// For a log line that somebody else can cause as often as he likes: once per
// interval, with a count of what was held back. Not thread-safe.
class LogPace {
 public:
  explicit LogPace(Duration interval) : interval_(interval) {}

  // None: hold this one back. Else say it; the value is how many were held back
  // since it was said last.
  std::optional<std::uint64_t> let(Instant now) {
    if (said_ && now - *said_ < interval_) {
      ++held_back_;
      return std::nullopt;
    }
    said_ = now;
    return std::exchange(held_back_, 0);
  }

 private:
  Duration interval_;
  std::optional<Instant> said_;
  std::uint64_t held_back_ = 0;
};

}  // namespace waypost::base

#endif  // WAYPOST_BASE_LOG_PACE_H_
