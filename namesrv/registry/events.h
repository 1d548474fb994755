#ifndef WAYPOST_NAMESRV_REGISTRY_EVENTS_H_
#define WAYPOST_NAMESRV_REGISTRY_EVENTS_H_

// The closed set of what can happen to the registry, and what comes of it. Both
// protocols fill the same events; where they differ is a field (DESIGN section
// 6).

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "wire/model/operations.h"

namespace waypost::registry {

enum class TopicsPolicy : std::uint8_t {
  kReplace,  // native full
  kMerge,    // native incremental, RocketMQ
  kIgnore,   // RocketMQ slave
};
enum class ApplyIf : std::uint8_t {
  kNewerEpoch,  // native: an older epoch is refused
  kDifferent,   // RocketMQ: topics apply when the data version differs
};

// Over which protocol a broker registers: decides its default expiry and
// whether silence makes it suspect.
enum class Origin : std::uint8_t { kNative, kRemoting };

struct Register {
  model::RegisterRequest request;  // names checked, topics sorted by name
  model::BindingId binding;
  Origin origin = Origin::kNative;
  TopicsPolicy topics = TopicsPolicy::kReplace;
  ApplyIf apply_if = ApplyIf::kNewerEpoch;
};
struct Heartbeat {
  model::HeartbeatRequest request;
  model::BindingId binding;
};
struct Verdict {
  model::VerdictRequest request;
  model::BindingId binding;
};
struct Unregister {
  model::UnregisterRequest request;
  model::BindingId binding;
};
struct Handover {
  model::HandoverRequest request;
  model::BindingId binding;
};
// The connection of a binding has ended.
struct BindingClosed {
  enum class Cause : std::uint8_t {
    kPeer,     // FIN or RST from the broker's side: its brokers go at once
    kSilence,  // ETIMEDOUT: not a close; expiry decides
    kOurs,     // drain, slow reader, pause: never removes a broker
  };
  model::BindingId binding;
  Cause cause = Cause::kPeer;
};
// Time passes: expiry, suspicion, lapsing verdicts. To be sent each scan
// interval; `suspend_removals` while recovering.
struct Scan {
  bool suspend_removals = false;
};
// The process did not run for `gap` (suspended, stopped): all stamps move
// forward by it, so that nobody is charged for our own sleep.
struct ClockGap {
  base::Duration gap{0};
};

using Event = std::variant<Register, Heartbeat, Verdict, Unregister, Handover,
                           BindingClosed, Scan, ClockGap>;

// Something worth a log line or a metric.
struct BrokerChange {
  enum class What : std::uint8_t {
    kRegistered,  // first registration, or of a new epoch
    kUnregistered,
    kConnectionClosed,
    kExpired,
    kSuspect,
    kNoLongerSuspect,
    kUnhealthy,
    kHealthy,
    kAddressChanged,
    kTopicsChanged,
    kBrakeEngaged,  // of the whole table; `broker` is empty
    kBrakeReleased,
  };
  What what;
  model::ClusterName cluster;
  model::BrokerKey broker;
  std::string detail;  // the reason, the address, the silence, ...
};
std::string_view broker_change_name(BrokerChange::What what);

// The answer to the event, where it has one. `incarnation` and `state` in the
// replies are the service's to fill.
using Reply =
    std::variant<std::monostate, model::RegisterReply, model::HeartbeatReply,
                 model::VerdictReply, model::UnregisterReply,
                 model::HandoverReply, base::Error>;

struct Effects {
  Reply reply;
  std::vector<BrokerChange> changes;
  bool table_changed = false;   // a new table is to be published
  bool roster_changed = false;  // the set of known brokers is another
};

}  // namespace waypost::registry

#endif  // WAYPOST_NAMESRV_REGISTRY_EVENTS_H_
