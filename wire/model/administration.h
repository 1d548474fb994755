#ifndef WAYPOST_WIRE_MODEL_ADMINISTRATION_H_
#define WAYPOST_WIRE_MODEL_ADMINISTRATION_H_

// What operators ask a nameserver to change, and what they look up of it, as
// plain values. Each nameserver has its own configuration; who changes it tells
// all of them.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "wire/model/configuration.h"
#include "wire/model/ids.h"
#include "wire/model/topic.h"

namespace waypost::model {

// To every request below that changes something: the change is on the disk.
struct ChangeReply {
  bool changed = false;  // false: it was so before
};

// --- The key-value configuration; names and values are any bytes ---

struct KvEntry {
  std::string name_space;
  std::string key;
  std::string value;

  friend bool operator==(const KvEntry&, const KvEntry&) = default;
};
struct KvGetRequest {
  std::string name_space;
  std::string key;
};
struct KvGetReply {
  std::string value;
};
struct KvListRequest {
  std::optional<std::string> name_space;  // none: all
  std::string after;        // the page token of the page before; empty: first
  std::uint32_t limit = 0;  // 0: the server's default
};
struct KvPage {
  std::vector<KvEntry> entries;  // by namespace, then key
  std::string next;              // page token; empty: this was the last
};
struct KvPutRequest {
  KvEntry entry;
};
struct KvDeleteRequest {
  std::string name_space;
  std::string key;
};

// --- Permission overrides (configuration.h) ---

// Paged by a model::PageRequest whose prefix is of the broker name.
struct OverridePage {
  std::vector<PermissionOverride> overrides;  // by broker name
  std::string next;
};
// Times count by the nameserver's clock, from when it takes the override.
struct SetOverrideRequest {
  BrokerName broker_name;
  Permission permission;
  std::string owner;
  std::string reason;
  base::Duration lapses_after{0};  // 0: never
};
struct ClearOverrideRequest {
  BrokerName broker_name;
};

// --- The table ---

// Takes a topic out of the routes until a broker registers it again.
struct DeleteTopicRequest {
  TopicName topic;
  std::optional<ClusterName> cluster;  // none: of all
};
struct DeleteTopicReply {
  std::uint32_t group_count = 0;  // broker groups that it was taken from
};

// --- The nameserver's own settings ---

struct Setting {
  std::string key;
  std::string value;
  bool changeable = false;  // while it runs

  friend bool operator==(const Setting&, const Setting&) = default;
};
struct SettingList {
  std::vector<Setting> settings;  // by key
};
struct ChangeSettingRequest {
  std::string key;
  std::string value;
};

}  // namespace waypost::model

#endif  // WAYPOST_WIRE_MODEL_ADMINISTRATION_H_
