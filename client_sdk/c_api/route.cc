// Routes, as what their parts are asked for.

#include "client_sdk/c_api/handles.h"

using namespace waypost;         // NOLINT: all of it is a face of that
using namespace waypost::c_api;  // NOLINT

waypost_broker waypost::c_api::to_c(const Broker& broker) {
  waypost_broker all{};
  all.struct_size = sizeof all;
  all.cluster = broker.cluster.c_str();
  all.name = broker.name.c_str();
  all.host = broker.host.c_str();
  all.address = broker.address.c_str();
  all.zone = broker.zone.c_str();
  all.id = broker.id;
  all.port = broker.port;
  return all;
}

void waypost_route_free(waypost_route* route) { delete route; }

const char* waypost_route_text(const waypost_route* route) {
  return route == nullptr ? "" : route->text.c_str();
}
const char* waypost_route_digest(const waypost_route* route) {
  return route == nullptr ? "" : route->route.digest.c_str();
}
const char* waypost_route_nameserver(const waypost_route* route) {
  return route == nullptr ? "" : route->route.nameserver.c_str();
}
int32_t waypost_route_origin(const waypost_route* route) {
  return route == nullptr ? 0 : static_cast<int32_t>(route->route.origin);
}
int64_t waypost_route_age_ns(const waypost_route* route) {
  return route == nullptr ? 0 : route->route.age.count();
}
size_t waypost_route_group_count(const waypost_route* route) {
  return route == nullptr ? 0 : route->route.groups.size();
}

waypost_code waypost_route_group(const waypost_route* route, size_t group,
                                 waypost_group* out) {
  return guarded(nullptr, [&]() -> Status {
    if (group >= waypost_route_group_count(route)) {
      return invalid("no such group");
    }
    const RouteGroup& found = route->route.groups[group];
    waypost_group all{};
    all.cluster = found.cluster.c_str();
    all.name = found.name.c_str();
    all.read_queues = found.read_queues;
    all.write_queues = found.write_queues;
    all.readable = found.readable ? 1 : 0;
    all.writable = found.writable ? 1 : 0;
    all.replica_count = found.replicas.size();
    return write_sized(all, out);
  });
}

waypost_code waypost_route_replica(const waypost_route* route, size_t group,
                                   size_t replica, waypost_broker* out) {
  return guarded(nullptr, [&]() -> Status {
    if (group >= waypost_route_group_count(route) ||
        replica >= route->route.groups[group].replicas.size()) {
      return invalid("no such replica");
    }
    const RouteReplica& found = route->route.groups[group].replicas[replica];
    waypost_broker all = to_c(found.broker);
    all.health = static_cast<int32_t>(found.health);
    return write_sized(all, out);
  });
}
