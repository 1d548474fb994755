#include "client_sdk/examples/sdk_events.h"

#include <string>
#include <variant>
#include <vector>

#include "client_sdk/examples/event_line.h"

namespace waypost::examples {
namespace {

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    text += (text.empty() ? "" : " ") + name;
  }
  return text;
}

// The names of the route's brokers, those in doubt with their health.
std::string brokers_of(const Route& route) {
  std::vector<std::string> names;
  for (const RouteGroup& group : route.groups) {
    for (const RouteReplica& replica : group.replicas) {
      const bool well = replica.health == BrokerHealth::kHealthy;
      names.push_back(
          group.name +
          (well ? "" : "(" + broker_health_name(replica.health) + ")"));
    }
  }
  return joined(names);
}

struct Printer {
  std::chrono::system_clock::time_point when;

  void operator()(const NameserverConnected& event) const {
    print_event("nameserver-connected", {{"nameserver", event.nameserver}},
                when);
  }
  void operator()(const NameserverSwitched& event) const {
    print_event("nameserver-switched",
                {{"from", event.from}, {"to", event.to}, {"why", event.why}},
                when);
  }
  void operator()(const NameserversChanged& event) const {
    print_event("nameservers-changed",
                {{"nameservers", joined(event.nameservers)}}, when);
  }
  void operator()(const RefreshFailed& event) const {
    print_event("refresh-failed", {{"why", event.why}}, when);
  }
  void operator()(const RouteChanged& event) const {
    print_event("route-changed",
                {{"topic", event.route.topic},
                 {"nameserver", event.route.nameserver},
                 {"brokers", brokers_of(event.route)},
                 {"added", joined(event.added)},
                 {"removed", joined(event.removed)}},
                when);
  }
  void operator()(const BrokerAvoided& event) const {
    print_event("broker-avoided",
                {{"broker", event.broker.name},
                 {"for_ms", milliseconds(event.duration)},
                 {"why", event.why}},
                when);
  }
  void operator()(const BrokerNoLongerAvoided& event) const {
    print_event("broker-no-longer-avoided",
                {{"broker", event.broker.name}, {"why", event.why}}, when);
  }
  void operator()(const BrokerJoined& event) const {
    print_event("broker-joined",
                {{"broker", event.broker.name},
                 {"id", event.broker.id},
                 {"address", event.broker.address},
                 {"reason", change_reason_name(event.reason)}},
                when);
  }
  void operator()(const BrokerLeft& event) const {
    print_event("broker-left",
                {{"broker", event.broker.name},
                 {"id", event.broker.id},
                 {"address", event.broker.address},
                 {"reason", change_reason_name(event.reason)},
                 {"detail", event.detail},
                 {"last_health", broker_health_name(event.last_health)},
                 {"avoided", event.avoided}},
                when);
  }
  void operator()(const BrokerHealthChanged& event) const {
    print_event("broker-health",
                {{"broker", event.broker.name},
                 {"id", event.broker.id},
                 {"from", broker_health_name(event.from)},
                 {"to", broker_health_name(event.to)}},
                when);
  }
  void operator()(const MasterChanged& event) const {
    print_event("master-changed",
                {{"broker", event.group},
                 {"from", event.from ? event.from->address : ""},
                 {"to", event.to ? event.to->address : ""},
                 {"reason", change_reason_name(event.reason)}},
                when);
  }
  void operator()(const BrokerProbed& event) const {
    print_event("broker-probed",
                {{"broker", event.broker.name},
                 {"ok", event.ok},
                 {"ms", milliseconds(event.took)},
                 {"why", event.why}},
                when);
  }
  void operator()(const ClientCreated& event) const {
    print_event("client-created", {{"name", event.name}}, when);
  }
  void operator()(const ClientClosing&) const {
    print_event("client-closing", {}, when);
  }
  void operator()(const ClientClosed&) const {
    print_event("client-closed", {}, when);
  }
  void operator()(const EventsLost& event) const {
    print_event("events-lost", {{"count", event.count}}, when);
  }
};

}  // namespace

void print_sdk_event(const Event& event) {
  std::visit(Printer{event.wall_time}, event.what);
}

}  // namespace waypost::examples
