#ifndef WAYPOST_WIRE_CODEC_REMOTING_BODIES_H_
#define WAYPOST_WIRE_CODEC_REMOTING_BODIES_H_

// The JSON bodies of requests and responses other than registrations
// (register_body.h), as values that look like the Java classes of the same
// name, with both ways: the nameserver encodes most of them, its clients
// decode them. Members are written in the order in which Java writes them
// (sorted by name); where Java has a hash table, in the order given.
//
// Decoders are lenient (json_reader.h), skip unknown members, take an absent
// or null member for its Java default, and hold at most a multiple of the
// body's bytes: four times for what a nameserver gets to read, 24 times for the
// lists that its clients read. Their errors are kMalformed and kTooLarge.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "wire/codec/remoting/json_writer.h"
#include "wire/model/remoting.h"

namespace waypost::remoting {

// Broker id to address.
using BrokerAddresses = std::vector<std::pair<std::int64_t, std::string>>;
// A Java map of texts to lists of texts.
using NameLists = std::vector<std::pair<std::string, std::vector<std::string>>>;
using NameValues = std::vector<std::pair<std::string, std::string>>;

struct BrokerData {
  std::string cluster;
  std::string broker_name;
  BrokerAddresses addresses;
  // 5.x; written only where they say something, since 4.x has neither.
  std::string zone_name;
  bool enable_acting_master = false;

  friend bool operator==(const BrokerData&, const BrokerData&) = default;
};

// Numbers are Java's, negative ones too: see model::to_java_int.
struct QueueData {
  std::string broker_name;
  std::int32_t read_queues = 0;
  std::int32_t write_queues = 0;
  std::int32_t permission = 0;
  std::int32_t system_flag = 0;

  friend bool operator==(const QueueData&, const QueueData&) = default;
};

// The answer to GET_ROUTEINFO_BY_TOPIC, the body of REGISTER_TOPIC_IN_NAMESRV.
struct TopicRouteData {
  std::vector<BrokerData> brokers;
  std::vector<QueueData> queues;
  NameLists filter_servers;  // by broker address
  std::optional<std::string> order_topic_conf;
  // 5.x; shown by broker name, written only when there are any.
  std::vector<model::StaticTopicMapping> mappings;

  friend bool operator==(const TopicRouteData&,
                         const TopicRouteData&) = default;
};
std::string encode(const TopicRouteData& route, JsonDialect dialect);
base::Result<TopicRouteData> decode_route(std::string_view body);

// The answer to GET_BROKER_CLUSTER_INFO; always in fastjson's dialect.
struct ClusterInfo {
  std::vector<BrokerData> brokers;  // by broker name
  NameLists clusters;               // cluster name to broker names

  friend bool operator==(const ClusterInfo&, const ClusterInfo&) = default;
};
std::string encode(const ClusterInfo& info);
base::Result<ClusterInfo> decode_cluster_info(std::string_view body);

// The answer to the topic list requests.
struct TopicList {
  std::vector<std::string> topics;
  std::optional<std::string> broker_address;  // system topic list only

  friend bool operator==(const TopicList&, const TopicList&) = default;
};
std::string encode(const TopicList& list);
base::Result<TopicList> decode_topic_list(std::string_view body);

// KVTable: `{"table":{...}}`, of GET_KVLIST_BY_NAMESPACE and in the answer to
// registrations.
std::string encode_kv_table(const NameValues& table);
base::Result<NameValues> decode_kv_table(std::string_view body);

// The state version is written only where there is one: 4.x has none.
std::string encode(const model::DataVersion& version);
// None for `null`. An absent timestamp or counter is 0.
base::Result<std::optional<model::DataVersion>> decode_data_version(
    std::string_view body);

// The answer to GET_BROKER_MEMBER_GROUP.
struct BrokerMemberGroup {
  std::string cluster;
  std::string broker_name;
  BrokerAddresses addresses;

  friend bool operator==(const BrokerMemberGroup&,
                         const BrokerMemberGroup&) = default;
};
std::string encode(const BrokerMemberGroup& group);
base::Result<BrokerMemberGroup> decode_member_group(std::string_view body);

}  // namespace waypost::remoting

#endif  // WAYPOST_WIRE_CODEC_REMOTING_BODIES_H_
