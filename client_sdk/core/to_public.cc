#include "client_sdk/core/to_public.h"

#include <algorithm>
#include <cstdint>

#include "base/log.h"
#include "waypost/log.hpp"
#include "wire/model/topic.h"

namespace waypost {
namespace client {

static_assert(static_cast<int>(ErrorCode::kInternal) ==
              static_cast<int>(base::ErrorCode::kInternal));
static_assert(static_cast<int>(ErrorCode::kDenied) ==
              static_cast<int>(base::ErrorCode::kDenied));
static_assert(static_cast<int>(LogLevel::kOff) ==
              static_cast<int>(base::LogLevel::kOff));
static_assert(static_cast<int>(BrokerHealth::kUnhealthy) ==
              static_cast<int>(model::BrokerHealth::kUnhealthy));

Error to_public(const base::Error& error) {
  return {static_cast<ErrorCode>(error.code), error.message, error.advice};
}

Status to_public(const base::Status& status) {
  if (status) return {};
  return to_public(status.error());
}

Broker to_public(const model::RouteGroup& group,
                 const model::Replica& replica) {
  return {group.cluster.value(), group.broker_name.value(),
          replica.id.value(),    replica.address.host,
          replica.address.port,  replica.address.to_string(),
          replica.zone};
}

// No nameserver of ours tells more; who does must not have an application count
// to four billion.
std::uint32_t queue_count(std::uint32_t told) {
  return std::min(told, model::kQueuesMax);
}

Route to_public(const CachedRoute& cached) {
  const model::Route& from = cached.route.route;
  Route route;
  route.topic = from.topic.value();
  route.digest = cached.route.digest.to_string();
  route.nameserver = cached.source;
  route.origin = cached.origin;
  route.missing = cached.negative.has_value();
  route.groups.reserve(from.groups.size());
  for (const auto& group : from.groups) {
    RouteGroup& copy = route.groups.emplace_back();
    copy.cluster = group.cluster.value();
    copy.name = group.broker_name.value();
    copy.read_queues = queue_count(group.queues.read_queues);
    copy.write_queues = queue_count(group.queues.write_queues);
    copy.readable = group.queues.permission.readable();
    copy.writable = group.queues.permission.writable();
    for (const auto& replica : group.replicas) {
      copy.replicas.push_back({to_public(group, replica),
                               static_cast<BrokerHealth>(replica.health)});
    }
  }
  return route;
}

}  // namespace client

std::string error_code_name(ErrorCode code) {
  return base::error_code_name(static_cast<base::ErrorCode>(code));
}

std::string Error::to_string() const {
  return base::Error{static_cast<base::ErrorCode>(code), message, advice}
      .to_string();
}

std::string_view log_level_name(LogLevel level) {
  return base::log_level_name(static_cast<base::LogLevel>(level));
}

std::string route_origin_name(RouteOrigin origin) {
  switch (origin) {
    case RouteOrigin::kServer:
      return "server";
    case RouteOrigin::kPush:
      return "push";
    case RouteOrigin::kSnapshot:
      return "snapshot";
  }
  return "?";
}

std::string broker_health_name(BrokerHealth health) {
  return std::string(
      model::broker_health_name(static_cast<model::BrokerHealth>(health)));
}

}  // namespace waypost
