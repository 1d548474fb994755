#ifndef WAYPOST_ROUTE_HPP_
#define WAYPOST_ROUTE_HPP_

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace waypost {

namespace client {
struct PickMaker;
}  // namespace client

// How a broker stands as the nameserver sees it, worst last.
enum class BrokerHealth : std::uint8_t {
  kHealthy = 0,
  kSuspect = 1,    // silent for a while: used last
  kUnhealthy = 2,  // its agent's probes fail; only shown when all of them do
};

// "healthy", "suspect", "unhealthy".
std::string broker_health_name(BrokerHealth health);

// One broker: a replica of a broker group.
struct Broker {
  std::string cluster;
  std::string name;     // of the group: "broker-a"
  std::int64_t id = 0;  // within the group; 0 is the master
  std::string host;     // a name or an address, IPv6 without brackets
  std::uint16_t port = 0;
  std::string address;  // "host:port", "[v6]:port"
  std::string zone;     // empty: not told
};

// A broker in a route.
struct RouteReplica {
  Broker broker;
  BrokerHealth health = BrokerHealth::kHealthy;
};

// One broker group that serves a topic, with the topic's queues there.
struct RouteGroup {
  std::string cluster;
  std::string name;
  std::uint32_t read_queues = 0;
  std::uint32_t write_queues = 0;
  bool readable = false;
  bool writable = false;
  std::vector<RouteReplica> replicas;  // by id
};

// Where a route was last told or confirmed.
enum class RouteOrigin : std::uint8_t {
  kServer = 0,    // a nameserver answered
  kPush = 1,      // a nameserver told a change by itself
  kSnapshot = 2,  // the file of an earlier time; no nameserver has answered yet
};

// "server", "push", "snapshot".
std::string route_origin_name(RouteOrigin origin);

// Who serves a topic. A copy: it does not change when the route does.
struct Route {
  std::string topic;
  std::vector<RouteGroup> groups;  // by name
  std::string digest;              // equal content has equal digests everywhere
  std::string nameserver;          // that told it
  RouteOrigin origin = RouteOrigin::kServer;
  // Time since a nameserver last told or confirmed it.
  std::chrono::nanoseconds age{0};
  // The last answer was that nobody serves the topic. The route is what was
  // known before, and is kept: a nameserver that has just lost its table says
  // the same.
  bool missing = false;

  // "orders: broker-a/0@10.0.0.1:10911 rw 4+4, broker-b/0@... (suspect)".
  std::string to_string() const;
};

// A chosen broker and queue; two words, copied freely. Refers to a broker that
// the Client owns: valid as long as that Client, whatever happens to routes.
// The price: a client keeps about half a kilobyte for each address that a
// broker of its topics ever had. Where 100 brokers come back at new addresses
// each day, that is 18 MB a year; make a new Client now and then where it
// matters.
class Pick {
 public:
  // An empty pick, to be assigned to.
  Pick() = default;

  bool empty() const { return broker_ == nullptr; }

  // REQUIRES: !empty().
  const Broker& broker() const { return *broker_; }
  const std::string& broker_name() const { return broker_->name; }
  const std::string& address() const { return broker_->address; }
  // From 0; less than the group's write (or read) queues.
  std::uint32_t queue() const { return queue_; }

 private:
  friend struct client::PickMaker;
  Pick(const Broker* broker, std::uint32_t queue)
      : broker_(broker), queue_(queue) {}

  const Broker* broker_ = nullptr;
  std::uint32_t queue_ = 0;
};

}  // namespace waypost

#endif  // WAYPOST_ROUTE_HPP_
