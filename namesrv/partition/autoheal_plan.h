#ifndef WAYPOST_NAMESRV_PARTITION_AUTOHEAL_PLAN_H_
#define WAYPOST_NAMESRV_PARTITION_AUTOHEAL_PLAN_H_

// What the leader of an autoheal computes: whether to heal at all, which parts
// there were, which of them wins. Source: RabbitMQ 3.13.

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "namesrv/partition/pause_policy.h"
#include "wire/model/peer.h"

namespace waypost::partition {

// The leader of a heal: the smallest name of all members. `members` is not
// empty.
const model::PeerName& heal_leader(const model::PeerNames& members);

// Whether to ask the leader for a heal, and whom. To be looked at when a peer
// announces itself and when a partition is recorded; there is no timer.
std::optional<model::PeerName> ask_for_heal(const PausePolicy& policy,
                                            bool healing, const Reach& reach,
                                            const model::PeerNames& separated);

// A member's answer to the leader: whom it was separated from, whom it reaches.
struct HealStatus {
  model::PeerNames separated;
  model::PeerNames reachable;
};
enum class HealVerdict : std::uint8_t {
  kIgnored,     // a heal is under way, or the leader knows of no partition
  kNodesDown,   // denied: `names` did not answer
  kRemoteDown,  // denied: `names` cannot reach some member
  kGoAhead,
};
struct HealAnswer {
  HealVerdict verdict = HealVerdict::kIgnored;
  model::PeerNames names;
};
// `replies` without a value: no answer.
HealAnswer judge_heal_request(
    const model::PeerName& leader, const model::PeerNames& members,
    bool healing, const model::PeerNames& leader_separated,
    const std::map<model::PeerName, std::optional<HealStatus>>& replies);

// What one member could not see; the leader's comes first.
struct HealView {
  model::PeerName node;
  model::PeerNames cannot_see;
};
using Part = std::vector<model::PeerName>;
// Splits the members by each view in turn: the part of the viewer loses those
// that the viewer could not see. A bridge in a partial cut ends on the side
// that is processed first.
std::vector<Part> find_parts(const Part& members_in_list_order,
                             const std::vector<HealView>& views);

struct HealWinner {
  model::PeerName winner;               // first of the winning part
  std::vector<model::PeerName> losers;  // of the best losing part first
};
// Most client connections, then most members, then the greater list of names.
// A member whose count could not be read brings none. `parts` is not empty and
// holds no empty part.
HealWinner choose_winner(
    const std::vector<Part>& parts,
    const std::map<model::PeerName, std::uint64_t>& client_connections);

}  // namespace waypost::partition

#endif  // WAYPOST_NAMESRV_PARTITION_AUTOHEAL_PLAN_H_
