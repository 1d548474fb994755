#ifndef WAYPOST_NAMESRV_PARTITION_DOWNING_RESOLVER_H_
#define WAYPOST_NAMESRV_PARTITION_DOWNING_RESOLVER_H_

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "namesrv/partition/downing_decision.h"
#include "namesrv/partition/downing_plan.h"

namespace waypost::partition {

struct ResolverSettings {
  DowningStrategy strategy;
  // Quiet time before a decision, since the last change of the membership or
  // of who is reachable; not since the start of the cut.
  base::Duration stable_after = std::chrono::seconds(20);
  // A view that has not come to rest for this much longer than stable_after
  // downs everybody; 0: never.
  base::Duration down_all_when_unstable = std::chrono::seconds(15);
  // How long the lease is kept after those downed with it are gone.
  base::Duration release_after = std::chrono::seconds(40);
};

// --- What can happen ---

// A member is new or has another status. Down puts it among the unreachable.
struct MemberChanged {
  Member member;
};
struct MemberRemoved {
  model::PeerName name;
};
struct MemberUnreachable {
  model::PeerName name;
};
struct MemberReachable {
  model::PeerName name;
};
// Who cannot reach whom, all of it.
struct ObservationsChanged {
  std::vector<Observation> observations;
};
struct SeenChanged {
  model::PeerNames seen_by;
};
// The leader of this side: only it decides.
struct LeaderChanged {
  std::optional<model::PeerName> leader;
};
// A remote process says that it has written us off for good.
struct QuarantinedBy {
  model::PeerName name;
};
struct LeaseAnswered {
  bool acquired = false;  // false also for an error or a timeout
  // The member that has it instead, in its present life, if that is known.
  std::optional<model::PeerName> holder = std::nullopt;
};
struct LeaseReleased {
  bool released = false;
};
// Each second.
struct ResolverTick {
  bool holds_lease = false;  // by what the lease's holder knows locally
};
using ResolverEvent =
    std::variant<MemberChanged, MemberRemoved, MemberUnreachable,
                 MemberReachable, ObservationsChanged, SeenChanged,
                 LeaderChanged, QuarantinedBy, LeaseAnswered, LeaseReleased,
                 ResolverTick>;

// --- What comes of it ---

// Set these to down, in this order: ourselves last, for that may end us.
struct SetDown {
  DecisionKind decision = DecisionKind::kDownAll;
  std::vector<model::PeerName> names;
  bool unstable = false;              // because the view never came to rest
  bool second_look_conflict = false;  // see DowningPlan
};
// Try the lease after this time, once, and report by LeaseAnswered.
struct AcquireLease {
  base::Duration after{0};
};
// Report by LeaseReleased; asked for again at each tick until confirmed.
struct ReleaseLease {};
// For the log: static-quorum holds more members than it is meant for.
struct QuorumExceeded {
  std::size_t members = 0;
  std::size_t most = 0;
};
using ResolverEffect =
    std::variant<SetDown, AcquireLease, ReleaseLease, QuorumExceeded>;
using ResolverEffects = std::vector<ResolverEffect>;

// When a downing strategy decides. A pure value; not thread-safe.
//
// On a tick it decides if this member leads its side, has itself been up or
// weakly-up, somebody is unreachable and stable_after has passed (strictly)
// since the last change. Independent of that, and on every member: the view
// changed first more than stable_after + down_all_when_unstable ago and some
// counted member is still unreachable, so everybody goes.
//
// While a lease is tried, events wait and ticks do nothing. A lease belongs to
// a side: when it is refused because another member of this side has it, that
// one decides for both, as when two that came up together both lead. The lease
// is tried again at each tick, so that what the other one does not decide, or a
// later holder does, ends the wait; so does the instability rule.
//
// Members of other data centers are ignored throughout. Source: Akka's
// resolver; docs/partitions.md names what differs.
class DowningResolver {
 public:
  DowningResolver(ResolverSettings settings, model::PeerName self,
                  std::string data_center, base::Instant now);

  ResolverEffects step(const ResolverEvent& event, base::Instant now);

  const DowningView& view() const { return view_; }
  // Leads and has been up.
  bool is_responsible() const { return leads_ && self_was_up_; }
  bool waits_for_lease() const { return waiting_.has_value(); }
  // When stable_after will have passed, if nothing changes until then.
  base::Instant stable_at() const { return changed_ + settings_.stable_after; }

 private:
  // Reachability changes since all was well.
  struct Unrest {
    base::Instant first;
    base::Instant latest;
  };
  struct ReleaseWhenRemoved {
    model::PeerNames names;
  };
  struct ReleaseAt {
    base::Instant at;
  };

  void on(const MemberChanged& event, base::Instant now);
  void on(const MemberRemoved& event, base::Instant now);
  void on(const MemberUnreachable& event, base::Instant now);
  void on(const MemberReachable& event, base::Instant now);
  void on(const ObservationsChanged& event, base::Instant now);
  void on(const SeenChanged& event, base::Instant now);
  void on(const LeaderChanged& event, base::Instant now);
  void on(const QuarantinedBy& event, base::Instant now);
  void on(const LeaseAnswered& event, base::Instant now);
  void on(const LeaseReleased& event, base::Instant now);
  void on(const ResolverTick& event, base::Instant now);

  void decide_if_due(bool holds_lease, base::Instant now);
  void act(SetDown cause, base::Instant now);
  void keep_lease_for(const model::PeerNames& downed, base::Instant now);
  void note_reachability_change(base::Instant now);
  void end_unrest_if_healed();
  void warn_of_quorum();
  bool is_ours(const model::PeerName& holder);
  Member* find(const model::PeerName& name);
  bool is_self(const model::PeerName& name) const { return name == self_; }

  ResolverSettings settings_;
  model::PeerName self_;
  DowningView view_;
  bool leads_ = false;
  bool self_was_up_ = false;
  base::Instant changed_;
  std::optional<Unrest> unrest_;
  std::optional<DecisionKind> waiting_;  // for the lease, with this decision
  std::vector<ResolverEvent> queued_;    // what came while waiting
  std::variant<std::monostate, ReleaseWhenRemoved, ReleaseAt> release_;
  ResolverEffects effects_;
};

}  // namespace waypost::partition

#endif  // WAYPOST_NAMESRV_PARTITION_DOWNING_RESOLVER_H_
