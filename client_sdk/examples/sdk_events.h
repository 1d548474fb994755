#ifndef WAYPOST_CLIENT_SDK_EXAMPLES_SDK_EVENTS_H_
#define WAYPOST_CLIENT_SDK_EXAMPLES_SDK_EVENTS_H_

#include "waypost/events.hpp"

namespace waypost::examples {

// An event handler's body: prints what the SDK tells as an event line.
void print_sdk_event(const Event& event);

}  // namespace waypost::examples

#endif  // WAYPOST_CLIENT_SDK_EXAMPLES_SDK_EVENTS_H_
