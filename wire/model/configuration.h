#ifndef WAYPOST_WIRE_MODEL_CONFIGURATION_H_
#define WAYPOST_WIRE_MODEL_CONFIGURATION_H_

// What operators configure at a nameserver and what it keeps over restarts.

#include <cstddef>
#include <optional>
#include <string>

#include "base/clock.h"
#include "wire/model/ids.h"
#include "wire/model/topic.h"

namespace waypost::model {

// RocketMQ keeps the order configuration of topics in this namespace.
inline constexpr char kOrderTopicConfigNamespace[] = "ORDER_TOPIC_CONFIG";

// One entry of the key-value configuration, as it is to be. Any bytes.
struct KvChange {
  std::string name_space;
  std::string key;
  // None takes the entry away. (A RocketMQ put without a value does that, too,
  // and still makes the namespace: `makes_namespace`.)
  std::optional<std::string> value;
  bool makes_namespace = false;
};

// An operator's hold on the permission of all topics of a broker group: its
// read and write bits count instead of the registered ones.
struct PermissionOverride {
  BrokerName broker_name;
  Permission permission;
  std::string owner;   // who set it
  std::string reason;  // for people
  base::WallTime set_at;
  std::optional<base::WallTime> lapses_at;

  friend bool operator==(const PermissionOverride&,
                         const PermissionOverride&) = default;
};

}  // namespace waypost::model

#endif  // WAYPOST_WIRE_MODEL_CONFIGURATION_H_
