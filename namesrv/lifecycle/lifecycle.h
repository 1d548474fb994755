#ifndef WAYPOST_NAMESRV_LIFECYCLE_LIFECYCLE_H_
#define WAYPOST_NAMESRV_LIFECYCLE_LIFECYCLE_H_

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "wire/model/operations.h"

namespace waypost::lifecycle {

struct LifecycleSettings {
  base::Duration starting_max_wait = std::chrono::seconds(45);
  bool wait_for_roster = true;  // RocketMQ's needWaitForService
  // There are peers to take a copy from: starting until end_copying().
  bool waits_for_peers = false;
  base::Duration scan_interval = std::chrono::seconds(10);
  base::Duration smallest_expiry = std::chrono::seconds(120);
  base::Duration recovering_hold = std::chrono::seconds(1);
  // How long reads are refused at most by one that peers had written off.
  base::Duration resync_max_wait = std::chrono::seconds(5);
};

// One broker of the roster that an earlier life of this nameserver left.
struct RosterEntry {
  model::ClusterName cluster;
  model::BrokerKey broker;
  base::WallTime last_seen;  // for people
  base::Duration expiry{0};
  // How long it had been silent when that life last wrote the roster.
  base::Duration silence{0};

  friend bool operator==(const RosterEntry&, const RosterEntry&) = default;
};

// How long we may not run before silence counts as ours: max(2 s, expiry / 4).
// Less is scheduling; with more, a broker that was heard just before could seem
// half expired.
base::Duration gap_threshold(base::Duration smallest_expiry);

// From here on whoever talks to us may have given up on a connection because we
// did not answer: agents and clients wait for one to three seconds.
inline constexpr base::Duration kNapMin = std::chrono::seconds(2);

// In which state a nameserver is and why: starting -> serving <-> recovering,
// paused, draining. A pure value. What it guards:
//  - after a restart no partial route is answered: a quarter of a route is
//    worse than none, so route queries wait until all brokers of the roster are
//    back or have been silent for their expiry, ours apart, or
//    `starting_max_wait` has passed;
//  - after a sleep (SIGSTOP, suspended machine) nobody is removed for the
//    silence that was ours: removals wait until input that queued up has been
//    processed and `recovering_hold` has passed;
//  - after a nap, too short to be a sleep, silence counts as it is, but
//    connections that were closed meanwhile remove nobody: decision 6.
class Lifecycle {
 public:
  // Starting when the roster has somebody to wait for, or there are peers; else
  // serving at once.
  // Whoever had expired when the roster was written is not waited for. For how
  // long we were away does not count: while we were, nobody could be heard, and
  // a nameserver that was down for an hour knows no more than one that was down
  // for a minute.
  Lifecycle(LifecycleSettings settings, const std::vector<RosterEntry>& roster,
            base::Instant now);

  // A broker registered.
  void on_registered(const model::BrokerKey& broker, base::Instant now);

  // The brokers that are registered now have no smaller expiry than this
  // (Registry::smallest_expiry): what a gap is measured against.
  void set_smallest_expiry(base::Duration expiry);

  // To be called on each turn of the registry thread with CLOCK_BOOTTIME, and
  // by a timer at least each second, for an idle thread looks like one that
  // does not run. Returns the time since the turn before when that is a gap.
  std::optional<base::Duration> on_turn(base::Duration boot_time,
                                        base::Instant now);

  // All input that was queued when the gap was noticed has been processed.
  void on_input_processed(base::Instant now);

  void on_tick(base::Instant now);
  // For good.
  void start_draining(std::string reason);

  // --- With peers ---

  // Told by a partition policy or an operator: nobody is answered and nobody
  // removed. Again with another reason: that one shows.
  void pause(std::string reason);
  void resume(base::Instant now);
  // Peers may know what we missed: reads wait for their copy, `resync_max_wait`
  // at most. To be called only while one that serves is reachable.
  void start_resync(std::string reason, base::Instant now);
  void on_resynced();
  // A start that may take all from a peer waits for that, as it does for the
  // brokers of the roster: no longer, and not where that is switched off.
  void start_copying(base::Instant now);
  // `copied`: all is here, and nobody of the roster is waited for; otherwise
  // nobody has it to give.
  void end_copying(bool copied, base::Instant now);

  model::ServerState state() const;
  // For people; "waits for 2 of 5 known brokers: a/0, b/0; for 45s at most".
  std::string reason() const;
  bool answers_routes() const;    // false: not ready
  bool removals_allowed() const;  // false while recovering
  // False while recovering and while the input of a nap is processed.
  bool closes_remove() const { return removals_allowed() && !nap_; }
  // Whether the turn that on_turn() last told of came after a nap or a sleep:
  // on_input_processed() is to follow.
  bool napped() const { return napped_; }

 private:
  void end_waiting(std::string how);
  void end_recovering_if_due(base::Instant now);
  void end_resync(const std::string& how);
  std::string waiting_reason() const;
  std::string waiting_names() const;

  LifecycleSettings settings_;
  base::Instant started_;
  // Who is waited for, and from when on no more.
  std::map<model::BrokerKey, base::Instant> waiting_;
  std::size_t expected_ = 0;
  bool starting_ = false;
  std::string serves_since_;  // how it came to serve

  struct Turn {
    base::Duration boot_time;
    base::Instant now;
  };
  std::optional<Turn> last_turn_;
  struct Recovery {
    base::Instant noticed;
    base::Duration gap{0};
    bool input_processed = false;
  };
  std::optional<Recovery> recovery_;
  std::optional<Recovery> nap_;  // also while recovering
  bool napped_ = false;
  struct Resync {
    std::string reason;
    base::Instant until;
  };
  std::optional<Resync> resync_;
  std::optional<base::Instant> copying_until_;
  struct Pause {
    std::string reason;
  };
  std::optional<Pause> paused_;
  std::optional<std::string> draining_;
};

}  // namespace waypost::lifecycle

#endif  // WAYPOST_NAMESRV_LIFECYCLE_LIFECYCLE_H_
