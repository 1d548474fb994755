#include "admin_cli/broker_command.h"

#include "admin_cli/answers_json.h"
#include "admin_cli/text_table.h"

namespace waypost::admin {
namespace {

using Align = TextTable::Align;

std::string table_of(const BrokerList& brokers) {
  TextTable table({{"CLUSTER"},
                   {"BROKER"},
                   {"ID", Align::kRight},
                   {"ADDRESS"},
                   {"ZONE"},
                   {"HEALTH"},
                   {"SILENT", Align::kRight},
                   {"EXPIRY", Align::kRight},
                   {"EPOCH", Align::kRight},
                   {"TOPICS", Align::kRight},
                   {"REASON"}});
  for (const model::BrokerListing& broker : brokers) {
    table.add_row({broker.cluster.value(), broker.broker.broker_name.value(),
                   std::to_string(broker.broker.broker_id.value()),
                   broker.address.to_string(), broker.zone,
                   std::string(model::broker_health_name(broker.health)) +
                       (broker.indirect ? ", indirect" : ""),
                   duration_text(broker.silent_for),
                   duration_text(broker.expiry),
                   std::to_string(broker.epoch.value()),
                   std::to_string(broker.topic_count), broker.health_reason});
  }
  return table.to_string();
}

void fill_json(Json& json, const BrokerList& brokers) {
  Json& list = json["brokers"] = Json::array();
  for (const model::BrokerListing& broker : brokers) {
    Json each;
    each["cluster"] = broker.cluster.value();
    each["broker_name"] = broker.broker.broker_name.value();
    each["broker_id"] = broker.broker.broker_id.value();
    each["address"] = broker.address.to_string();
    each["zone"] = broker.zone;
    each["health"] = model::broker_health_name(broker.health);
    each["health_reason"] = broker.health_reason;
    each["indirect"] = broker.indirect;
    each["epoch"] = std::to_string(broker.epoch.value());
    each["topics"] = broker.topic_count;
    each["silent_for_ms"] = base::to_ms(broker.silent_for);
    each["expiry_ms"] = base::to_ms(broker.expiry);
    list.push_back(std::move(each));
  }
}

}  // namespace

std::string broker_table(const Answers<BrokerList>& answers) {
  std::string text;
  for (const Answer<BrokerList>& answer : answers) {
    if (!answer.result) continue;
    if (!text.empty()) text += "\n";
    text += answer.nameserver.to_string() + ": " +
            counted(answer.result->size(), "broker") + "\n";
    if (!answer.result->empty()) text += table_of(*answer.result);
  }
  return text;
}

std::string broker_json(const Answers<BrokerList>& answers) {
  return answers_json(CommandKind::kBrokerList, answers, fill_json);
}

std::string role_text(model::BrokerId id) {
  return id == model::kMasterId ? "master"
                                : "replica " + std::to_string(id.value());
}

}  // namespace waypost::admin
