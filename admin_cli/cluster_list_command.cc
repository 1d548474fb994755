#include "admin_cli/cluster_list_command.h"

#include <cstddef>
#include <map>
#include <set>

#include "admin_cli/answers_json.h"
#include "admin_cli/text_table.h"

namespace waypost::admin {
namespace {

struct Cluster {
  std::set<std::string> groups;
  std::size_t brokers = 0;
  std::size_t masters = 0;
  std::size_t suspects = 0;
  std::size_t unhealthy = 0;
};
using Clusters = std::map<std::string, Cluster>;

Clusters clusters_of(const BrokerList& brokers) {
  Clusters clusters;
  for (const model::BrokerListing& broker : brokers) {
    Cluster& cluster = clusters[broker.cluster.value()];
    cluster.groups.insert(broker.broker.broker_name.value());
    ++cluster.brokers;
    if (broker.broker.broker_id == model::kMasterId) ++cluster.masters;
    if (broker.health == model::BrokerHealth::kSuspect) ++cluster.suspects;
    if (broker.health == model::BrokerHealth::kUnhealthy) ++cluster.unhealthy;
  }
  return clusters;
}

std::string joined(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

std::string table_of(const Clusters& clusters) {
  using Align = TextTable::Align;
  TextTable table({{"CLUSTER"},
                   {"GROUPS", Align::kRight},
                   {"BROKERS", Align::kRight},
                   {"MASTERS", Align::kRight},
                   {"SUSPECT", Align::kRight},
                   {"UNHEALTHY", Align::kRight},
                   {"BROKER NAMES"}});
  for (const auto& [name, cluster] : clusters) {
    table.add_row({name, std::to_string(cluster.groups.size()),
                   std::to_string(cluster.brokers),
                   std::to_string(cluster.masters),
                   std::to_string(cluster.suspects),
                   std::to_string(cluster.unhealthy), joined(cluster.groups)});
  }
  return table.to_string();
}

}  // namespace

std::string cluster_list_table(const Answers<BrokerList>& answers) {
  std::string text;
  for (const Answer<BrokerList>& answer : answers) {
    if (!answer.result) continue;
    const Clusters clusters = clusters_of(*answer.result);
    if (!text.empty()) text += "\n";
    text += answer.nameserver.to_string() + ": " +
            counted(clusters.size(), "cluster") + "\n";
    if (!clusters.empty()) text += table_of(clusters);
  }
  return text;
}

std::string cluster_list_json(const Answers<BrokerList>& answers) {
  return answers_json(
      CommandKind::kClusterList, answers,
      [](Json& json, const BrokerList& brokers) {
        Json& list = json["clusters"] = Json::array();
        for (const auto& [name, cluster] : clusters_of(brokers)) {
          Json each;
          each["cluster"] = name;
          each["broker_names"] = cluster.groups;
          each["brokers"] = cluster.brokers;
          each["masters"] = cluster.masters;
          each["suspect_brokers"] = cluster.suspects;
          each["unhealthy_brokers"] = cluster.unhealthy;
          list.push_back(std::move(each));
        }
      });
}

}  // namespace waypost::admin
