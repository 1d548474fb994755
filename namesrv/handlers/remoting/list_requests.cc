#include "namesrv/handlers/remoting/list_requests.h"

#include <string>
#include <utility>

#include "wire/codec/remoting/bodies.h"

namespace waypost::handlers {
namespace {

std::string encode_list(const registry::NameList& names) {
  remoting::TopicList list;
  list.topics.assign(names.begin(), names.end());
  return remoting::encode(list);
}

Response with_body(std::string body) {
  Response response = success();
  response.body = std::move(body);
  return response;
}

// Answers with the body that `make(table)` makes: at once from a small table,
// on a decode thread from a large one.
template <typename Make>
void answer_walk(const Request& request, Make make) {
  const registry::RouteTable& table = request.context.view().routes;
  if (table.topic_count() <= request.context.settings.list_inline_max_topics) {
    return answer(request, with_body(make(table)));
  }
  const LaterAnswer to(request);
  const auto leased = to.context().service.lease_table(
      [to, make](service::NameService::TableLease lease) {
        to.context().run_on_decode_thread([to, make, lease] {
          to.answer_encoded(
              encode_response(to.head(), with_body(make(*lease))));
        });
      });
  if (!leased) to.answer(from_error(leased.error()));
}

bool refused(const Request& request, bool enabled) {
  if (enabled) return false;
  // What RocketMQ 5 says.
  answer(request, system_error("disable"));
  return true;
}

std::string encode_cluster_info(const registry::RouteTable& table) {
  remoting::ClusterInfo info;
  const registry::ClusterInfo found = registry::cluster_info(table);
  for (const registry::GroupMembers& group : found.groups) {
    remoting::BrokerData broker;
    broker.cluster = group.cluster->value();
    broker.broker_name = group.broker_name->value();
    broker.zone_name = group.zone;
    broker.enable_acting_master = group.enable_acting_master;
    for (const auto& [id, address] : group.addresses) {
      broker.addresses.emplace_back(id.value(), address);
    }
    info.brokers.push_back(std::move(broker));
  }
  for (const auto& [cluster, names] : found.clusters) {
    info.clusters.emplace_back(
        cluster, std::vector<std::string>(names.begin(), names.end()));
  }
  return remoting::encode(info);
}

}  // namespace

void get_cluster_info(const Request& request) {
  RemotingContext::ClusterInfoBody& last = request.context.cluster_info;
  const registry::RouteTable& table = request.context.view().routes;
  if (!last.made || last.groups_version != table.groups_version()) {
    last.body = encode_cluster_info(table);
    last.groups_version = table.groups_version();
    last.made = true;
  }
  Response response = success();
  response.body = last.body;
  answer(request, response);
}

void list_all_topics(const Request& request) {
  const service::PublishedView& view = request.context.view();
  if (refused(request, view.remoting.enable_all_topic_list)) return;
  answer_walk(request, [](const registry::RouteTable& table) {
    return encode_list(registry::all_topics(table));
  });
}

void list_topics_of_cluster(const Request& request) {
  const service::PublishedView& view = request.context.view();
  if (refused(request, view.remoting.enable_topic_list)) return;
  const std::string* cluster = request.field("cluster");
  if (cluster == nullptr) return answer(request, with_body(encode_list({})));
  answer_walk(request, [name = *cluster](const registry::RouteTable& table) {
    return encode_list(registry::topics_of_cluster(table, name));
  });
}

void list_system_topics(const Request& request) {
  const registry::SystemTopics found =
      registry::system_topics(request.context.view().routes);
  remoting::TopicList list;
  list.topics.assign(found.topics.begin(), found.topics.end());
  if (!found.broker_address.empty()) {
    list.broker_address = std::string(found.broker_address);
  }
  answer(request, with_body(remoting::encode(list)));
}

void list_unit_topics(const Request& request, registry::UnitTopics which) {
  const service::PublishedView& view = request.context.view();
  if (refused(request, view.remoting.enable_topic_list)) return;
  answer_walk(request, [which](const registry::RouteTable& table) {
    return encode_list(registry::unit_topics(table, which));
  });
}

}  // namespace waypost::handlers
