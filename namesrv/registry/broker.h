#ifndef WAYPOST_NAMESRV_REGISTRY_BROKER_H_
#define WAYPOST_NAMESRV_REGISTRY_BROKER_H_

// What the registry holds about brokers. Records refer to each other by
// address: the directory (broker_directory.h) owns them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/endpoint.h"
#include "namesrv/registry/events.h"
#include "namesrv/registry/liveness.h"
#include "namesrv/registry/route_table.h"
#include "namesrv/registry/topic_list.h"
#include "wire/model/operations.h"

namespace waypost::registry {

// What somebody's probes say of a broker.
struct HealthVerdict {
  bool healthy = true;
  model::VerdictAction action = model::VerdictAction::kRemoveFromRoutes;
  std::string reason;

  friend bool operator==(const HealthVerdict&, const HealthVerdict&) = default;
};

struct Group;

// A registered broker: one replica of its group.
struct Broker {
  model::BrokerKey key;
  Group* group = nullptr;
  base::Endpoint address;
  std::string zone;
  Origin origin = Origin::kNative;

  model::Epoch epoch;          // of the process that is registered
  model::Epoch largest_epoch;  // ever seen, for those that come after it
  model::BindingId binding;
  bool bound = false;  // its connection is open, as far as we know
  // Announced: a close of its connection counts as silence for so long.
  std::optional<base::Duration> handover_grace;
  Liveness::Id liveness = 0;

  HealthVerdict own;       // by its agent
  HealthVerdict observed;  // by an observer beside it
  // When `observed` lapses, and whose it is; set exactly while there is one.
  std::optional<base::Instant> observed_until;
  model::BindingId observed_by;

  TopicList topics;
  // Two digests that are never mixed. `content` is over what the last full
  // registration brought, computed on this side: an equal one changes nothing.
  // None when something else has changed the topics since. `stated` is what
  // the broker itself says it has: its heartbeats must repeat it.
  model::Digest content;
  model::Digest stated;

  bool unhealthy() const { return !own.healthy || !observed.healthy; }
  model::VerdictAction action() const;  // meaningful while unhealthy
  std::string_view unhealthy_reason() const;
};

// The replicas of one broker name.
struct Group {
  model::ClusterName cluster;
  model::BrokerName name;
  std::vector<Broker*> replicas;  // by id, never empty but while being changed
  GroupSlot slot = 0;
  // Whose topics the routes show: the replica with the lowest id that has any.
  // Null when none has.
  Broker* source = nullptr;
  bool dirty = false;  // its replicas are to be shown anew
};

// What routes show of the group, its version left open. `is_suspect` tells of
// each replica.
BrokerGroup show_group(const Group& group, const Liveness& liveness);

}  // namespace waypost::registry

#endif  // WAYPOST_NAMESRV_REGISTRY_BROKER_H_
