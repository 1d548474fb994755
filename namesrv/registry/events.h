#ifndef WAYPOST_NAMESRV_REGISTRY_EVENTS_H_
#define WAYPOST_NAMESRV_REGISTRY_EVENTS_H_

// The closed set of what can happen to the registry, and what comes of it. Both
// protocols fill the same events; where they differ is a field.
//
// Binding numbers grow: of two connections the one that registered its first
// broker later has the larger one.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "namesrv/registry/peer_events.h"
#include "namesrv/registry/remoting_events.h"
#include "wire/model/operations.h"

namespace waypost::registry {

enum class TopicsPolicy : std::uint8_t {
  kReplace,  // native full
  kMerge,    // native incremental, RocketMQ
  // RocketMQ slave: ignored, but for the smallest id of a 5.x group (one that
  // says anything of acting masters) that has no master.
  kIgnore,
};
enum class ApplyIf : std::uint8_t {
  kNewerEpoch,  // native: an older epoch is refused
  kDifferent,   // RocketMQ: topics apply when the data version differs
};

// Over which protocol a broker registers: decides its default expiry and
// whether silence makes it suspect.
enum class Origin : std::uint8_t { kNative, kRemoting };

// What happens when the registered broker is alive at another address.
enum class OnAddressConflict : std::uint8_t {
  kLatest,  // the new one takes its place
  // The one with the larger state version stays (5.x); the new one at equal
  // versions, so brokers of 4.x, who have none, see no difference.
  kLargerStateVersion,
};

// Answered by RegisterReply, from remoting by RemotingRegisterReply, or an
// Error, after which nothing has changed:
//   kInvalidArgument  a name, an address or a number is wrong;
//   kConflict         native: the broker's name belongs to another cluster;
//   kStale            a newer epoch, or a newer connection of the same epoch,
//                     holds the registration;
//   kNotFound         incremental, but not registered by this epoch;
//   kTooLarge         a limit of the settings is reached.
struct Register {
  model::RegisterRequest request;
  model::BindingId binding;
  Origin origin = Origin::kNative;
  TopicsPolicy topics = TopicsPolicy::kReplace;
  ApplyIf apply_if = ApplyIf::kNewerEpoch;
  OnAddressConflict on_address_conflict = OnAddressConflict::kLatest;
  RemotingRegistration remoting;  // of origin kRemoting
  // From a peer: `binding` means nothing and the broker is indirect. Refused
  // with kStale when the broker itself is registered here, natively unless the
  // epoch is newer.
  bool adopted = false;

  // Some topics of a large registration, see parts.h.
  bool part = false;

  // Set by prepare() (prepare.h), to be called where the request was decoded,
  // off the registry thread. Without it step() does that work itself, which at
  // 10 000 topics takes milliseconds instead of one microsecond.
  bool prepared = false;
  model::Digest content;  // over the sorted topics, of a full registration
};
// Known, and a sign of life, only from the binding and epoch that are
// registered.
struct Heartbeat {
  model::HeartbeatRequest request;
  model::BindingId binding;
};
// An agent's own counts from its binding and epoch and is a sign of life; an
// observer's counts from anybody, neither creates nor refreshes a registration,
// and lapses.
struct Verdict {
  model::VerdictRequest request;
  model::BindingId binding;
};
// An observer's verdict on whoever is registered at an address; see
// model::ObserveRequest. Only the binding that found a broker unhealthy takes
// that back before it lapses.
struct Observe {
  model::ObserveRequest request;
  model::BindingId binding;
};
// Acts only from the binding and epoch that are registered.
struct Unregister {
  model::UnregisterRequest request;
  model::BindingId binding;
};
// From the binding and epoch that are registered: when this connection closes,
// the broker stays for the grace; holds until the next registration.
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
// Nothing has gone over a binding's connection for a broker's expiry. Its
// brokers that are due expire now instead of at the next scan, as at the Java
// server, unless the expiry brake may have something to say.
struct BindingIdle {
  model::BindingId binding;
};
// Time passes: expiry, suspicion, lapsing verdicts. To be sent each scan
// interval; `suspend_removals` while recovering. A scan costs what is due, so
// scans with `suspend_removals` may also be sent in between, each second say,
// for suspicion and lapses to be noticed sooner than expiry.
struct Scan {
  bool suspend_removals = false;
};
// The process did not run for `gap` (suspended, stopped): all stamps move
// forward by it, so that nobody is charged for our own sleep. To be the first
// event after the gap; at most the time since the event before is taken out
// (the monotonic clock may have stood still during the gap, and then the stamps
// are right as they are).
struct ClockGap {
  base::Duration gap{0};
};

// A gap is over, and who lives has had the time to be heard again. Who has not
// been heard since the gap is not told to peers as heard, until it is. Nor does
// it stay for its expiry where `peers_know`: one that served all the time has
// told whom it hears, and this broker is not among them.
struct SettleGap {
  bool peers_know = false;
};

// Takes up to `topics_max` topics of brokers that are gone out of the table,
// where Effects::sweep_wanted said that some are left. Nothing that anybody
// sees changes by it. Not answered.
struct Sweep {
  std::size_t topics_max = 0;
};

using Event =
    std::variant<Register, Heartbeat, Verdict, Observe, Unregister, Handover,
                 BindingClosed, BindingIdle, Scan, ClockGap, SettleGap,
                 RegisterUnchanged, BrokerHeartbeat, QueryDataVersion,
                 RemotingUnregister, ChangeWritePermission, OverridePermission,
                 DeleteTopic, RegisterTopic, Retune, Sweep, Vouch, Bury,
                 DropIndirect>;

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
    kReplaced,           // by a broker at its address with another id
    kPermissionChanged,  // of the group; `broker` has its name and no meaning
    kIndirect,           // only peers hear it
    kDirect,             // it has registered here (again)
    kGoneAtPeers,        // an indirect one that no peer hears any more
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
                 model::VerdictReply, model::ObserveReply,
                 model::UnregisterReply, model::HandoverReply,
                 RemotingRegisterReply, RegisterUnchangedReply,
                 BrokerHeartbeatReply, DataVersionReply, WritePermissionReply,
                 TopicReply, base::Error>;

struct Effects {
  Reply reply;
  std::vector<BrokerChange> changes;
  bool table_changed = false;   // a new table is to be published
  bool roster_changed = false;  // the set of known brokers is another
  bool sweep_wanted = false;    // Sweep has something to do
  // Connections whose last broker has expired: to be closed.
  std::vector<model::BindingId> expired_bindings;
  std::vector<MinBrokerIdChange> min_id_changes;
  std::vector<HoldingChange> holdings;
};

}  // namespace waypost::registry

#endif  // WAYPOST_NAMESRV_REGISTRY_EVENTS_H_
