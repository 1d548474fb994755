#ifndef WAYPOST_WIRE_MODEL_REMOTING_H_
#define WAYPOST_WIRE_MODEL_REMOTING_H_

// What brokers that speak RocketMQ's remoting protocol tell beyond the native
// words. A nameserver carries these values and compares them; their meaning is
// the brokers' own.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "wire/model/ids.h"

namespace waypost::model {

// The version of a broker's topic table, drawn by the broker. Compared for
// equality only: a lower one is applied too, as the Java server does.
struct DataVersion {
  std::int64_t state_version = 0;  // 5.x; brokers of 4.x leave it out
  std::int64_t timestamp = 0;      // ms since 1970, by the broker's clock
  std::int64_t counter = 0;

  friend bool operator==(const DataVersion&, const DataVersion&) = default;
};

// One topic's logical queues on one broker (5.x, "TopicQueueMappingInfo").
// Carried from the registration to the routes of the topic, and removed with
// the broker.
struct StaticTopicMapping {
  TopicName topic;
  // The broker group that hosts the queues: the key under which a route shows
  // the mapping. A broker states it itself.
  BrokerName broker_name;
  std::string scope;
  std::int32_t total_queues = 0;
  std::int64_t epoch = 0;
  bool dirty = false;
  // Logical queue id to the physical one, in the order received.
  std::vector<std::pair<std::int32_t, std::int32_t>> queue_ids;

  friend bool operator==(const StaticTopicMapping&,
                         const StaticTopicMapping&) = default;
};

// Addresses of the filter servers beside a broker, in the order received.
using FilterServers = std::vector<std::string>;

// RocketMQ's queue numbers, permission and system flag are signed 32-bit
// numbers that the Java server carries unchecked, negative ones too. In
// QueueData they keep their 32 bits; these are the two directions.
constexpr std::uint32_t from_java_int(std::int32_t value) {
  return static_cast<std::uint32_t>(value);
}
constexpr std::int32_t to_java_int(std::uint32_t value) {
  return static_cast<std::int32_t>(value);
}

}  // namespace waypost::model

#endif  // WAYPOST_WIRE_MODEL_REMOTING_H_
