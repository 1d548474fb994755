// Routes and events as lines for people.

#include <chrono>
#include <string>

#include "base/options.h"
#include "waypost/events.hpp"
#include "waypost/route.hpp"

namespace waypost {
namespace {

std::string broker_text(const Broker& broker) {
  return broker.name + "/" + std::to_string(broker.id) + "@" + broker.address;
}

std::string group_text(const RouteGroup& group) {
  std::string text;
  for (const auto& replica : group.replicas) {
    if (!text.empty()) text += " ";
    text += broker_text(replica.broker);
    if (replica.health != BrokerHealth::kHealthy) {
      text += " (" + broker_health_name(replica.health) + ")";
    }
  }
  if (text.empty()) text = group.name + " without brokers";
  text += group.readable ? " r" : " -";
  text += group.writable ? "w " : "- ";
  return text + std::to_string(group.read_queues) + "+" +
         std::to_string(group.write_queues);
}

std::string names_text(const char* sign,
                       const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += std::string(" ") + sign + name;
  return text;
}

struct Describe {
  std::string operator()(const NameserverConnected& event) const {
    return "connected to nameserver " + event.nameserver +
           (event.server_name.empty() ? "" : " (" + event.server_name + ")");
  }
  std::string operator()(const NameserverSwitched& event) const {
    return "left nameserver " + event.from + " for " + event.to + ": " +
           event.why;
  }
  std::string operator()(const NameserversChanged& event) const {
    return "nameservers are now" + names_text("", event.nameservers);
  }
  std::string operator()(const RefreshFailed& event) const {
    return "no nameserver answered, cached routes stay in use: " + event.why;
  }
  std::string operator()(const RouteChanged& event) const {
    return "route changed:" + names_text("+", event.added) +
           names_text("-", event.removed) + " -> " + event.route.to_string();
  }
  std::string operator()(const BrokerAvoided& event) const {
    return "broker " + broker_text(event.broker) + " avoided for " +
           base::format_duration(event.duration) + ": " + event.why;
  }
  std::string operator()(const BrokerNoLongerAvoided& event) const {
    return "broker " + broker_text(event.broker) +
           " no longer avoided: " + event.why;
  }
  std::string operator()(const BrokerJoined& event) const {
    return "broker " + broker_text(event.broker) + " joined" +
           (event.reason == ChangeReason::kNotTold
                ? ""
                : ": " + change_reason_name(event.reason)) +
           (event.health == BrokerHealth::kHealthy
                ? ""
                : ", " + broker_health_name(event.health));
  }
  std::string operator()(const BrokerLeft& event) const {
    return "broker " + broker_text(event.broker) +
           " left: " + change_reason_name(event.reason) +
           (event.detail.empty() ? "" : " (" + event.detail + ")") +
           (event.now ? ", now " + broker_text(*event.now) : "") +
           (event.last_health == BrokerHealth::kHealthy
                ? ""
                : ", was " + broker_health_name(event.last_health)) +
           (event.avoided ? ", was avoided" : "");
  }
  std::string operator()(const BrokerHealthChanged& event) const {
    return "broker " + broker_text(event.broker) + " is " +
           broker_health_name(event.to) + ", was " +
           broker_health_name(event.from);
  }
  std::string operator()(const MasterChanged& event) const {
    const auto text = [](const std::optional<Broker>& broker) {
      return broker ? broker->address : "nobody";
    };
    return "master of " + event.group + " is " + text(event.to) + ", was " +
           text(event.from) + ": " + change_reason_name(event.reason);
  }
  std::string operator()(const BrokerProbed& event) const {
    return "broker " + broker_text(event.broker) +
           (event.ok ? " answered a probe in "
                     : " failed a probe (" + event.why + ") in ") +
           base::format_duration(
               std::chrono::milliseconds(base::to_ms(event.took)));
  }
  std::string operator()(const ClientCreated& event) const {
    return "client " + event.name + " created";
  }
  std::string operator()(const ClientClosing&) const {
    return "client is closing";
  }
  std::string operator()(const ClientClosed&) const {
    return "client is closed";
  }
  std::string operator()(const EventsLost& event) const {
    return std::to_string(event.count) +
           " events lost: they were not taken in time";
  }
};

}  // namespace

std::string Route::to_string() const {
  std::string text = topic + ": ";
  if (groups.empty()) text += "no brokers";
  for (std::size_t i = 0; i < groups.size(); ++i) {
    text += (i == 0 ? "" : ", ") + group_text(groups[i]);
  }
  return text;
}

std::string change_reason_name(ChangeReason reason) {
  switch (reason) {
    case ChangeReason::kNotTold:
      return "not told why";
    case ChangeReason::kReplaced:
      return "replaced";
    case ChangeReason::kRoleChanged:
      return "role changed";
    case ChangeReason::kUnregistered:
      return "unregistered";
    case ChangeReason::kConnectionClosed:
      return "connection closed";
    case ChangeReason::kExpired:
      return "expired";
    case ChangeReason::kUnhealthy:
      return "unhealthy";
    case ChangeReason::kGoneAtPeers:
      return "gone at peers";
  }
  return "?";
}

std::string Event::to_string() const { return std::visit(Describe{}, what); }

}  // namespace waypost
