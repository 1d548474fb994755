#ifndef WAYPOST_NAMESRV_REGISTRY_BROKER_H_
#define WAYPOST_NAMESRV_REGISTRY_BROKER_H_

// What the registry holds about brokers. Records refer to each other by
// address: the directory (broker_directory.h) owns them.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
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

// What only a broker that registered over remoting has.
struct RemotingState {
  std::string address;  // as it wrote it
  std::string ha_address;
  model::DataVersion version;
  model::FilterServers filter_servers;
  // None: it is of 4.x and knows nothing of acting masters.
  std::optional<bool> acting_master;
  // Over its last registration as it came; none: the next one is to be parsed.
  model::Digest body;
};

struct Group;

// A registered broker: one replica of its group.
struct Broker {
  model::BrokerKey key;
  Group* group = nullptr;
  base::Endpoint address;
  std::string zone;
  Origin origin = Origin::kNative;
  std::unique_ptr<RemotingState> remoting;  // set exactly for Origin::kRemoting
  // Where it registered; another than the group's only over remoting.
  model::ClusterName cluster;

  model::Epoch epoch;          // of the process that is registered
  model::Epoch largest_epoch;  // ever seen, for those that come after it
  model::BindingId binding;
  bool bound = false;      // its connection is open, as far as we know
  bool indirect = false;   // only peers hear it (peer_events.h)
  bool vouched = false;    // a reachable peer hears it
  bool unheard = false;    // since the last gap in our own time
  bool withdrawn = false;  // for that: peers are not told that we hear it
  // How it was lost here when it became indirect.
  struct Loss {
    BrokerChange::What why;
    std::string detail;
    base::Instant at;
  };
  std::optional<Loss> loss;
  // Announced: a close of its connection counts as silence for so long.
  std::optional<base::Duration> handover_grace;
  Liveness::Id liveness = 0;

  HealthVerdict own;       // by its agent
  HealthVerdict observed;  // by an observer beside it
  // When `observed` lapses, and whose it is; set exactly while there is one.
  std::optional<base::Instant> observed_until;
  model::BindingId observed_by;

  // What it registered natively. Over remoting topics are the group's.
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
  // As the broker wrote it, where it did.
  std::string address_text() const;
};

// The replicas of one broker name.
struct Group {
  model::ClusterName cluster;
  model::BrokerName name;
  std::vector<Broker*> replicas;  // by id, never empty but while being changed
  GroupSlot slot = 0;
  // What was registered over remoting: the group's as long as one of its
  // replicas is of that origin, so that a slave stays readable without master.
  TopicList topics;
  std::map<model::TopicName, model::StaticTopicMapping> mappings;
  std::shared_ptr<const std::vector<model::StaticTopicMapping>> shown_mappings;
  // What the routes show: the topics of the replica with the lowest id that has
  // any, its own or the group's. Null when none has.
  TopicList* source = nullptr;
  // Of topics in `source`: instead of the registered permission, until a
  // registration brings the topic anew.
  std::unordered_map<const InternedName*, model::Permission>
      volatile_permissions;
  std::optional<model::Permission> permission;  // an operator's override
  bool dirty = false;  // its replicas are to be shown anew

  bool has_master() const;
  // Of 5.x, and its smallest replica is to act as master while there is none.
  bool enables_acting_master() const;
  bool is_in(const model::ClusterName& wanted) const;
};

// What routes show of the group, its version left open. `is_suspect` tells of
// each replica.
BrokerGroup show_group(const Group& group, const Liveness& liveness);

}  // namespace waypost::registry

#endif  // WAYPOST_NAMESRV_REGISTRY_BROKER_H_
