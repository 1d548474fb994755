#ifndef WAYPOST_CLIENT_SDK_CORE_EVENT_AT_H_
#define WAYPOST_CLIENT_SDK_CORE_EVENT_AT_H_

#include <chrono>
#include <utility>

#include "base/clock.h"
#include "waypost/events.hpp"

namespace waypost::client {

// `what` as an event that happened at `at`, on the timeline of `clock`.
template <typename What>
Event event_at(What what, base::Instant at, const base::Clock& clock) {
  using std::chrono::steady_clock;
  using std::chrono::system_clock;
  Event event;
  event.time = steady_clock::time_point(
      std::chrono::duration_cast<steady_clock::duration>(
          at.time_since_epoch()));
  event.wall_time = std::chrono::time_point_cast<system_clock::duration>(
      clock.wall_now() - (clock.now() - at));
  event.what = std::move(what);
  return event;
}

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_CORE_EVENT_AT_H_
