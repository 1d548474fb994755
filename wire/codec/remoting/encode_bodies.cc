#include "wire/codec/remoting/bodies.h"
#include "wire/codec/remoting/body_writer.h"

namespace waypost::remoting {
namespace {

// An object whose members `write_members` writes.
template <typename WriteMembers>
std::string encode_object(JsonDialect dialect, const WriteMembers& members) {
  std::string body;
  JsonWriter json(body, dialect);
  json.begin_object();
  members(json);
  json.end_object();
  return body;
}

template <typename Values>
void write_list(JsonWriter& json, std::string_view key, const Values& values) {
  json.key(key).begin_array();
  for (const auto& value : values) write(json, value);
  json.end_array();
}

void write_lists(JsonWriter& json, std::string_view key,
                 const NameLists& lists) {
  json.key(key).begin_object();
  for (const auto& [name, texts] : lists) {
    json.key(name);
    write(json, texts);
  }
  json.end_object();
}

}  // namespace

void write(JsonWriter& json, const std::vector<std::string>& texts) {
  json.begin_array();
  for (const std::string& text : texts) json.text(text);
  json.end_array();
}

void write(JsonWriter& json, const BrokerAddresses& addresses) {
  json.begin_object();
  for (const auto& [id, address] : addresses) {
    json.number_key(id).text(address);
  }
  json.end_object();
}

void write(JsonWriter& json, const BrokerData& broker) {
  json.begin_object().key("brokerAddrs");
  write(json, broker.addresses);
  json.member("brokerName", broker.broker_name)
      .member("cluster", broker.cluster);
  if (broker.enable_acting_master) {
    json.key("enableActingMaster").boolean(true);
  }
  if (!broker.zone_name.empty()) json.member("zoneName", broker.zone_name);
  json.end_object();
}

void write(JsonWriter& json, const QueueData& queue) {
  json.begin_object()
      .member("brokerName", queue.broker_name)
      .member("perm", queue.permission)
      .member("readQueueNums", queue.read_queues)
      .member("topicSysFlag", queue.system_flag)
      .member("writeQueueNums", queue.write_queues)
      .end_object();
}

void write(JsonWriter& json, const model::DataVersion& version) {
  json.begin_object().member("counter", version.counter);
  if (version.state_version != 0) {
    json.member("stateVersion", version.state_version);
  }
  json.member("timestamp", version.timestamp).end_object();
}

void write(JsonWriter& json, const model::StaticTopicMapping& mapping) {
  json.begin_object()
      .member("bname", mapping.broker_name.value())
      .key("currIdMap")
      .begin_object();
  for (const auto& [logical, physical] : mapping.queue_ids) {
    json.number_key(logical).number(physical);
  }
  json.end_object()
      .key("dirty")
      .boolean(mapping.dirty)
      .member("epoch", mapping.epoch)
      .member("scope", mapping.scope)
      .member("topic", mapping.topic.value())
      .member("totalQueues", mapping.total_queues)
      .end_object();
}

std::string encode(const TopicRouteData& route, JsonDialect dialect) {
  return encode_object(dialect, [&](JsonWriter& json) {
    write_list(json, "brokerDatas", route.brokers);
    write_lists(json, "filterServerTable", route.filter_servers);
    if (route.order_topic_conf) {
      json.member("orderTopicConf", *route.order_topic_conf);
    }
    write_list(json, "queueDatas", route.queues);
    if (route.mappings.empty()) return;
    json.key("topicQueueMappingByBroker").begin_object();
    for (const model::StaticTopicMapping& mapping : route.mappings) {
      json.key(mapping.broker_name.value());
      write(json, mapping);
    }
    json.end_object();
  });
}

std::string encode(const ClusterInfo& info) {
  return encode_object(JsonDialect::kFastjson, [&](JsonWriter& json) {
    json.key("brokerAddrTable").begin_object();
    for (const BrokerData& broker : info.brokers) {
      json.key(broker.broker_name);
      write(json, broker);
    }
    json.end_object();
    write_lists(json, "clusterAddrTable", info.clusters);
  });
}

std::string encode(const TopicList& list) {
  return encode_object(JsonDialect::kFastjson, [&](JsonWriter& json) {
    if (list.broker_address) json.member("brokerAddr", *list.broker_address);
    json.key("topicList");
    write(json, list.topics);
  });
}

std::string encode_kv_table(const NameValues& table) {
  return encode_object(JsonDialect::kFastjson, [&](JsonWriter& json) {
    json.key("table").begin_object();
    for (const auto& [name, value] : table) json.member(name, value);
    json.end_object();
  });
}

std::string encode(const model::DataVersion& version) {
  std::string body;
  JsonWriter json(body);
  write(json, version);
  return body;
}

std::string encode(const BrokerMemberGroup& group) {
  return encode_object(JsonDialect::kFastjson, [&](JsonWriter& json) {
    json.key("brokerMemberGroup").begin_object().key("brokerAddrs");
    write(json, group.addresses);
    json.member("brokerName", group.broker_name)
        .member("cluster", group.cluster)
        .end_object();
  });
}

}  // namespace waypost::remoting
