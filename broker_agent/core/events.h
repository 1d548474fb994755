#ifndef WAYPOST_BROKER_AGENT_CORE_EVENTS_H_
#define WAYPOST_BROKER_AGENT_CORE_EVENTS_H_

// The closed set of what can happen to an agent's registration or observation,
// and what it wants done about it.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/named_type.h"
#include "broker_agent/core/health_judge.h"
#include "broker_agent/core/topic_list.h"
#include "wire/model/operations.h"

namespace waypost::agent {

// A nameserver; at first the position in the configured list.
using NameserverIndex = base::NamedType<std::size_t, struct NameserverIndexTag>;

// Numbers the connections to one nameserver; what is told about an older one
// is ignored.
using ConnectionNumber =
    base::NamedType<std::uint64_t, struct ConnectionNumberTag>;

// Where something happened.
struct Link {
  NameserverIndex nameserver;
  ConnectionNumber connection;

  friend bool operator==(const Link&, const Link&) = default;
};

// How an agent leaves.
enum class Leave : std::uint8_t {
  kUnregister,  // the broker goes with it
  kKeep,        // the broker stays; another agent is about to take over
};

// --- Events ---

// Connected, and the nameserver answered hello.
struct Connected {
  Link link;
  model::HelloReply hello;
};
// The connection could not be made, or has ended.
struct Disconnected {
  Link link;
  base::Error error;
};
// The answer to a call, or why there is none; kTimedOut says that the peer let
// the deadline pass.
struct RegisterDone {
  Link link;
  base::Result<model::RegisterReply> reply;
};
struct HeartbeatDone {
  Link link;
  base::Result<model::HeartbeatReply> reply;
};
struct VerdictDone {
  Link link;
  base::Result<model::VerdictReply> reply;
};
struct ObserveDone {
  Link link;
  base::Result<model::ObserveReply> reply;
};
struct UnregisterDone {
  Link link;
  base::Result<model::UnregisterReply> reply;
};
struct HandoverDone {
  Link link;
  base::Result<model::HandoverReply> reply;
};
struct TopicsChanged {
  TopicListPtr topics;
};
struct HealthChanged {
  Health health;
};
// Which nameservers are to be told from now on, by index; there may be more
// than before. One that is not listed any more is left without a goodbye, which
// would take the broker away from its peers, too; its index may be listed again
// later and is another nameserver then.
struct NameserversListed {
  std::vector<bool> listed;
};
// Time has passed: to be sent at the core's next_wakeup, and once at the start.
struct Tick {};
struct Stop {
  Leave leave = Leave::kUnregister;
};

using Event =
    std::variant<Connected, Disconnected, RegisterDone, HeartbeatDone,
                 VerdictDone, ObserveDone, UnregisterDone, HandoverDone,
                 TopicsChanged, HealthChanged, NameserversListed, Tick, Stop>;

// --- Effects, to be performed in their order ---

struct Connect {
  Link link;
};
// Use the connection no more.
struct Disconnect {
  Link link;
  std::string why;
  // The nameserver hangs but holds a registration of this connection. A FIN
  // would wait there and, when it wakes, look like the broker's departure; so
  // the socket stays open, unused, until DropReplaced or the end.
  bool keep_open_until_replaced = false;
};
// Another connection holds the registration now: the one that was kept open
// may be closed.
struct DropReplaced {
  NameserverIndex nameserver;
};
struct SendRegister {
  Link link;
  model::RegisterRequest request;
  base::Duration deadline;
};
struct SendHeartbeat {
  Link link;
  model::HeartbeatRequest request;
  base::Duration deadline;
};
struct SendVerdict {
  Link link;
  model::VerdictRequest request;
  base::Duration deadline;
};
struct SendObserve {
  Link link;
  model::ObserveRequest request;
  base::Duration deadline;
};
struct SendUnregister {
  Link link;
  model::UnregisterRequest request;
  base::Duration deadline;
};
struct SendHandover {
  Link link;
  model::HandoverRequest request;
  base::Duration deadline;
};

// Something worth a log line or a call of the embedder's hook.
struct Note {
  enum class What : std::uint8_t {
    kEpochChosen,          // first, or raised
    kCannotReach,          // once for each stretch of failures
    kRegistered,           // first on a connection, or new content
    kRefreshed,            // the periodic registration
    kVerdictSent,          // the nameserver knows the verdict
    kForgotten,            // the nameserver does not know us (any more)
    kRestarted,            // the nameserver is a new process
    kRefused,              // the nameserver refuses our registration
    kSuperseded,           // a newer process registered this broker
    kContested,            // another process uses our epoch
    kNameserverHung,       // a call was not answered in time
    kNameserverLost,       // the connection ended
    kNameserverStepsBack,  // it is about to stop
    kSharesHost,           // the nameserver runs on the broker's host
    kLookupFailed,         // its name; told again when the error is another
    kObserves,             // found the observed broker, or another one there
    kNobodyThere,          // no broker is registered at the observed address
    kVerdictRefused,       // the nameserver refuses an observer's verdict
    kHealthy,
    kUnhealthy,
    kTopicsChanged,
    kUnregistered,
    kHandedOver,
    kLeftWithoutGoodbye,  // stopping took too long
    kStopped,
  };
  What what;
  std::optional<NameserverIndex> nameserver;
  base::Duration elapsed{0};  // how long it took or had lasted; 0: nothing
  std::string detail;
};

// Everything is said and closed; the agent may be destroyed.
struct Finished {};

using Effect = std::variant<Connect, Disconnect, DropReplaced, SendRegister,
                            SendHeartbeat, SendVerdict, SendObserve,
                            SendUnregister, SendHandover, Note, Finished>;
using Effects = std::vector<Effect>;

}  // namespace waypost::agent

#endif  // WAYPOST_BROKER_AGENT_CORE_EVENTS_H_
