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
inline constexpr std::size_t kPartitionKinds = 6;
std::string_view partition_kind_name(PartitionKind kind);
// None: no kind of ours has that name.
std::optional<PartitionKind> partition_kind_of(std::string_view name);

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
  // While it goes on: when that was last put down, kLastSeenStep ago at most.
  base::WallTime last_seen;
  // This nameserver ended before it did: `until` is when it was last seen.
  bool end_unknown = false;

  bool open() const { return !until.has_value(); }

  friend bool operator==(const PartitionRecord&,
                         const PartitionRecord&) = default;
};

// A file is not written each second because a partition goes on.
inline constexpr base::Duration kLastSeenStep = std::chrono::seconds(10);
// The oldest make room for new ones beyond this many; docs/partitions.md.
inline constexpr std::size_t kPartitionRecordsMax = 200;

// What an earlier life has kept.
struct KeptPartitions {
  std::vector<PartitionRecord> records;  // oldest first
  // Of all there were, those that were cleared as well.
  std::uint64_t largest_id = 0;
};

// The records, newest last. Losses that overlap are one record. A pure value,
// to be kept by the caller whenever its version grows.
class PartitionHistory {
 public:
  // What went on when the earlier life ended is over now, with an end that
  // nobody knows.
  explicit PartitionHistory(std::size_t records_max = kPartitionRecordsMax,
                            KeptPartitions kept = {});

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
  // Set to down although this one reaches them: their link to another is bad.
  void on_bad_link(const model::PeerNames& ends, base::WallTime now);
  void on_written_off(const model::PeerName& by, base::WallTime now);
  void on_own_gap(base::Duration gap, base::WallTime now);
  // What this nameserver did; goes to the open record, or to the last.
  void note(std::string action);
  // To be called now and then; `last`: this nameserver is about to end.
  void on_time(base::WallTime now, bool last = false);

  // All that are over; those that go on stay. How many went.
  std::size_t clear();

  const std::deque<PartitionRecord>& records() const { return records_; }
  bool any_open() const;
  // Grows with every change of the records.
  std::uint64_t version() const { return version_; }

 private:
  PartitionRecord& open_record(base::WallTime now);
  PartitionRecord* current();
  void settle(const model::PeerName& peer, base::WallTime now);
  PartitionRecord& add(PartitionKind kind, base::WallTime since);

  std::size_t records_max_;
  std::uint64_t next_id_ = 1;
  std::deque<PartitionRecord> records_;
  model::PeerNames away_;  // of the open record
  std::uint64_t version_ = 0;
};

}  // namespace waypost::membership

#endif  // WAYPOST_NAMESRV_MEMBERSHIP_PARTITION_HISTORY_H_
