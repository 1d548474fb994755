#ifndef WAYPOST_WIRE_MODEL_CLUSTER_H_
#define WAYPOST_WIRE_MODEL_CLUSTER_H_

// What operators ask a nameserver about its peers, as plain values:
// `waypostctl cluster show | partitions | forget`.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "wire/model/peer_messages.h"

namespace waypost::model {

// One nameserver of the group as the answering one sees it.
struct MemberListing {
  PeerInfo info;
  bool self = false;
  PeerReach reach = PeerReach::kUnknown;
  bool down = false;       // set to down by a partition policy
  bool forgotten = false;  // by an operator
  // As it last told.
  ServerState state = ServerState::kServing;
  std::string state_reason;
  base::Duration silent_for{0};
  double suspicion = 0;  // 8 and above: unreachable
  // Others that reach it by their own account.
  std::vector<PeerName> reached_by;
  std::uint64_t holdings = 0;  // brokers that it hears itself, as known here
  // For how long what it holds and what is known of it here have differed.
  std::optional<base::Duration> diverges_for;
};

struct ClusterMembers {
  std::vector<MemberListing> members;  // by name
  // Configured addresses at which nobody has answered yet.
  std::vector<base::Endpoint> unknown;
  std::string partition_handling;
  std::optional<PeerName> leader;  // decides for this side, where one does
  bool ready = true;               // all members are fine: netsplit gates
  std::vector<PeerName> missing;
  std::uint64_t netsplits_detected = 0;
  std::uint64_t netsplits_resolved = 0;
  std::uint32_t open_partitions = 0;
  std::vector<std::string> warnings;
};

// One record of the partition history; see
// namesrv/membership/partition_history.h for the kinds.
struct PartitionEntry {
  std::uint64_t id = 0;
  std::string kind;
  std::vector<PeerName> peers;
  std::vector<PeerName> seen_by;
  base::WallTime since;
  std::optional<base::WallTime> until;
  std::vector<std::string> actions;
  bool end_unknown = false;  // `until` is when it was last seen

  friend bool operator==(const PartitionEntry&,
                         const PartitionEntry&) = default;
};
struct PartitionList {
  std::vector<PartitionEntry> partitions;  // newest last
};

struct ForgetPeerRequest {
  PeerName name;
  bool forgotten = true;  // false: it may come back
};

}  // namespace waypost::model

#endif  // WAYPOST_WIRE_MODEL_CLUSTER_H_
