#ifndef WAYPOST_NAMESRV_MEMBERSHIP_MEMBERSHIP_H_
#define WAYPOST_NAMESRV_MEMBERSHIP_MEMBERSHIP_H_

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "namesrv/membership/events.h"
#include "namesrv/membership/failure_detector.h"
#include "namesrv/membership/peer_table.h"
#include "namesrv/membership/reach_matrix.h"

namespace waypost::membership {

struct MembershipSettings {
  DetectorSettings detector;
  // How long a start looks for somebody who is up before it comes up alone.
  base::Duration join_max_wait = std::chrono::seconds(3);
  std::size_t peers_max = 1000;
  // Set to down in an earlier process and not up again since: who had not been
  // set to down with it, as far as it knew.
  std::optional<model::PeerNames> down_before;
};

// A group of nameservers as one of them sees it: who belongs to it, who is
// reachable, who reaches whom. A pure value: `step(event, now)` is its only way
// to change.
//
// Everybody sends everybody a heartbeat each interval with all that it knows,
// and gets the same back: groups are small, and what is told completely needs
// no memory of what was told before. So a peer that is known to one is soon
// known to all (joining through any one of them), under its name, wherever it
// is now.
//
// Coming up needs nobody's consent. A nameserver is joining until it has heard
// from somebody who is up, or from all configured peers, or has waited for
// `join_max_wait`; then it takes the next up-number. Nobody who is unreachable
// can keep it from that.
//
// One that learns that it was set to down goes on as a new life, joining, until
// a peer that is up and serves answers it. When everybody was set to down, as
// far as it knows, more than half of the configured come back by themselves
// once they reach each other; when somebody out of reach was not, all must be
// there (or be forgotten by an operator), for that may be the side that stays.
// A restart of the process does not change that, as long as `down_before` says
// so. That those are down whom nobody on its side reached is its own opinion:
// it tells nobody, for they may have stayed, and withdraws it when one of them
// is heard in that life, or when it is admitted.
class Membership {
 public:
  // `self.status`, `.version` and `.up_number` are the membership's to keep.
  Membership(MembershipSettings settings, model::PeerInfo self,
             std::vector<base::Endpoint> seeds, base::Instant now);

  Effects step(const Event& event, base::Instant now);

  // What to tell others now. The caller fills state and connections.
  model::PeerHeartbeat heartbeat() const;
  // Whom to call each interval: known peers at their addresses, and configured
  // addresses at which nobody has answered yet.
  struct Target {
    std::optional<model::PeerName> name;
    std::vector<base::Endpoint> addresses;
  };
  std::vector<Target> targets() const;
  // Our answer to a probe as far as we know; whoever asks on behalf of another
  // must also ask the suspect itself (with a probe about it), for what was
  // heard a second ago may be dead. That probe is answered with true.
  bool reaches(const model::PeerProbe& probe, base::Instant now) const;

  // --- The view, for policies and for people ---

  const model::PeerInfo& self() const { return self_; }
  bool forgotten() const { return table_.forgotten(self_.name); }
  // Set to down once and not up again since.
  bool was_down() const { return was_down_; }
  // Then: members that were not set to down with it.
  const model::PeerNames& left_behind() const { return left_behind_; }
  const PeerTable& table() const { return table_; }  // without oneself
  // All members with oneself, up or not. With `with_unknown`, configured
  // addresses at which nobody has answered yet stand for one each.
  model::PeerNames members(bool with_unknown) const;
  // Members that this one reaches, and itself.
  model::PeerNames reachable() const;
  bool reachable(const model::PeerName& name) const;
  base::Duration silence(const model::PeerName& name, base::Instant now) const;
  double suspicion(const model::PeerName& name, base::Instant now) const;
  // When a lost peer was lost.
  std::optional<base::Instant> lost_since(const model::PeerName& name) const;
  // Who reaches a peer by their own account.
  model::PeerNames reached_by(const model::PeerName& name) const;
  // Who cannot reach whom: our own row and those of whom we reach.
  std::vector<ReachMatrix::Pair> observations() const;
  // Who knows the same of the membership as we do.
  model::PeerNames seen_by() const;
  // Who has lost one that another reaches, and who was lost so.
  model::PeerNames ends_of_bad_links() const;
  // First by name of the reachable that are up or leaving: decides for its
  // side. The ends of bad links come last: both would decide, each against the
  // other and its side.
  std::optional<model::PeerName> leader() const;

 private:
  struct Peer {
    explicit Peer(const DetectorSettings& settings) : detector(settings) {}
    FailureDetector detector;
    bool reachable = false;
    std::optional<base::Instant> lost;
    model::Generation lost_generation = 0;
    // Who reached it when it was lost here, and when to ask that one again.
    // When a cut heals, connections come back at one end before the other: a
    // bad link is one that stays bad for as long as a silence takes to be
    // noticed. A question that gets lost is put again as late.
    struct AskAgain {
      base::Instant due;
      bool asked = false;
    };
    std::map<model::PeerName, AskAgain> ask_again;
    model::Digest membership;  // as in its last heartbeat
    bool serving = false;
    bool wrote_us_off = false;
    std::string handling_told;  // what HandlingDiffers was told for
  };

  void on(const Heard& event, base::Instant now);
  void on(const LinkClosed& event, base::Instant now);
  void on(const DialFailed& event, base::Instant now);
  void on(const ProbeAnswered& event, base::Instant now);
  void on(const SetDown& event, base::Instant now);
  void on(const Forget& event, base::Instant now);
  void on(const Leave& event, base::Instant now);
  void on(const SeedsChanged& event, base::Instant now);
  void on(const OwnGap& event, base::Instant now);
  void on(const Tick& event, base::Instant now);

  // merging.cc
  void merge(const model::PeerInfo& info, base::Instant now);
  void merge_down(const model::PeerName& name, model::Generation through);
  void note_down(const model::PeerName& name);
  void merge(const model::PeerVerdict& verdict);
  void merge_report(const model::PeerReport& report, base::Instant now);
  void hear_of_oneself(const model::PeerReport& report, base::Instant now);
  // Once a minute, while it goes on.
  void tell_conflict(std::optional<base::Endpoint> at, base::Instant now);
  void take_new_life(model::Generation after);
  ReachMatrix::Row row_of(const model::PeerHeartbeat& heartbeat) const;

  void heard(const model::PeerName& name, base::Instant now);
  void lose(const model::PeerName& name, LossCause cause, base::Instant now);
  // Whether it reaches the suspect; only one that we reach is asked.
  void ask(const model::PeerName& via, const model::PeerName& suspect);
  void note_own_row();
  void come_up_if_due(base::Instant now);
  bool found_its_place(base::Instant now) const;
  // A member that is up and serves hears us in our new life.
  bool admitted() const;
  bool is_reached_and_up(const model::PeerName& name) const;
  // All were set to down, and enough of them are here.
  bool may_serve_again() const;
  // By its own account, in our present life.
  bool hears_us(const model::PeerName& name) const;
  void come_up();
  Peer& peer(const model::PeerName& name);
  const Peer* find(const model::PeerName& name) const;
  std::vector<base::Endpoint> unknown_seeds() const;
  bool is_self(const model::PeerName& name) const { return name == self_.name; }

  MembershipSettings settings_;
  model::PeerInfo self_;
  model::Generation self_down_through_ = 0;
  PeerTable table_;
  std::map<model::PeerName, Peer> peers_;
  ReachMatrix matrix_;
  std::vector<base::Endpoint> seeds_;
  std::set<base::Endpoint> own_seeds_;    // at which we answered ourselves
  std::set<base::Endpoint> tried_seeds_;  // that failed at least once
  base::Instant joining_since_;
  bool was_down_ = false;
  model::PeerNames left_behind_;
  std::optional<base::Instant> conflict_told_;
  Effects effects_;
};

}  // namespace waypost::membership

#endif  // WAYPOST_NAMESRV_MEMBERSHIP_MEMBERSHIP_H_
