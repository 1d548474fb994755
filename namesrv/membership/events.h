#ifndef WAYPOST_NAMESRV_MEMBERSHIP_EVENTS_H_
#define WAYPOST_NAMESRV_MEMBERSHIP_EVENTS_H_

// The closed set of what can happen to the membership, and what comes of it.

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "wire/model/peer_messages.h"

namespace waypost::membership {

// --- What can happen ---

// A peer's heartbeat, or its answer to ours. `dialed`: the address that we had
// called, when it was an answer.
struct Heard {
  model::PeerHeartbeat heartbeat;
  std::optional<base::Endpoint> dialed;
};
// The last connection with a peer was closed, not by silence.
struct LinkClosed {
  model::PeerName peer;
};
// Nobody answered at an address that we had called.
struct DialFailed {
  base::Endpoint address;
};
// A peer's answer to a probe that we had asked of it.
struct ProbeAnswered {
  model::PeerName via;
  model::PeerProbe probe;
  bool reaches = false;
};
// The partition policy sets these to down, in their present lives.
struct SetDown {
  model::PeerNames names;
};
// An operator's word.
struct Forget {
  model::PeerName name;
  bool forgotten = true;  // false: one that was forgotten may come back
};
// We are stopping in order.
struct Leave {};
// Where the configured peers are: from the start, or as their DNS name says.
struct SeedsChanged {
  std::vector<base::Endpoint> seeds;
};
// We did not run for this long: what we know of the others is old.
struct OwnGap {
  base::Duration gap{0};
};
// Each heartbeat interval, or more often.
struct Tick {};
using Event = std::variant<Heard, LinkClosed, DialFailed, ProbeAnswered,
                           SetDown, Forget, Leave, SeedsChanged, OwnGap, Tick>;

// --- What comes of it ---

struct PeerJoined {  // heard of for the first time
  model::PeerName peer;
};
struct PeerChanged {  // its status, addresses, roles, ...
  model::PeerName peer;
  std::optional<base::Endpoint> moved_to;
};
struct PeerRestarted {  // a new life
  model::PeerName peer;
};
enum class LossCause { kSilent, kClosed };
// It was reachable. `orderly`: it had said that it was leaving.
struct PeerLost {
  model::PeerName peer;
  LossCause cause = LossCause::kSilent;
  bool orderly = false;
};
// It was lost. In the same life: both went on meanwhile, so it was a partition.
struct PeerBack {
  model::PeerName peer;
  bool same_life = false;
  base::Duration away{0};
};
// Set to down by somebody, in its present life.
struct PeerDown {
  model::PeerName peer;
};
struct PeerForgotten {
  model::PeerName peer;
};
struct PeerWelcome {  // forgotten no more
  model::PeerName peer;
};
struct SelfUp {
  std::int64_t up_number = 0;
};
// Others have set our life to down; we go on as a new one, joining.
struct SelfDown {};
// An operator has taken us out of the group.
struct SelfForgotten {};
// A peer that we hear says that it cannot reach us: it has written us off.
struct WrittenOff {
  model::PeerName by;
};
// Ask this of `via`.
struct AskProbe {
  model::PeerName via;
  model::PeerProbe probe;
};
// We cannot reach `suspect`, which is alive: `via` can.
struct PartialPartition {
  model::PeerName suspect;
  model::PeerName via;
};
// Somebody cannot reach somebody else, or can again.
struct ObservationsMoved {};
// Another process goes by our name.
struct NameConflict {
  std::optional<base::Endpoint> at;
};
// A peer handles partitions in another way.
struct HandlingDiffers {
  model::PeerName peer;
  std::string theirs;
};
using Effect =
    std::variant<PeerJoined, PeerChanged, PeerRestarted, PeerLost, PeerBack,
                 PeerDown, PeerForgotten, PeerWelcome, SelfUp, SelfDown,
                 SelfForgotten, WrittenOff, AskProbe, PartialPartition,
                 ObservationsMoved, NameConflict, HandlingDiffers>;
using Effects = std::vector<Effect>;

}  // namespace waypost::membership

#endif  // WAYPOST_NAMESRV_MEMBERSHIP_EVENTS_H_
