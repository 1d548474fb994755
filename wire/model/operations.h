#ifndef WAYPOST_WIRE_MODEL_OPERATIONS_H_
#define WAYPOST_WIRE_MODEL_OPERATIONS_H_

// What can be asked of a nameserver and what it answers, as plain values: the
// words that handlers, service, agent, SDK and waypostctl share. How they look
// as bytes is wire/codec's business.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/error.h"
#include "wire/model/ids.h"
#include "wire/model/route.h"
#include "wire/model/topic.h"

namespace waypost::model {

// --- The nameserver itself ---

enum class ServerState : std::uint8_t {
  kStarting = 0,  // waits for the brokers of its roster
  kServing = 1,
  kRecovering = 2,  // slept; not sure of its table for a moment
  kDraining = 3,    // about to stop: move on
  kPaused = 4,      // by a partition policy
};
std::string_view server_state_name(ServerState state);

enum class PeerRole : std::uint8_t {
  kClient = 0,
  kAgent = 1,
  kAdmin = 2,
  kNameserver = 3,
};

// The first request on a native connection.
struct HelloRequest {
  PeerRole role = PeerRole::kClient;
  std::string name;     // of the program, for logs: "waypost-agent"
  std::string version;  // of the program
  // Agents: whose largest known epoch the reply shall tell.
  std::optional<BrokerKey> broker;
};
struct HelloReply {
  std::string server_name;
  std::string server_version;
  Incarnation incarnation;
  ServerState state = ServerState::kServing;
  std::string state_reason;
  Epoch largest_epoch;  // 0: the broker is not known
  std::uint32_t max_payload_bytes = 0;
};

// --- Brokers ---

enum class RegisterMode : std::uint8_t {
  kFull = 0,         // `topics` is all that the broker has
  kIncremental = 1,  // `topics` are added or changed, `removed` go
};

// What an unhealthy verdict does to the broker.
enum class VerdictAction : std::uint8_t {
  kRemoveFromRoutes = 0,
  kDropWritePermission = 1,
};

struct RegisterRequest {
  ClusterName cluster;
  BrokerKey broker;
  base::Endpoint address;
  std::string zone;
  Epoch epoch;
  RegisterMode mode = RegisterMode::kFull;
  std::vector<TopicConfig> topics;
  std::vector<TopicName> removed;
  // Silence after which the broker is dropped; 0: the nameserver's default.
  base::Duration expiry{0};
  bool healthy = true;
  VerdictAction verdict_action = VerdictAction::kRemoveFromRoutes;
  std::string health_reason;
  // Digest of `topics` as registered in full (see digest_topics): the broker's
  // own statement of what it has, also in incremental registrations.
  Digest topics_digest;
};
struct RegisterReply {
  Incarnation incarnation;
  ServerState state = ServerState::kServing;
  bool changed = false;  // whether any route changed
};

// Digest over a full topic list in the order of names; the caller sorts.
Digest digest_topics(const std::vector<TopicConfig>& sorted_topics);

struct HeartbeatRequest {
  BrokerKey broker;
  Epoch epoch;
  Digest topics_digest;
};
struct HeartbeatReply {
  Incarnation incarnation;
  ServerState state = ServerState::kServing;
  // False: not registered here by this connection and epoch, or with other
  // topics: register in full now.
  bool known = false;
};

struct VerdictRequest {
  BrokerKey broker;
  Epoch epoch;
  bool healthy = true;
  VerdictAction action = VerdictAction::kRemoveFromRoutes;
  std::string reason;
  // True: from an observer beside a broker that registers itself. Such a
  // verdict never creates or refreshes a registration, and lapses.
  bool observer = false;
  base::Duration lapses_after{0};
};
struct VerdictReply {
  bool known = false;
  bool changed = false;
};

// From beside a broker that registers itself, which is named by the address it
// registered: a verdict on whoever is there never reaches a broker that has
// moved away. It never creates or refreshes a registration. An unhealthy one
// lapses, and only its own connection takes it back before: of several
// observers the one that sees the broker fail is believed.
struct ObserveRequest {
  base::Endpoint address;
  bool healthy = true;
  VerdictAction action = VerdictAction::kRemoveFromRoutes;
  std::string reason;
  base::Duration lapses_after{0};  // 0: the nameserver's default
};
struct ObservedBroker {
  ClusterName cluster;
  BrokerKey broker;

  friend bool operator==(const ObservedBroker&,
                         const ObservedBroker&) = default;
};
struct ObserveReply {
  std::vector<ObservedBroker> brokers;  // at the address; empty: nobody
};

struct UnregisterRequest {
  BrokerKey broker;
  Epoch epoch;
  std::string reason;
};
struct UnregisterReply {
  bool removed = false;
};

// The agent is about to be replaced (an upgrade of the sidecar): the close of
// its connection counts as silence for `grace`, not as a close.
struct HandoverRequest {
  BrokerKey broker;
  Epoch epoch;
  base::Duration grace{0};
};
struct HandoverReply {
  bool known = false;
};

// --- Routes ---

struct RouteQueryItem {
  TopicName topic;
  Digest known;  // none: send it in any case
};
struct RouteQueryRequest {
  std::vector<RouteQueryItem> topics;
};
// One topic that a query could not answer.
struct TopicError {
  TopicName topic;
  base::Error error;
};
// The last frame of a query's answer; the changed routes came before it.
struct RouteQueryEnd {
  Incarnation incarnation;
  ServerState state = ServerState::kServing;
  std::uint32_t unchanged = 0;
  std::vector<TopicError> errors;
  // Brokers that left routes lately, in their order: of those that the answer
  // or the pushes of this turn are about, as far as they are known.
  std::vector<Departure> departures = {};
};
// A route with its version, as it travels.
struct VersionedRoute {
  Route route;
  Digest digest;
};

// --- Listings, paged ---

struct PageRequest {
  std::string prefix;       // of the name; empty: all
  std::string after;        // the page token of the page before; empty: first
  std::uint32_t limit = 0;  // 0: the server's default
};
struct BrokerListing {
  ClusterName cluster;
  BrokerKey broker;
  base::Endpoint address;
  std::string zone;
  BrokerHealth health = BrokerHealth::kHealthy;
  std::string health_reason;
  Epoch epoch;
  std::uint32_t topic_count = 0;
  base::Duration silent_for{0};
  base::Duration expiry{0};
  bool indirect = false;  // this nameserver does not hear it, a peer does
};
struct BrokerPage {
  std::vector<BrokerListing> brokers;
  std::string next;  // page token; empty: this was the last
};
struct TopicListing {
  TopicName topic;
  std::uint32_t group_count = 0;
  std::uint32_t read_queues = 0;
  std::uint32_t write_queues = 0;
};
struct TopicPage {
  std::vector<TopicListing> topics;
  std::string next;
};

// One nameserver's view of itself: `waypostctl cluster show`.
// Where one nameserver of a group is reached.
struct NameserverAddresses {
  std::string name;
  std::vector<base::Endpoint> service_addresses;
  std::vector<base::Endpoint> cluster_addresses;

  friend bool operator==(const NameserverAddresses&,
                         const NameserverAddresses&) = default;
};

struct ClusterView {
  std::string server_name;
  std::string server_version;
  Incarnation incarnation;
  ServerState state = ServerState::kServing;
  std::string state_reason;
  base::Duration uptime{0};
  std::uint32_t clusters = 0;
  std::uint32_t brokers = 0;
  std::uint32_t topics = 0;
  std::uint32_t suspects = 0;
  std::uint32_t unhealthy = 0;
  std::uint64_t table_version = 0;
  // Set while the expiry brake holds back removals.
  std::optional<base::Duration> brake_releases_in;
  // Of the group, the answering one among them; empty: it knows no others.
  std::vector<NameserverAddresses> nameservers = {};
};

// Pushed by a nameserver that is going away.
struct DrainNotice {
  std::string reason;
};

}  // namespace waypost::model

#endif  // WAYPOST_WIRE_MODEL_OPERATIONS_H_
