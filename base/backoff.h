#ifndef WAYPOST_BASE_BACKOFF_H_
#define WAYPOST_BASE_BACKOFF_H_

#include <algorithm>

#include "base/clock.h"
#include "base/random.h"

namespace waypost::base {

// Exponential backoff with full jitter: each delay is drawn uniformly from
// (0, ceiling], and the ceiling doubles from `min` up to `max` (Brooker:
// "Exponential Backoff And Jitter", AWS Architecture Blog, 2015). A pure value;
// half of `min` is the least it returns, so that nobody spins.
class Backoff {
 public:
  Backoff(Duration min, Duration max) : min_(min), max_(max), ceiling_(min) {}

  Duration next(Random& random) {
    const auto draw = Duration(static_cast<Duration::rep>(
        static_cast<double>(ceiling_.count()) * random.unit()));
    ceiling_ = std::min(ceiling_ * 2, max_);
    return std::max(draw, min_ / 2);
  }

  void reset() { ceiling_ = min_; }

 private:
  Duration min_;
  Duration max_;
  Duration ceiling_;
};

}  // namespace waypost::base

#endif  // WAYPOST_BASE_BACKOFF_H_
