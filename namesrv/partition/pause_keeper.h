#ifndef WAYPOST_NAMESRV_PARTITION_PAUSE_KEEPER_H_
#define WAYPOST_NAMESRV_PARTITION_PAUSE_KEEPER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "namesrv/partition/pause_policy.h"

namespace waypost::partition {

// How often a paused nameserver pings all members and looks again.
inline constexpr base::Duration kRecheckInterval = std::chrono::seconds(1);

// What happens around a peer, for the question of who looks whether to pause.
enum class PeerEvent : std::uint8_t {
  kLost,               // unreachable by the detector, or its connection closed
  kStoppedServing,     // paused or draining, but there
  kMembershipChanged,  // joined, forgotten
  kHeartbeatMissed,    // not yet unreachable
  kOwnStart,           // a nameserver may start and run in a minority
};
bool evaluates_pause(PeerEvent event);

struct PingAll {};
struct Pause {
  std::string reason;
  ResumeWhen until = ResumeWhen::kMajority;
};
struct Resume {};
using PauseEffect = std::variant<PingAll, Pause, Resume>;
using PauseEffects = std::vector<PauseEffect>;

// Pauses when a peer is lost and the policy says so, looks again at once and
// then each second, resumes by itself. Never pauses at start. A pause while one
// lasts is not a second one. A pure value.
class PauseKeeper {
 public:
  explicit PauseKeeper(PausePolicy policy) : policy_(std::move(policy)) {}

  PauseEffects on_lost(const model::PeerName& peer, const Reach& reach,
                       base::Instant now);
  // A partial partition under pause-minority: until everybody is back.
  PauseEffects on_partial_partition(const model::PeerName& suspect,
                                    const model::PeerName& via,
                                    base::Instant now);
  // The clock stood still for longer than a peer takes to notice: they have
  // written us off and we never saw them leave, so it is as if all were lost.
  PauseEffects on_own_gap(base::Duration gap, const Reach& reach,
                          base::Instant now);
  // At least each second. `reach` by fresh pings, not by memory.
  PauseEffects on_tick(const Reach& reach, base::Instant now);

  bool paused() const { return paused_.has_value(); }
  // For people; empty while not paused.
  std::string reason() const;

 private:
  struct Paused {
    std::string reason;
    ResumeWhen until = ResumeWhen::kMajority;
    base::Instant next_look;
  };
  PauseEffects start(std::string reason, ResumeWhen until, base::Instant now);

  PausePolicy policy_;
  std::optional<Paused> paused_;
};

}  // namespace waypost::partition

#endif  // WAYPOST_NAMESRV_PARTITION_PAUSE_KEEPER_H_
