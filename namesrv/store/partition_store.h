#ifndef WAYPOST_NAMESRV_STORE_PARTITION_STORE_H_
#define WAYPOST_NAMESRV_STORE_PARTITION_STORE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "wire/model/cluster.h"

namespace waypost::store {

// A record of the history of partitions as it is kept.
struct PartitionRow {
  model::PartitionEntry entry;
  base::WallTime last_seen;  // while it goes on

  friend bool operator==(const PartitionRow&, const PartitionRow&) = default;
};

// Keeps the history of partitions over restarts. Calls may block, may come from
// any thread, but must not overlap.
class PartitionStore {
 public:
  virtual ~PartitionStore() = default;

  struct Loaded {
    std::vector<PartitionRow> rows;  // oldest first
    // What could not be read of it, for people; empty: nothing.
    std::string lost;
    // Of all that were ever kept, also of those that have gone since.
    std::uint64_t largest_id = 0;
  };
  // What was kept, `rows_max` of the newest at most. An error says what was
  // found instead and what was done about it; none is a reason not to start.
  // After kMalformed keep() works.
  virtual base::Result<Loaded> load(std::size_t rows_max) = 0;

  // These instead of what is there, all or nothing; on the disk when it
  // returns well. What is the same already is not written again.
  virtual base::Status keep(const std::vector<PartitionRow>& rows) = 0;
};

// In `partitions.db` of the data directory, a SQLite database of its own: the
// configuration in state.db must not suffer from it. A damaged file is set
// aside as partitions.db.unreadable and a new one made (kMalformed); a newer
// program's is left alone (kUnsupported), and then nothing can be kept.
std::unique_ptr<PartitionStore> make_sqlite_partition_store(
    const std::string& data_directory);

}  // namespace waypost::store

#endif  // WAYPOST_NAMESRV_STORE_PARTITION_STORE_H_
