#ifndef WAYPOST_WIRE_MODEL_TOPIC_H_
#define WAYPOST_WIRE_MODEL_TOPIC_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "wire/model/ids.h"

namespace waypost::model {

// What clients may do with a topic's queues; the bit values are RocketMQ's.
struct Permission {
  static constexpr std::uint32_t kRead = 4;
  static constexpr std::uint32_t kWrite = 2;
  static constexpr std::uint32_t kInherit = 1;

  std::uint32_t bits = kRead | kWrite;

  bool readable() const { return (bits & kRead) != 0; }
  bool writable() const { return (bits & kWrite) != 0; }
  Permission without_write() const { return {bits & ~kWrite}; }

  // "rw", "r", "w", "-", with "i" added where topics may inherit from it.
  std::string to_string() const;

  friend bool operator==(const Permission&, const Permission&) = default;
};

// Reads what to_string writes.
base::Result<Permission> parse_permission(std::string_view text);

// The queues of one topic on one broker group.
struct QueueData {
  std::uint32_t read_queues = 0;
  std::uint32_t write_queues = 0;
  Permission permission;
  std::uint32_t system_flag = 0;  // RocketMQ's topicSysFlag, carried

  friend bool operator==(const QueueData&, const QueueData&) = default;
};

struct TopicConfig {
  TopicName name;
  QueueData queues;

  friend bool operator==(const TopicConfig&, const TopicConfig&) = default;
};

// Bounds for what a registration may name. A name is 1 to 255 bytes of
// printable ASCII without blanks and without '/'.
inline constexpr std::size_t kNameMaxBytes = 255;
inline constexpr std::uint32_t kQueuesMax = 65536;

// Checks one name of a broker, cluster, zone or topic; `what` starts the error
// ("topic name").
base::Status check_name(std::string_view what, std::string_view name);

base::Status check_topic(const TopicConfig& topic);

}  // namespace waypost::model

#endif  // WAYPOST_WIRE_MODEL_TOPIC_H_
