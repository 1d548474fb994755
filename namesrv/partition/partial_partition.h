#ifndef WAYPOST_NAMESRV_PARTITION_PARTIAL_PARTITION_H_
#define WAYPOST_NAMESRV_PARTITION_PARTIAL_PARTITION_H_

// A cannot reach B, and C reaches both. A asks C when it loses B; C answers
// only if B is there beyond doubt; A then completes the cut or pauses.
// Incarnations in every message keep an old answer from splitting a healthy
// group. Source: RabbitMQ 3.13, whose "guid" is our incarnation.

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "namesrv/partition/pause_policy.h"
#include "wire/model/ids.h"

namespace waypost::partition {

using Incarnations = std::map<model::PeerName, model::Incarnation>;

// `suspect` was lost. Asked are the others that run and whose incarnation is
// known; nobody when the suspect's own is not.
std::vector<model::PeerName> ask_about(const model::PeerName& self,
                                       const model::PeerName& suspect,
                                       const model::PeerNames& running,
                                       const Incarnations& known);

// What C is asked.
struct PartialCheck {
  model::PeerName suspect;
  model::Incarnation suspect_incarnation;
  model::Incarnation intermediary_incarnation;  // whom we believe to ask
};
// What C knows. `live_answer` is what the suspect says of itself right now;
// none: no answer.
struct Intermediary {
  model::Incarnation own_incarnation;
  model::PeerNames running;
  Incarnations known;
  std::optional<model::Incarnation> live_answer;
};
bool reports_partial_partition(const Intermediary& intermediary,
                               const PartialCheck& check);

enum class PartialReaction : std::uint8_t {
  kIgnoreStale,             // meant for an earlier life of ours
  kNothing,                 // about to pause anyway
  kDisconnectIntermediary,  // makes the cut whole
  kPauseUntilAllUp,
};
// The downing family does nothing: its strategies see partial partitions as
// indirect connections.
PartialReaction react_to_partial(const PausePolicy& policy, const Reach& reach,
                                 model::Incarnation own,
                                 model::Incarnation message_names);

// How to disconnect, in order. The wait, with reconnecting off, is there so
// that both ends notice.
enum class DisconnectStep : std::uint8_t {
  kTellPeer,
  kReconnectOff,
  kDropConnection,
  kWait,
  kReconnectOn,
};
inline constexpr base::Duration kDisconnectWait = std::chrono::seconds(1);
std::vector<DisconnectStep> disconnect_steps(bool connected);

}  // namespace waypost::partition

#endif  // WAYPOST_NAMESRV_PARTITION_PARTIAL_PARTITION_H_
