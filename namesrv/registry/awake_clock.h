#ifndef WAYPOST_NAMESRV_REGISTRY_AWAKE_CLOCK_H_
#define WAYPOST_NAMESRV_REGISTRY_AWAKE_CLOCK_H_

#include <algorithm>

#include "base/clock.h"

namespace waypost::registry {

// Time without our own sleeps: the time that brokers are charged for. Taking a
// gap out of the clock moves every stamp and every deadline forward at once,
// whatever their number.
class AwakeClock {
 public:
  // To be read once for each event. Never goes back within the same gap count.
  base::Instant read(base::Instant now) {
    last_ = std::max(last_, now);
    return last_ - slept_;
  }
  base::Instant peek(base::Instant now) const {
    return std::max(last_, now) - slept_;
  }

  // We did not run for `gap` before `now`. At most what has passed since the
  // last event is taken out: the clock that `now` comes from may itself have
  // stood still while the machine slept, and then nobody was charged.
  void skip(base::Duration gap, base::Instant now) {
    slept_ += std::clamp(now - last_, base::Duration::zero(),
                         std::max(gap, base::Duration::zero()));
  }

  // An awake instant as the outside sees it, the sleeps so far put back.
  base::Instant outside(base::Instant awake) const { return awake + slept_; }

 private:
  base::Instant last_{base::Duration::min() / 4};
  base::Duration slept_{0};
};

}  // namespace waypost::registry

#endif  // WAYPOST_NAMESRV_REGISTRY_AWAKE_CLOCK_H_
