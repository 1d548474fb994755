#ifndef WAYPOST_WIRE_MODEL_ROUTE_H_
#define WAYPOST_WIRE_MODEL_ROUTE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "wire/model/ids.h"
#include "wire/model/topic.h"

namespace waypost::model {

// How a broker stands, worst last.
enum class BrokerHealth : std::uint8_t {
  kHealthy = 0,
  kSuspect = 1,    // silent for a while: use it last
  kUnhealthy = 2,  // its agent's probes fail
};
std::string_view broker_health_name(BrokerHealth health);

// One broker of a group as a route shows it.
struct Replica {
  BrokerId id;
  base::Endpoint address;
  BrokerHealth health = BrokerHealth::kHealthy;
  std::string zone;

  friend bool operator==(const Replica&, const Replica&) = default;
};

// One broker group that serves a topic, with the topic's queues there.
struct RouteGroup {
  ClusterName cluster;
  BrokerName broker_name;
  QueueData queues;
  std::vector<Replica> replicas;  // by id

  friend bool operator==(const RouteGroup&, const RouteGroup&) = default;
};

// Who serves a topic: everything a client needs to pick a broker and queue.
struct Route {
  TopicName topic;
  std::vector<RouteGroup> groups;  // by broker name
  // "broker-a:4;broker-b:8": where the messages of one key stay whatever
  // happens to brokers (RocketMQ's order configuration); empty: none.
  std::string order = {};

  friend bool operator==(const Route&, const Route&) = default;
};

// Why a broker is not in routes any more, as the nameserver knows it.
enum class DepartureReason : std::uint8_t {
  kNotTold = 0,
  kUnregistered = 1,      // it said so
  kConnectionClosed = 2,  // by its side
  kExpired = 3,           // silent for too long
  kUnhealthy = 4,         // a verdict; it is registered all the same
  kReplaced = 5,          // by a newer registration with another address or id
  kGoneAtPeers = 6,       // other nameservers alone had it, and have it no more
};
std::string_view departure_reason_name(DepartureReason reason);

// A broker that left the routes: who it was, and where.
struct Departure {
  BrokerName broker_name;
  BrokerId id;
  base::Endpoint address;
  DepartureReason reason = DepartureReason::kNotTold;
  std::string detail = {};  // for people: "silent for 120s"

  friend bool operator==(const Departure&, const Departure&) = default;
};

// The route's version: a digest of its canonical content (groups by broker
// name, replicas by id). Equal at every nameserver with equal content.
Digest digest_route(const Route& route);

}  // namespace waypost::model

#endif  // WAYPOST_WIRE_MODEL_ROUTE_H_
