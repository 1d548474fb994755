#include "namesrv/partition/partial_partition.h"

namespace waypost::partition {

std::vector<model::PeerName> ask_about(const model::PeerName& self,
                                       const model::PeerName& suspect,
                                       const model::PeerNames& running,
                                       const Incarnations& known) {
  std::vector<model::PeerName> asked;
  if (!known.contains(suspect)) return asked;
  for (const model::PeerName& name : running) {
    if (name == self || name == suspect || !known.contains(name)) continue;
    asked.push_back(name);
  }
  return asked;
}

bool reports_partial_partition(const Intermediary& intermediary,
                               const PartialCheck& check) {
  if (check.intermediary_incarnation != intermediary.own_incarnation) {
    return false;
  }
  if (!intermediary.running.contains(check.suspect)) return false;
  const auto known = intermediary.known.find(check.suspect);
  return known != intermediary.known.end() &&
         known->second == check.suspect_incarnation &&
         intermediary.live_answer == check.suspect_incarnation;
}

PartialReaction react_to_partial(const PausePolicy& policy, const Reach& reach,
                                 model::Incarnation own,
                                 model::Incarnation message_names) {
  if (own != message_names) return PartialReaction::kIgnoreStale;
  switch (policy.mode) {
    case Mode::kIgnore:
    case Mode::kAutoheal:
      return PartialReaction::kDisconnectIntermediary;
    case Mode::kPauseMinority:
      return PartialReaction::kPauseUntilAllUp;
    case Mode::kPauseIfAllDown:
      return must_withhold(policy, reach)
                 ? PartialReaction::kNothing
                 : PartialReaction::kDisconnectIntermediary;
    default:
      return PartialReaction::kNothing;
  }
}

std::vector<DisconnectStep> disconnect_steps(bool connected) {
  if (!connected) return {DisconnectStep::kTellPeer};
  return {DisconnectStep::kTellPeer, DisconnectStep::kReconnectOff,
          DisconnectStep::kDropConnection, DisconnectStep::kWait,
          DisconnectStep::kReconnectOn};
}

}  // namespace waypost::partition
