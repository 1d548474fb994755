#ifndef WAYPOST_EVENTS_HPP_
#define WAYPOST_EVENTS_HPP_

#include <chrono>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "waypost/route.hpp"

namespace waypost {

// A nameserver answered on a new connection.
struct NameserverConnected {
  std::string nameserver;   // as given in the options
  std::string server_name;  // as it calls itself
};

// The client left its nameserver and asks another from now on.
struct NameserverSwitched {
  std::string from;
  std::string to;
  std::string why;  // "timed out after 500ms", "connection closed", ...
};

// The list of nameservers is another: a name was looked up, an address server
// or a file told something else.
struct NameserversChanged {
  std::vector<std::string> nameservers;
};

// None of the nameservers gave an answer. Cached routes stay in use.
struct RefreshFailed {
  std::string why;  // what each of them did
};

// A route is known for the first time or is another now.
struct RouteChanged {
  Route route;
  // Broker groups that came and went, by name.
  std::vector<std::string> added;
  std::vector<std::string> removed;
};

// The fault table avoids a broker, as far as the cap allows it.
struct BrokerAvoided {
  Broker broker;
  std::chrono::nanoseconds duration{0};
  std::string why;  // "failed", "took 640ms"
};

// A broker is no longer avoided.
struct BrokerNoLongerAvoided {
  Broker broker;
  std::string why;  // "time is over", "took 3ms"
};

struct Event {
  // When it happened, which may be a moment before it is delivered.
  std::chrono::steady_clock::time_point time;
  std::chrono::system_clock::time_point wall_time;
  std::variant<NameserverConnected, NameserverSwitched, RefreshFailed,
               RouteChanged, BrokerAvoided, BrokerNoLongerAvoided,
               NameserversChanged>
      what;

  // One line for people, without the time.
  std::string to_string() const;
};

// Called on the library's background thread, one event at a time, in order.
// Must not block: all clients of the process share that thread. May call the
// client's non-waiting functions; those that wait return kInvalidArgument here.
// What it throws is caught and logged.
using EventHandler = std::function<void(const Event&)>;

}  // namespace waypost

#endif  // WAYPOST_EVENTS_HPP_
