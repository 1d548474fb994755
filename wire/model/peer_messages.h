#ifndef WAYPOST_WIRE_MODEL_PEER_MESSAGES_H_
#define WAYPOST_WIRE_MODEL_PEER_MESSAGES_H_

// What nameservers tell each other about themselves, as plain values. How it
// looks as bytes is wire/codec's business.

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/endpoint.h"
#include "wire/model/holding.h"
#include "wire/model/ids.h"
#include "wire/model/operations.h"
#include "wire/model/peer.h"

namespace waypost::model {

// How far a nameserver is, by its own account. That it is down, others say.
enum class PeerStatus : std::uint8_t {
  kJoining = 0,  // has not found its place yet; not counted
  kUp = 1,
  kLeaving = 2,  // stopping in order
};
std::string_view peer_status_name(PeerStatus status);

// Orders the lives of one nameserver: a process that starts, or that comes back
// after others have set it to down, takes a larger one. Milliseconds of civil
// time at the start, or one more than the largest that anybody has seen.
using Generation = std::uint64_t;

inline constexpr std::int64_t kNeverUp =
    std::numeric_limits<std::int32_t>::max();

// What a nameserver says of itself; nobody else changes it.
struct PeerInfo {
  PeerName name;
  Generation generation = 0;
  // Grows with each change within a generation.
  std::uint32_t version = 0;
  // Of the process: two of one name are told apart by it.
  Incarnation incarnation;
  std::vector<base::Endpoint> cluster_addresses;
  std::vector<base::Endpoint> service_addresses;
  std::vector<std::string> roles;
  std::string zone;
  PeerStatus status = PeerStatus::kJoining;
  // Smaller came up earlier: one more than the largest that it knew then.
  std::int64_t up_number = kNeverUp;
  std::string partition_handling;  // the mode's name

  // Whether this is later news of the same nameserver than `other`.
  bool newer_than(const PeerInfo& other) const {
    return generation != other.generation ? generation > other.generation
                                          : version > other.version;
  }

  friend bool operator==(const PeerInfo&, const PeerInfo&) = default;
};

enum class PeerReach : std::uint8_t {
  kUnknown = 0,
  kReachable = 1,
  kUnreachable = 2,
};

// A nameserver as the sender knows it.
struct PeerReport {
  PeerInfo info;
  // Its lives up to this one are set to down; 0: none.
  Generation down_through = 0;
  PeerReach reach = PeerReach::kUnknown;  // by the sender itself

  friend bool operator==(const PeerReport&, const PeerReport&) = default;
};

// An operator's word: not a peer any more, or one again. The larger stamp
// holds, of equal ones the forgetting.
struct PeerVerdict {
  PeerName name;
  bool forgotten = true;
  std::uint64_t stamp = 0;

  bool overrules(const PeerVerdict& other) const {
    return stamp != other.stamp ? stamp > other.stamp
                                : forgotten && !other.forgotten;
  }

  friend bool operator==(const PeerVerdict&, const PeerVerdict&) = default;
};

// Sent by each to each every heartbeat interval, and the answer to it.
struct PeerHeartbeat {
  PeerInfo sender;
  Generation sender_down_through = 0;  // as in PeerReport
  ServerState state = ServerState::kServing;
  std::string state_reason;
  std::uint64_t client_connections = 0;
  std::vector<PeerReport> members;  // all known, but the sender
  std::vector<PeerVerdict> verdicts;
  // Over what the sender knows of the membership, who reaches whom aside.
  Digest membership;
  SetDigest holdings;  // of its own list
  // Its civil time when it was sent, in ms; 0: not told. Clocks differ, and
  // stamps in holdings are read by their author's.
  std::int64_t sent_at_ms = 0;
  // How often it has restarted in process, as a loser of an autoheal, in this
  // life: whoever missed that it stopped sees it here.
  std::uint32_t restarts = 0;

  friend bool operator==(const PeerHeartbeat&, const PeerHeartbeat&) = default;
};

// "I have lost `suspect`; do you reach it?" Names the lives that are meant, so
// that an answer about an earlier one cannot be mistaken.
struct PeerProbe {
  PeerName suspect;
  Generation suspect_generation = 0;
  Generation asked_generation = 0;  // of whom we believe to ask

  friend bool operator==(const PeerProbe&, const PeerProbe&) = default;
};
struct PeerProbeReply {
  bool reaches = false;

  friend bool operator==(const PeerProbeReply&,
                         const PeerProbeReply&) = default;
};

// Opens a connection between nameservers: both ends prove that they know
// `cluster.secret` without telling it. First the caller's nonce; the answer has
// the other's nonce and proof; then the caller's proof.
struct PeerAuth {
  PeerName name;      // of the sender
  std::string nonce;  // 16 random bytes
  std::string proof;  // 32 bytes, or none yet

  friend bool operator==(const PeerAuth&, const PeerAuth&) = default;
};

// --- Autoheal: see namesrv/partition/autoheal.h ---

enum class HealKind : std::uint8_t {
  kStart = 0,         // to the leader: there was a partition, all are here
  kBecomeWinner = 1,  // to the winner, with the losers
  kWinnerIs = 2,      // to each loser
  kSafeToStart = 3,   // to each loser
  kFinished = 4,      // to the leader
  kReportStatus = 5,  // from the leader to the winner
  kStopped = 6,       // to all: my service has stopped; again to `winner`,
                      // until it says that it is safe to start
  kDisconnecting = 7  // to one: I close our connections on purpose
};
struct HealMessage {
  HealKind kind = HealKind::kStart;
  PeerName winner;
  std::vector<PeerName> losers;

  friend bool operator==(const HealMessage&, const HealMessage&) = default;
};

// What the leader asks of everybody before it decides.
struct HealStatusReply {
  std::vector<PeerName> separated;
  std::vector<PeerName> reachable;
  std::uint64_t client_connections = 0;
  bool serving = true;

  friend bool operator==(const HealStatusReply&,
                         const HealStatusReply&) = default;
};

}  // namespace waypost::model

#endif  // WAYPOST_WIRE_MODEL_PEER_MESSAGES_H_
