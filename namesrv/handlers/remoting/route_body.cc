#include "namesrv/handlers/remoting/route_body.h"

#include <algorithm>
#include <utility>

#include "namesrv/registry/remoting_route.h"
#include "wire/codec/remoting/bodies.h"

namespace waypost::handlers {
namespace {

bool equal_but_for_case(std::string_view one, std::string_view other) {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [&](char a, char b) { return lower(a) == lower(b); });
}

bool stays(const registry::RemotingRouteGroup& group, std::string_view zone) {
  if (zone.empty()) return true;
  const bool has_master =
      std::any_of(group.replicas.begin(), group.replicas.end(),
                  [](const registry::RemotingReplica& replica) {
                    return replica.id == model::kMasterId;
                  });
  return !has_master || equal_but_for_case(group.zone, zone);
}

void add_group(remoting::TopicRouteData& route,
               const registry::RemotingRouteGroup& group) {
  remoting::BrokerData broker;
  broker.cluster = group.cluster->value();
  broker.broker_name = group.broker_name->value();
  broker.zone_name = group.zone;
  broker.enable_acting_master = group.enable_acting_master;
  for (const registry::RemotingReplica& replica : group.replicas) {
    broker.addresses.emplace_back(replica.id.value(), replica.address);
    if (replica.filter_servers != nullptr && !replica.filter_servers->empty()) {
      route.filter_servers.emplace_back(replica.address,
                                        *replica.filter_servers);
    }
  }
  route.brokers.push_back(std::move(broker));
  route.queues.push_back({group.broker_name->value(),
                          model::to_java_int(group.queues.read_queues),
                          model::to_java_int(group.queues.write_queues),
                          model::to_java_int(group.queues.permission.bits),
                          model::to_java_int(group.queues.system_flag)});
}

}  // namespace

std::string encode_route_body(const service::PublishedView& view,
                              const registry::TopicEntry& topic,
                              const RouteBodyOptions& options) {
  const registry::RemotingRoute found = registry::remoting_route(
      view.routes, topic, view.remoting.support_acting_master);
  remoting::TopicRouteData route;
  for (const registry::RemotingRouteGroup& group : found.groups) {
    if (group.mapping != nullptr) route.mappings.push_back(*group.mapping);
    if (stays(group, options.zone)) add_group(route, group);
  }
  if (view.remoting.order_message_enable) {
    const std::string* order = view.state->kv.find(
        model::kOrderTopicConfigNamespace, topic.name.value());
    if (order != nullptr) route.order_topic_conf = *order;
  }
  return remoting::encode(route, options.standard_json
                                     ? remoting::JsonDialect::kStandard
                                     : remoting::JsonDialect::kFastjson);
}

}  // namespace waypost::handlers
