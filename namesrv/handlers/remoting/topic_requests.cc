#include "namesrv/handlers/remoting/topic_requests.h"

#include <string>
#include <utility>
#include <variant>

#include "wire/codec/remoting/bodies.h"

namespace waypost::handlers {
namespace {

template <typename Event>
void ask_registry(const Request& request, Event event) {
  const LaterAnswer to(request);
  to.context().service.write(std::move(event), [to](registry::Reply reply) {
    const auto* error = std::get_if<base::Error>(&reply);
    to.answer(error != nullptr ? from_error(*error) : success());
  });
}

}  // namespace

void delete_topic(const Request& request) {
  const std::string* topic = request.field("topic");
  if (topic == nullptr) return answer(request, success());
  registry::DeleteTopic event{model::TopicName(*topic), std::nullopt};
  const std::string* cluster = request.field("clusterName");
  if (cluster != nullptr && !cluster->empty()) {
    event.cluster = model::ClusterName(*cluster);
  }
  request.context.shell().logger.info(
      "a topic is deleted from the routes",
      {{"topic", *topic},
       {"cluster", cluster != nullptr ? *cluster : std::string()},
       {"peer", request.session.peer().to_string()}});
  ask_registry(request, std::move(event));
}

void register_topic(const Request& request) {
  const std::string* topic = request.field("topic");
  if (topic == nullptr || topic->empty()) {
    return answer(request, thrown("REGISTER_TOPIC_IN_NAMESRV needs topic"));
  }
  if (request.body.empty()) {
    return answer(request, thrown("REGISTER_TOPIC_IN_NAMESRV needs a body"));
  }
  const auto route = remoting::decode_route(request.body);
  if (!route) return answer(request, thrown(route.error().to_string()));
  if (route->queues.empty()) return answer(request, success());
  registry::RegisterTopic event{model::TopicName(*topic), {}};
  for (const remoting::QueueData& queues : route->queues) {
    event.groups.emplace_back(
        model::BrokerName(queues.broker_name),
        model::QueueData{model::from_java_int(queues.read_queues),
                         model::from_java_int(queues.write_queues),
                         {model::from_java_int(queues.permission)},
                         model::from_java_int(queues.system_flag)});
  }
  ask_registry(request, std::move(event));
}

}  // namespace waypost::handlers
