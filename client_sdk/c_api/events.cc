// Events: what their kinds are called in C, and which of their members is what.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "client_sdk/c_api/handles.h"

struct waypost_event {
  waypost_event_kind what = WAYPOST_EVENT_OTHER;
  std::string text;
  std::int64_t unix_time_ns = 0;
  std::string topic;
  std::string nameserver;
  std::string broker;
  std::string address;
  std::string why;
  std::int32_t reason = WAYPOST_REASON_NOT_TOLD;
  std::chrono::nanoseconds duration{0};
  std::uint64_t count = 0;
  std::string left_nameserver;
  std::string server_name;
  waypost::BrokerHealth health_before = waypost::BrokerHealth::kHealthy;
  bool avoided = false;
  std::optional<waypost_route> route;
  // Of what is told, which lives as long; null: none.
  const waypost::Broker* about = nullptr;
  const waypost::Broker* other = nullptr;
  waypost::BrokerHealth health = waypost::BrokerHealth::kHealthy;
  // WAYPOST_LIST_...; null: none.
  std::array<const std::vector<std::string>*, 3> lists{};

  const std::vector<std::string>* list(std::int32_t which) const {
    return which < 0 || static_cast<std::size_t>(which) >= lists.size()
               ? nullptr
               : lists[static_cast<std::size_t>(which)];
  }
};

namespace waypost::c_api {
namespace {

struct Describe {
  waypost_event& event;

  void is(waypost_event_kind kind) const { event.what = kind; }
  void because(ChangeReason reason, const std::string& detail = "") const {
    event.reason = static_cast<std::int32_t>(reason);
    event.why = change_reason_name(reason);
    if (!detail.empty()) event.why += " (" + detail + ")";
  }
  void about(const Broker& broker) const {
    event.broker = broker.name;
    event.address = broker.address;
    event.about = &broker;
  }
  void beside(const std::optional<Broker>& broker) const {
    if (broker) event.other = &*broker;
  }

  void operator()(const NameserverConnected& what) const {
    is(WAYPOST_EVENT_NAMESERVER_CONNECTED);
    event.nameserver = what.nameserver;
    event.server_name = what.server_name;
  }
  void operator()(const NameserverSwitched& what) const {
    is(WAYPOST_EVENT_NAMESERVER_SWITCHED);
    event.nameserver = what.to;
    event.left_nameserver = what.from;
    event.why = what.why;
  }
  void operator()(const NameserversChanged& what) const {
    is(WAYPOST_EVENT_NAMESERVERS_CHANGED);
    event.lists[WAYPOST_LIST_NAMESERVERS] = &what.nameservers;
  }
  void operator()(const RefreshFailed& what) const {
    is(WAYPOST_EVENT_REFRESH_FAILED);
    event.why = what.why;
  }
  void operator()(const RouteChanged& what) const {
    is(WAYPOST_EVENT_ROUTE_CHANGED);
    event.topic = what.route.topic;
    event.nameserver = what.route.nameserver;
    event.route.emplace(waypost_route{what.route, what.route.to_string()});
    event.lists[WAYPOST_LIST_ADDED] = &what.added;
    event.lists[WAYPOST_LIST_REMOVED] = &what.removed;
  }
  void operator()(const BrokerAvoided& what) const {
    is(WAYPOST_EVENT_BROKER_AVOIDED);
    about(what.broker);
    event.duration = what.duration;
    event.why = what.why;
  }
  void operator()(const BrokerNoLongerAvoided& what) const {
    is(WAYPOST_EVENT_BROKER_NO_LONGER_AVOIDED);
    about(what.broker);
    event.why = what.why;
  }
  void operator()(const BrokerJoined& what) const {
    is(WAYPOST_EVENT_BROKER_JOINED);
    about(what.broker);
    event.health = what.health;
    because(what.reason);
  }
  void operator()(const BrokerLeft& what) const {
    is(WAYPOST_EVENT_BROKER_LEFT);
    about(what.broker);
    event.health = what.last_health;
    event.avoided = what.avoided;
    beside(what.now);
    because(what.reason, what.detail);
  }
  void operator()(const BrokerHealthChanged& what) const {
    is(WAYPOST_EVENT_BROKER_HEALTH_CHANGED);
    about(what.broker);
    event.health = what.to;
    event.health_before = what.from;
    event.why = broker_health_name(what.to);
  }
  void operator()(const MasterChanged& what) const {
    is(WAYPOST_EVENT_MASTER_CHANGED);
    if (what.to) about(*what.to);
    beside(what.from);
    event.broker = what.group;
    because(what.reason);
  }
  void operator()(const BrokerProbed& what) const {
    is(what.ok ? WAYPOST_EVENT_BROKER_PROBED
               : WAYPOST_EVENT_BROKER_PROBE_FAILED);
    about(what.broker);
    event.duration = what.took;
    event.why = what.why;
  }
  void operator()(const ClientCreated& what) const {
    is(WAYPOST_EVENT_CLIENT_CREATED);
    event.why = what.name;
  }
  void operator()(const ClientClosing& /*what*/) const {
    is(WAYPOST_EVENT_CLIENT_CLOSING);
  }
  void operator()(const ClientClosed& /*what*/) const {
    is(WAYPOST_EVENT_CLIENT_CLOSED);
  }
  void operator()(const EventsLost& what) const {
    is(WAYPOST_EVENT_EVENTS_LOST);
    event.count = what.count;
  }
  // Those that C has no name for.
  template <typename Other>
  void operator()(const Other& /*what*/) const {}
};

waypost_code write(const waypost_event* event, const Broker* broker,
                   waypost_broker* out) {
  if (event == nullptr || out == nullptr) return WAYPOST_INVALID_ARGUMENT;
  if (broker == nullptr) return WAYPOST_NOT_FOUND;
  waypost_broker full = to_c(*broker);
  if (broker == event->about) {
    full.health = static_cast<std::int32_t>(event->health);
  }
  return write_sized(full, out) ? WAYPOST_OK : WAYPOST_INVALID_ARGUMENT;
}

}  // namespace

void tell(const Event& event,
          void (*handler)(void* context, const waypost_event* event),
          void* context) {
  waypost_event told;
  told.text = event.to_string();
  told.unix_time_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(
                          event.wall_time.time_since_epoch())
                          .count();
  std::visit(Describe{told}, event.what);
  handler(context, &told);
}

}  // namespace waypost::c_api

waypost_event_kind waypost_event_what(const waypost_event* event) {
  return event == nullptr ? WAYPOST_EVENT_OTHER : event->what;
}
int64_t waypost_event_unix_time_ns(const waypost_event* event) {
  return event == nullptr ? 0 : event->unix_time_ns;
}
const char* waypost_event_text(const waypost_event* event) {
  return event == nullptr ? "" : event->text.c_str();
}
const char* waypost_event_topic(const waypost_event* event) {
  return event == nullptr ? "" : event->topic.c_str();
}
const char* waypost_event_nameserver(const waypost_event* event) {
  return event == nullptr ? "" : event->nameserver.c_str();
}
const char* waypost_event_broker(const waypost_event* event) {
  return event == nullptr ? "" : event->broker.c_str();
}
const char* waypost_event_address(const waypost_event* event) {
  return event == nullptr ? "" : event->address.c_str();
}
int32_t waypost_event_reason(const waypost_event* event) {
  return event == nullptr ? WAYPOST_REASON_NOT_TOLD : event->reason;
}
const char* waypost_event_why(const waypost_event* event) {
  return event == nullptr ? "" : event->why.c_str();
}
int64_t waypost_event_duration_ns(const waypost_event* event) {
  return event == nullptr ? 0 : event->duration.count();
}
uint64_t waypost_event_count(const waypost_event* event) {
  return event == nullptr ? 0 : event->count;
}
const char* waypost_event_left_nameserver(const waypost_event* event) {
  return event == nullptr ? "" : event->left_nameserver.c_str();
}
const char* waypost_event_server_name(const waypost_event* event) {
  return event == nullptr ? "" : event->server_name.c_str();
}
int32_t waypost_event_health_before(const waypost_event* event) {
  return event == nullptr ? 0 : static_cast<int32_t>(event->health_before);
}
int32_t waypost_event_avoided(const waypost_event* event) {
  return event != nullptr && event->avoided ? 1 : 0;
}
size_t waypost_event_list_size(const waypost_event* event, int32_t list) {
  const auto* const names = event == nullptr ? nullptr : event->list(list);
  return names == nullptr ? 0 : names->size();
}
const char* waypost_event_list_item(const waypost_event* event, int32_t list,
                                    size_t index) {
  if (index >= waypost_event_list_size(event, list)) return nullptr;
  return (*event->list(list))[index].c_str();
}
const waypost_route* waypost_event_route(const waypost_event* event) {
  return event == nullptr || !event->route ? nullptr : &*event->route;
}
waypost_code waypost_event_about(const waypost_event* event,
                                 waypost_broker* out) {
  return waypost::c_api::write(event, event == nullptr ? nullptr : event->about,
                               out);
}
waypost_code waypost_event_other(const waypost_event* event,
                                 waypost_broker* out) {
  return waypost::c_api::write(event, event == nullptr ? nullptr : event->other,
                               out);
}
