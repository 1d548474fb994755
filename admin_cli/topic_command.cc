#include "admin_cli/topic_command.h"

#include "admin_cli/answers_json.h"
#include "admin_cli/broker_command.h"
#include "admin_cli/same_answers.h"
#include "admin_cli/text_table.h"

namespace waypost::admin {
namespace {

using Align = TextTable::Align;
using model::VersionedRoute;

std::string table_of(const TopicList& topics) {
  TextTable table({{"TOPIC"},
                   {"GROUPS", Align::kRight},
                   {"READ QUEUES", Align::kRight},
                   {"WRITE QUEUES", Align::kRight}});
  for (const model::TopicListing& topic : topics) {
    table.add_row({topic.topic.value(), std::to_string(topic.group_count),
                   std::to_string(topic.read_queues),
                   std::to_string(topic.write_queues)});
  }
  return table.to_string();
}

void fill_topics(Json& json, const TopicList& topics) {
  Json& list = json["topics"] = Json::array();
  for (const model::TopicListing& topic : topics) {
    Json each;
    each["topic"] = topic.topic.value();
    each["groups"] = topic.group_count;
    each["read_queues"] = topic.read_queues;
    each["write_queues"] = topic.write_queues;
    list.push_back(std::move(each));
  }
}

// A row for each broker; what belongs to its group stands on the first only.
std::string table_of(const model::Route& route) {
  TextTable table({{"CLUSTER"},
                   {"BROKER"},
                   {"ROLE"},
                   {"ADDRESS"},
                   {"ZONE"},
                   {"HEALTH"},
                   {"PERMISSION"},
                   {"READ QUEUES", Align::kRight},
                   {"WRITE QUEUES", Align::kRight}});
  for (const model::RouteGroup& group : route.groups) {
    for (const model::Replica& replica : group.replicas) {
      table.add_row({group.cluster.value(), group.broker_name.value(),
                     role_text(replica.id), replica.address.to_string(),
                     replica.zone,
                     std::string(model::broker_health_name(replica.health)),
                     group.queues.permission.to_string(),
                     std::to_string(group.queues.read_queues),
                     std::to_string(group.queues.write_queues)});
    }
  }
  return table.to_string();
}

void fill_route(Json& json, const VersionedRoute& route) {
  Json& of = json["route"];
  of["topic"] = route.route.topic.value();
  of["digest"] = route.digest.to_string();
  Json& groups = of["groups"] = Json::array();
  for (const model::RouteGroup& group : route.route.groups) {
    Json each;
    each["cluster"] = group.cluster.value();
    each["broker_name"] = group.broker_name.value();
    each["permission"] = group.queues.permission.to_string();
    each["read_queues"] = group.queues.read_queues;
    each["write_queues"] = group.queues.write_queues;
    Json& brokers = each["brokers"] = Json::array();
    for (const model::Replica& replica : group.replicas) {
      brokers.push_back(
          {{"broker_id", replica.id.value()},
           {"address", replica.address.to_string()},
           {"zone", replica.zone},
           {"health", model::broker_health_name(replica.health)}});
    }
    groups.push_back(std::move(each));
  }
}

}  // namespace

std::string topic_table(const Answers<TopicList>& answers) {
  std::string text;
  for (const Answer<TopicList>& answer : answers) {
    if (!answer.result) continue;
    if (!text.empty()) text += "\n";
    text += answer.nameserver.to_string() + ": " +
            counted(answer.result->size(), "topic") + "\n";
    if (!answer.result->empty()) text += table_of(*answer.result);
  }
  return text;
}

std::string topic_json(const Answers<TopicList>& answers) {
  return answers_json(CommandKind::kTopicList, answers, fill_topics);
}

std::string route_table(const Answers<VersionedRoute>& answers) {
  const auto groups = group_answers(
      answers, [](const VersionedRoute& a, const VersionedRoute& b) {
        return a.digest == b.digest;
      });
  std::string text;
  for (const auto& group : groups) {
    if (!text.empty()) text += "\n";
    text += printable(group.value->route.topic.value()) + " at " +
            group.nameservers + ", version " + group.value->digest.to_string() +
            "\n";
    text += table_of(group.value->route);
  }
  if (groups.size() > 1) text += "\n! the nameservers tell different routes\n";
  return text;
}

std::string route_json(const Answers<VersionedRoute>& answers) {
  return answers_json(CommandKind::kTopicRoute, answers, fill_route);
}

}  // namespace waypost::admin
