#ifndef WAYPOST_NAMESRV_MEMBERSHIP_PARTITION_HISTORY_H_
#define WAYPOST_NAMESRV_MEMBERSHIP_PARTITION_HISTORY_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "wire/model/peer.h"

namespace waypost::membership {

enum class PartitionKind : std::uint8_t {
  kLoss = 0,       // peers were lost; dead or cut off, nobody knows yet
  kOutage = 1,     // those lost had died: they came back as new lives, or not
  kPartition = 2,  // both sides went on
  kPartial = 3,    // some peer reached those that we had lost
  kOneSided = 4,   // we were written off and never lost anybody
  kOwnGap = 5,     // we did not run
};
std::string_view partition_kind_name(PartitionKind kind);

// One loss of sight as this nameserver lived it: who, since when, until when,
// seen by whom, what was done.
struct PartitionRecord {
  std::uint64_t id = 0;  // grows
  PartitionKind kind = PartitionKind::kLoss;
  model::PeerNames peers;  // lost, or that had written us off
  model::PeerNames
      seen_by;  // who else could not reach them, or could (partial)
  base::WallTime since;
  std::optional<base::WallTime> until;  // none: it goes on
  std::vector<std::string> actions;     // "paused: ..."

  bool open() const { return !until.has_value(); }

  friend bool operator==(const PartitionRecord&,
                         const PartitionRecord&) = default;
};

// The records, newest last. Losses that overlap are one record. A pure value;
// what changed since the last look is to be kept by the caller.
class PartitionHistory {
 public:
  explicit PartitionHistory(std::size_t records_max = 200,
                            std::vector<PartitionRecord> kept = {},
                            base::WallTime now = {});

  void on_lost(const model::PeerName& peer, base::WallTime now);
  // `by` reaches a peer that we lost.
  void on_partial(const model::PeerName& suspect, const model::PeerName& by);
  // `observer` lost the peer as well.
  void on_seen_by(const model::PeerName& observer,
                  const model::PeerName& subject);
  // `same_life`: it went on meanwhile.
  void on_back(const model::PeerName& peer, bool same_life, base::WallTime now);
  // Not waited for any more: forgotten, down, left.
  void on_gone(const model::PeerName& peer, base::WallTime now);
  void on_written_off(const model::PeerName& by, base::WallTime now);
  void on_own_gap(base::Duration gap, base::WallTime now);
  // What this nameserver did; goes to the open record, or to the last.
  void note(std::string action);

  // All that are over; those that go on stay. How many went.
  std::size_t clear();

  const std::deque<PartitionRecord>& records() const { return records_; }
  bool any_open() const;
  // Ids that were added or changed since the last call, for who keeps them.
  std::vector<std::uint64_t> take_changed();

 private:
  PartitionRecord& open_record(base::WallTime now);
  PartitionRecord* current();
  void settle(const model::PeerName& peer, base::WallTime now);
  void changed(const PartitionRecord& record);
  PartitionRecord& add(PartitionKind kind, base::WallTime since);

  std::size_t records_max_;
  std::uint64_t next_id_ = 1;
  std::deque<PartitionRecord> records_;
  model::PeerNames away_;  // of the open record
  std::vector<std::uint64_t> changed_;
};

}  // namespace waypost::membership

#endif  // WAYPOST_NAMESRV_MEMBERSHIP_PARTITION_HISTORY_H_
