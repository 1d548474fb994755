#include <optional>

#include "wire/codec/remoting/bodies.h"
#include "wire/codec/remoting/body_reader.h"
#include "wire/codec/remoting/java_text.h"

namespace waypost::remoting {
namespace {

// Where a mapping does not say its scope.
constexpr std::string_view kGlobalScope = "__global__";

constexpr std::string_view kNotANumber = "a key is no number";

// Reads a whole body that is an object (`null` reads as an empty one), calling
// `member(reader, key, value)` for each of its members.
template <typename Value, typename Member>
base::Result<Value> decode_object(
    std::string_view what, std::string_view body, const Member& member,
    std::size_t expansion = CopyBudget::kListExpansion) {
  CopyBudget budget(body.size(), expansion);
  BodyReader reader(body, budget);
  Value value{};
  reader.members([&](std::string_view key) { member(reader, key, value); });
  if (auto end = reader.finish(what); !end) {
    return tl::unexpected(std::move(end.error()));
  }
  return value;
}

void read_addresses(BodyReader& reader, BrokerAddresses& addresses) {
  addresses.clear();
  reader.members([&](std::string_view key) {
    const auto id = java_long(key);
    auto* entry = reader.add(addresses);
    if (!id) reader.json.fail(kNotANumber);
    if (!id || entry == nullptr) return;
    entry->first = *id;
    if (!reader.copy(entry->second)) addresses.pop_back();
  });
}

void read_broker(BodyReader& reader, BrokerData& broker) {
  reader.members([&](std::string_view key) {
    if (key == "brokerAddrs") {
      read_addresses(reader, broker.addresses);
    } else if (key == "brokerName") {
      reader.copy(broker.broker_name);
    } else if (key == "cluster") {
      reader.copy(broker.cluster);
    } else if (key == "zoneName") {
      reader.copy(broker.zone_name);
    } else if (key == "enableActingMaster") {
      reader.json.read(broker.enable_acting_master);
    } else {
      reader.json.skip();
    }
  });
}

void read_queue(BodyReader& reader, QueueData& queue) {
  reader.members([&](std::string_view key) {
    if (key == "brokerName") {
      reader.copy(queue.broker_name);
    } else if (key == "readQueueNums") {
      reader.json.read(queue.read_queues);
    } else if (key == "writeQueueNums") {
      reader.json.read(queue.write_queues);
    } else if (key == "perm") {
      reader.json.read(queue.permission);
    } else if (key == "topicSysFlag") {
      reader.json.read(queue.system_flag);
    } else {
      reader.json.skip();
    }
  });
}

void read_lists(BodyReader& reader, NameLists& lists) {
  lists.clear();
  reader.members([&](std::string_view key) {
    auto* entry = reader.add(lists);
    if (entry == nullptr || !reader.copy(key, entry->first)) return;
    reader.texts(entry->second);
  });
}

void read_mappings(BodyReader& reader,
                   std::vector<model::StaticTopicMapping>& mappings) {
  mappings.clear();
  reader.members([&](std::string_view) {
    auto* mapping = reader.add(mappings);
    if (mapping != nullptr && !read_mapping(reader, *mapping)) {
      mappings.pop_back();
    }
  });
}

void read_route_member(BodyReader& reader, std::string_view key,
                       TopicRouteData& route) {
  if (key == "brokerDatas") {
    reader.elements([&] {
      auto* broker = reader.add(route.brokers);
      if (broker != nullptr) read_broker(reader, *broker);
    });
  } else if (key == "queueDatas") {
    reader.elements([&] {
      auto* queue = reader.add(route.queues);
      if (queue != nullptr) read_queue(reader, *queue);
    });
  } else if (key == "filterServerTable") {
    read_lists(reader, route.filter_servers);
  } else if (key == "orderTopicConf") {
    std::string conf;
    if (reader.copy(conf)) route.order_topic_conf = std::move(conf);
  } else if (key == "topicQueueMappingByBroker") {
    read_mappings(reader, route.mappings);
  } else {
    reader.json.skip();
  }
}

}  // namespace

void read_data_version(BodyReader& reader, model::DataVersion& version) {
  reader.members([&](std::string_view key) {
    if (key == "stateVersion") {
      reader.json.read(version.state_version);
    } else if (key == "timestamp") {
      reader.json.read(version.timestamp);
    } else if (key == "counter") {
      reader.json.read(version.counter);
    } else {
      reader.json.skip();
    }
  });
}

bool read_mapping(BodyReader& reader, model::StaticTopicMapping& mapping) {
  if (reader.json.peek() == JsonReader::Kind::kNull) {
    reader.json.skip();
    return false;
  }
  mapping.scope = kGlobalScope;
  std::string text;
  reader.members([&](std::string_view key) {
    if (key == "topic") {
      if (reader.copy(text)) mapping.topic = model::TopicName(text);
    } else if (key == "bname") {
      if (reader.copy(text)) mapping.broker_name = model::BrokerName(text);
    } else if (key == "scope") {
      reader.copy(mapping.scope);
    } else if (key == "totalQueues") {
      reader.json.read(mapping.total_queues);
    } else if (key == "epoch") {
      reader.json.read(mapping.epoch);
    } else if (key == "dirty") {
      reader.json.read(mapping.dirty);
    } else if (key == "currIdMap") {
      reader.members([&](std::string_view logical) {
        const auto id = java_int(logical);
        auto* entry = reader.add(mapping.queue_ids);
        if (!id) reader.json.fail(kNotANumber);
        if (!id || entry == nullptr) return;
        entry->first = *id;
        reader.json.read(entry->second);
      });
    } else {
      reader.json.skip();
    }
  });
  return !reader.json.failed();
}

base::Result<TopicRouteData> decode_route(std::string_view body) {
  return decode_object<TopicRouteData>("topic route", body, read_route_member,
                                       CopyBudget::kExpansion);
}

base::Result<ClusterInfo> decode_cluster_info(std::string_view body) {
  return decode_object<ClusterInfo>(
      "cluster info", body,
      [](BodyReader& reader, std::string_view key, ClusterInfo& info) {
        if (key == "brokerAddrTable") {
          reader.members([&](std::string_view name) {
            auto* broker = reader.add(info.brokers);
            if (broker == nullptr || !reader.copy(name, broker->broker_name)) {
              return;
            }
            read_broker(reader, *broker);
          });
        } else if (key == "clusterAddrTable") {
          read_lists(reader, info.clusters);
        } else {
          reader.json.skip();
        }
      });
}

base::Result<TopicList> decode_topic_list(std::string_view body) {
  return decode_object<TopicList>(
      "topic list", body,
      [](BodyReader& reader, std::string_view key, TopicList& list) {
        if (key == "topicList") {
          reader.texts(list.topics);
        } else if (key == "brokerAddr") {
          std::string address;
          if (reader.copy(address)) list.broker_address = std::move(address);
        } else {
          reader.json.skip();
        }
      });
}

base::Result<NameValues> decode_kv_table(std::string_view body) {
  return decode_object<NameValues>(
      "KV table", body,
      [](BodyReader& reader, std::string_view key, NameValues& table) {
        if (key != "table") return reader.json.skip();
        reader.members([&](std::string_view name) {
          auto* entry = reader.add(table);
          if (entry == nullptr || !reader.copy(name, entry->first)) return;
          if (!reader.copy(entry->second)) table.pop_back();
        });
      });
}

base::Result<std::optional<model::DataVersion>> decode_data_version(
    std::string_view body) {
  constexpr std::string_view kWhat = "data version";
  CopyBudget budget(body.size());
  BodyReader reader(body, budget);
  std::optional<model::DataVersion> version;
  if (reader.json.peek() == JsonReader::Kind::kNull) {
    reader.json.skip();
  } else {
    read_data_version(reader, version.emplace());
  }
  if (auto end = reader.finish(kWhat); !end) {
    return tl::unexpected(std::move(end.error()));
  }
  return version;
}

base::Result<BrokerMemberGroup> decode_member_group(std::string_view body) {
  return decode_object<BrokerMemberGroup>(
      "broker member group", body,
      [](BodyReader& reader, std::string_view outer, BrokerMemberGroup& group) {
        if (outer != "brokerMemberGroup") return reader.json.skip();
        reader.members([&](std::string_view key) {
          if (key == "brokerAddrs") {
            read_addresses(reader, group.addresses);
          } else if (key == "brokerName") {
            reader.copy(group.broker_name);
          } else if (key == "cluster") {
            reader.copy(group.cluster);
          } else {
            reader.json.skip();
          }
        });
      });
}

}  // namespace waypost::remoting
