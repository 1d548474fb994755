#ifndef WAYPOST_NAMESRV_PARTITION_NETSPLIT_GATE_H_
#define WAYPOST_NAMESRV_PARTITION_NETSPLIT_GATE_H_

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/error.h"
#include "wire/model/peer.h"

namespace waypost::partition {

// --- Readiness: are all members fine? (VerneMQ's notion) ---

// The link to one peer.
enum class Link : std::uint8_t {
  kInit,  // no socket: before the first attempt and between attempts
  kUp,    // handshake done
  kDown,  // a socket without a handshake, or nobody works on the link
};
Link link_of(bool worker, bool socket, bool handshake_done);

// What is known of one member at a check.
struct MemberHealth {
  bool answers = false;  // its service answered that it runs
  Link link = Link::kDown;

  // A link that is being made counts as well: it has not failed yet.
  bool fine() const { return answers && link != Link::kDown; }
};

// Ready while every member is fine; one missing member suffices, a majority
// plays no role, and both sides of a cut become not ready. A pure value.
class Readiness {
 public:
  Readiness() = default;
  Readiness(bool ready, std::uint64_t detected, std::uint64_t resolved)
      : ready_(ready), detected_(detected), resolved_(resolved) {}

  // `health` of all members, this one included; a member without an entry is
  // not fine. Whoever is no member any more is dropped: an orderly leave is no
  // split.
  void check(const model::PeerNames& members,
             const std::map<model::PeerName, MemberHealth>& health);

  bool ready() const { return ready_; }
  std::uint64_t detected() const { return detected_; }  // ready -> not ready
  std::uint64_t resolved() const { return resolved_; }  // and back
  const std::map<model::PeerName, bool>& table() const { return table_; }
  model::PeerNames missing() const;

 private:
  bool ready_ = true;
  std::uint64_t detected_ = 0;
  std::uint64_t resolved_ = 0;
  std::map<model::PeerName, bool> table_;
};

// --- Gates: what may be done during a netsplit ---

// VerneMQ's register, unsubscribe, subscribe and publish, in this order.
enum class Operation : std::uint8_t {
  kRegister,
  kUnregister,
  kQuery,
  kConfigWrite,
};
inline constexpr std::size_t kOperations = 4;
std::string_view operation_name(Operation operation);

struct GateSettings {
  // `cluster.netsplit-gate = off | all-members`. Off lets everything through: a
  // name service prefers to answer.
  bool all_members = false;
  // `cluster.allow-{register,unregister,query,config}-during-netsplit`.
  std::array<bool, kOperations> allow{};

  bool allows(Operation operation) const {
    return allow[static_cast<std::size_t>(operation)];
  }
};

// Whether the operation may go on. A query also needs the table to be loaded
// once its switch is on, split or not: that switch promises an answer from what
// is there.
bool gate_open(const GateSettings& settings, const Readiness& readiness,
               Operation operation, bool table_loaded = true);

// "not ready: netsplit, missing peers b, c"; kNotReady.
base::Error gate_refusal(const Readiness& readiness, Operation operation);

}  // namespace waypost::partition

#endif  // WAYPOST_NAMESRV_PARTITION_NETSPLIT_GATE_H_
