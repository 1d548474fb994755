#ifndef WAYPOST_CLIENT_SDK_RUNTIME_EVENT_EMITTER_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_EVENT_EMITTER_H_

#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "client_sdk/core/event_at.h"
#include "client_sdk/runtime/event_outlet.h"

namespace waypost::client {

// Tells of what happened: to the application, if it wants to hear, and to the
// log at level debug. Costs nothing while neither does. Loop thread only; what
// it refers to must outlive it.
class EventEmitter {
 public:
  EventEmitter(const base::Clock& clock, EventOutlet& events,
               base::Logger logger)
      : clock_(clock), events_(events), logger_(logger) {}

  template <typename What>
  void emit(What what, base::Instant at) const {
    const bool debug = logger_.enabled(base::LogLevel::kDebug);
    if (!debug && !events_.wanted()) return;
    Event event = event_at(std::move(what), at, clock_);
    if (debug) logger_.debug(event.to_string());
    events_.emit(std::move(event));
  }
  template <typename What>
  void emit(What what) const {
    emit(std::move(what), clock_.now());
  }

 private:
  const base::Clock& clock_;
  EventOutlet& events_;
  const base::Logger logger_;
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_EVENT_EMITTER_H_
