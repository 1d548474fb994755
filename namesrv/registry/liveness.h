#ifndef WAYPOST_NAMESRV_REGISTRY_LIVENESS_H_
#define WAYPOST_NAMESRV_REGISTRY_LIVENESS_H_

// Who has been silent for how long, and what follows from it. The decisions are
// made by scans, as in RocketMQ's NameServer: a broker goes at the first scan
// that finds it silent for longer than its expiry.
//
// Deadlines are kept in order, so a scan looks at what is due and not at what
// exists; a sign of life moves one element. (Rejected: walking all brokers at
// each scan, which at ten thousand brokers costs more than all that happens.)
//
// Two brakes hold against the case that it is we who cannot hear:
//  - suspicion is not raised when more than half of the brokers would get it
//    at once; "at once" is within suspect_after, because the last heartbeats of
//    brokers cut off together lie one heartbeat interval apart;
//  - the expiry brake engages when more than max(3, 20 %) of the brokers would
//    expire in one scan without a close having explained it. Each of them is
//    then held for one further expiry of its own, and goes only after that. It
//    releases when no more than that share is left to be held.
//
// Pure: `now` comes in and never goes back.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace waypost::registry {

struct LivenessSettings {
  base::Duration suspect_after = std::chrono::seconds(5);  // 0: never
  bool expiry_brake = true;
};

class Liveness {
 public:
  // Small numbers, reused: an index into what the caller keeps beside it.
  using Id = std::uint32_t;

  explicit Liveness(LivenessSettings settings) : settings_(settings) {}

  // A broker that was heard now. `can_be_suspect`: it sends heartbeats, so a
  // short silence means something.
  Id add(base::Duration expiry, bool can_be_suspect, base::Instant now);
  void remove(Id id);

  // A sign of life. Ends suspicion, the brake's hold and a departure; true when
  // the broker was suspect.
  bool heard(Id id, base::Instant now);
  // Counts from the last sign of life.
  void set_expiry(Id id, base::Duration expiry, bool can_be_suspect);

  // Its connection has closed, as announced: unless it is heard again, it goes
  // at the first scan after `deadline`, whatever its expiry and the brake.
  void depart_at(Id id, base::Instant deadline);

  // While exempt, silence means nothing: somebody else hears the broker. Its
  // expiry starts anew when that ends.
  void set_exempt(Id id, bool exempt, base::Instant now);
  // A silence that peers know of, too, is no reason to brake.
  void set_explained(Id id, bool explained) {
    entries_[id].explained = explained;
  }

  struct Outcome {
    std::vector<Id> expired;  // longest silent first; the caller removes them
    std::vector<Id> suspected;
    bool brake_engaged = false;   // at this scan
    bool brake_released = false;  // at this scan
    std::size_t held = 0;         // by the brake, now
  };
  // `suspend_removals`: nobody expires, suspicion goes on.
  Outcome scan(base::Instant now, bool suspend_removals);

  // Whether the broker may go now, without a scan: it is due, and so few others
  // are, or will be before they would have been heard once more, that it is its
  // own silence and not ours.
  bool is_due_alone(Id id, base::Instant now) const;

  bool is_suspect(Id id) const { return entries_[id].suspect; }
  bool is_departing(Id id) const { return entries_[id].departing; }
  base::Instant last_heard(Id id) const { return entries_[id].heard; }
  base::Duration expiry(Id id) const { return entries_[id].expiry; }

  std::size_t size() const { return expiries_.size(); }
  std::size_t suspect_count() const { return suspect_count_; }
  // The smallest expiry of a broker that is there.
  std::optional<base::Duration> smallest_expiry() const;
  // While the brake is engaged: when the last that it holds goes.
  std::optional<base::Duration> brake_releases_in(base::Instant now) const;

 private:
  using Deadline = std::pair<base::Instant, Id>;
  struct Entry {
    base::Instant heard;
    base::Duration expiry{0};
    base::Instant expires;  // as in `expiries_`
    bool can_be_suspect = false;
    bool suspect = false;
    bool departing = false;
    bool expired = false;  // the caller is about to remove it
    bool exempt = false;
    bool explained = false;
    std::optional<base::Instant> held_until;
  };
  struct Due {
    std::vector<Id> departed;  // a close or a peer explains it
    std::vector<Id> silent;
  };

  void schedule_expiry(Id id, base::Instant deadline);
  void schedule_suspicion(Id id, bool wanted);
  Due due_at(base::Instant now) const;
  bool too_many(std::size_t silent) const;
  void expire(const Due& due, base::Instant now, Outcome& outcome);
  void hold(Id id, base::Instant now, Outcome& outcome);
  void suspect(base::Instant now, Outcome& outcome);

  const LivenessSettings settings_;
  std::vector<Entry> entries_;
  std::vector<Id> free_ids_;
  std::set<Deadline> expiries_;    // of all
  std::set<Deadline> suspicions_;  // by last sign of life; of who may get it
  std::map<base::Duration, std::size_t> expiry_counts_;
  std::size_t suspect_count_ = 0;
  std::size_t exempt_count_ = 0;
  std::deque<base::Instant> raised_;  // when suspicion was raised lately
  bool brake_engaged_ = false;
  base::Instant brake_until_;
};

}  // namespace waypost::registry

#endif  // WAYPOST_NAMESRV_REGISTRY_LIVENESS_H_
