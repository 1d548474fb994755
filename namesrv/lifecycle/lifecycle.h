#ifndef WAYPOST_NAMESRV_LIFECYCLE_LIFECYCLE_H_
#define WAYPOST_NAMESRV_LIFECYCLE_LIFECYCLE_H_

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "wire/model/operations.h"

namespace waypost::lifecycle {

struct LifecycleSettings {
  base::Duration starting_max_wait = std::chrono::seconds(45);
  bool wait_for_roster = true;  // RocketMQ's needWaitForService
  base::Duration scan_interval = std::chrono::seconds(10);
  base::Duration smallest_expiry = std::chrono::seconds(120);
  base::Duration recovering_hold = std::chrono::seconds(1);
};

// One broker of the roster that an earlier life of this nameserver left.
struct RosterEntry {
  model::ClusterName cluster;
  model::BrokerKey broker;
  base::WallTime last_seen;
  base::Duration expiry{0};
};

// In which state a nameserver is and why: starting -> serving <-> recovering,
// draining (DESIGN section 7). A pure value. What it guards:
//  - after a restart no partial route is answered: a quarter of a route is
//  worse
//    than none, so route queries wait until all brokers of the roster that have
//    not expired are back, or `starting_max_wait` has passed;
//  - after a sleep (SIGSTOP, suspended machine) nobody is removed for the
//  silence
//    that was ours: removals wait until input that queued up has been processed
//    and `recovering_hold` has passed.
class Lifecycle {
 public:
  Lifecycle(LifecycleSettings settings, const std::vector<RosterEntry>& roster,
            base::Instant now, base::WallTime wall_now);

  // A broker registered.
  void on_registered(const model::BrokerKey& broker, base::Instant now);

  // To be called on each turn of the registry thread with CLOCK_BOOTTIME.
  // Returns the gap when we did not run for more than max(2 s, expiry / 4).
  std::optional<base::Duration> on_turn(base::Duration boot_time,
                                        base::Instant now);

  // All input that was queued when the gap was noticed has been processed.
  void on_input_processed(base::Instant now);

  void on_tick(base::Instant now);
  void start_draining(std::string reason);

  model::ServerState state() const;
  std::string reason() const;     // for people; "waits for 2 brokers: a/0, b/0"
  bool answers_routes() const;    // false: not ready
  bool removals_allowed() const;  // false while recovering

 private:
  // (the helper's to fill)
};

}  // namespace waypost::lifecycle

#endif  // WAYPOST_NAMESRV_LIFECYCLE_LIFECYCLE_H_
