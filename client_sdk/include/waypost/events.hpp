#ifndef WAYPOST_EVENTS_HPP_
#define WAYPOST_EVENTS_HPP_

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
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
  std::chrono::nanoseconds duration{0};  // with probes: at least, or at most
  std::string why;                       // "failed", "took 640ms"
};

// A broker is no longer avoided.
struct BrokerNoLongerAvoided {
  Broker broker;
  std::string why;  // "time is over", "took 3ms", "can be reached again"
};

// An avoided broker was tried out (ClientOptions::broker_probe). Success alone
// is no reason to use it again: BrokerNoLongerAvoided says when it is.
struct BrokerProbed {
  Broker broker;
  bool ok = false;
  std::chrono::nanoseconds took{0};
  std::string why;  // it failed; empty: it did not
};

// Failover notices. What the following four tell is taken from the routes of
// all topics that the client follows: a broker is there while any of them names
// it. A broker that becomes known with a topic's first route is no change.

// Why, as far as anybody knows. kReplaced and kRoleChanged show in the routes
// themselves; the others are what the nameserver tells of what it saw of the
// broker. It tells them to clients that watch (`client.watch`), with the route
// that changed, for two minutes after it happened. A reason may be missing
// where the client was not connected when it did, asks an older nameserver, is
// too slow to read what it is told, or polls; and where more than 64 brokers of
// one topic, or a thousand in all, leave at once. More values may come.
enum class ChangeReason : std::uint8_t {
  kNotTold = 0,
  // Another address registered as this broker (group and id) in its place.
  kReplaced = 1,
  // The broker at this address has another id in its group: promoted, demoted.
  kRoleChanged = 2,
  // It said that it goes: an orderly stop.
  kUnregistered = 3,
  // Its connection to the nameserver was closed by its side: its process, or
  // its agent's, has ended, or did not come back from an announced restart.
  kConnectionClosed = 4,
  // It was silent for longer than its expiry: it hangs, or the network between
  // it and the nameserver is cut. Its connections may still look open.
  kExpired = 5,
  // It is registered, but its agent or an observer found it unhealthy, and it
  // is out of the routes until that ends.
  kUnhealthy = 6,
  // The nameserver knew it from its peers alone, and none hears it any more.
  kGoneAtPeers = 7,
};

// "not told why", "replaced", "role changed", "unregistered", "connection
// closed", "expired", "unhealthy", "gone at peers".
std::string change_reason_name(ChangeReason reason);

// A broker serves again, or for the first time.
struct BrokerJoined {
  Broker broker;
  BrokerHealth health = BrokerHealth::kHealthy;
  ChangeReason reason = ChangeReason::kNotTold;
};

// No route names the broker any more.
struct BrokerLeft {
  Broker broker;
  ChangeReason reason = ChangeReason::kNotTold;
  // Who it is, or who is in its place, now: always with kReplaced and
  // kRoleChanged, perhaps with others.
  std::optional<Broker> now;
  // What this client knows that may explain it: how the broker stood when it
  // was named last, and whether the fault table avoids it.
  BrokerHealth last_health = BrokerHealth::kHealthy;
  bool avoided = false;
  // More about the reason in the nameserver's words, for people: "silent for
  // 120s", what a probe said. Often empty; at most 256 bytes.
  std::string detail = {};
};

// A nameserver doubts a broker, or does so no longer.
struct BrokerHealthChanged {
  Broker broker;
  BrokerHealth from = BrokerHealth::kHealthy;
  BrokerHealth to = BrokerHealth::kHealthy;
};

// A broker group's master (id 0) is another, is gone, or is back. Comes after
// the events of the brokers concerned. The reason is why the old one is master
// no more: why it left, if that was told, else what the routes show.
struct MasterChanged {
  std::string cluster;
  std::string group;
  std::optional<Broker> from;
  std::optional<Broker> to;
  ChangeReason reason = ChangeReason::kNotTold;
};

// The client is made; its first event.
struct ClientCreated {
  std::string name;  // ClientOptions::name
};

// close() was called, or the client is being destroyed.
struct ClientClosing {};

// Nothing of the client runs any more; its last event.
struct ClientClosed {};

// More happened than `event_queue_max` holds before the application took it:
// the oldest events are gone. What they told must be looked up, as routes with
// Client::route(). Stands where they would have stood.
struct EventsLost {
  std::uint64_t count = 0;
};

struct Event {
  // When it happened, which may be a moment before it is delivered.
  std::chrono::steady_clock::time_point time;
  std::chrono::system_clock::time_point wall_time;
  std::variant<NameserverConnected, NameserverSwitched, RefreshFailed,
               RouteChanged, BrokerAvoided, BrokerNoLongerAvoided,
               NameserversChanged, ClientCreated, ClientClosing, ClientClosed,
               EventsLost, BrokerJoined, BrokerLeft, BrokerHealthChanged,
               MasterChanged, BrokerProbed>
      what;

  // One line for people, without the time.
  std::string to_string() const;
};

// Called where `EventDelivery` says, one event at a time, in order; what it is
// told has happened for pick() and route() too by then. May call anything of
// its client, also what waits, and may close or destroy it: then it is called
// no more. What it throws is caught and logged.
using EventHandler = std::function<void(const Event&)>;

// Where the application hears of events. Never on the thread that talks to
// nameservers, unless the application's own executor runs tasks there.
//
// Events wait in a queue of `event_queue_max` until they are taken. When it is
// full a new event is merged with an older one of the same subject, so that the
// newest state is told (of a topic's route, of whether a broker is avoided,
// ...); where there is none the oldest gives way and EventsLost says so.
// ClientStats counts both.
enum class EventDelivery : std::uint8_t {
  // A thread of the library that does nothing else, made when needed, one for
  // all clients of the process. A handler that blocks holds up other events,
  // nothing else.
  kThread = 0,
  // `event_executor`.
  kExecutor = 1,
  // Nowhere: Client::poll_events() hands them out.
  kPoll = 2,
};

// Runs `task` once: on a thread, strand or loop of the application, now or
// later. A task delivers some events; there is one at a time, and it keeps what
// it needs alive. Called on the library's background thread: should return soon
// and not throw. One that runs the task within the call delivers events on the
// background thread: then a handler must not block, what waits returns
// kInvalidArgument in it, and so does close().
using EventExecutor = std::function<void(std::function<void()> task)>;

// For EventDelivery::kPoll: called on the library's background thread when
// there is something to poll after there was nothing. To wake a loop: write to
// an eventfd, call uv_async_send. Must not block, throw or call the client.
using EventWake = std::function<void()>;

}  // namespace waypost

#endif  // WAYPOST_EVENTS_HPP_
