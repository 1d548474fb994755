#ifndef WAYPOST_NAMESRV_SERVER_PARTITION_KEEPER_H_
#define WAYPOST_NAMESRV_SERVER_PARTITION_KEEPER_H_

#include <functional>
#include <memory>
#include <vector>

#include "base/executor.h"
#include "base/log.h"
#include "namesrv/membership/partition_history.h"
#include "namesrv/store/partition_store.h"

namespace waypost::server {

// Takes the history of partitions to the disk and back, written on the writer
// thread. However slow the disk is, one history waits for it at most: the
// newest. On the registry thread, but for what it posts.
class PartitionKeeper {
 public:
  struct Shell {
    base::Executor* executor = nullptr;  // the registry thread
    std::function<void(std::function<void()>)> run_on_writer;
    base::Logger logger;
  };
  PartitionKeeper(std::unique_ptr<store::PartitionStore> store, Shell shell);

  // What an earlier life has kept; what is wrong with it is in the log and no
  // reason not to start. Blocks; once, before keep().
  membership::KeptPartitions load();

  // Writes when something is other than it was, or could not be written; may be
  // called often. `kept`, unless null, is called once on the executor, when it
  // is on the disk or with why not.
  using Kept = std::function<void(base::Status)>;
  void keep(const membership::PartitionHistory& history, Kept kept);

 private:
  struct Writing;

  const Shell shell_;
  // Shared with what waits on the writer thread.
  const std::shared_ptr<Writing> writing_;
  std::uint64_t version_ = 0;  // that was given to the writer
};

}  // namespace waypost::server

#endif  // WAYPOST_NAMESRV_SERVER_PARTITION_KEEPER_H_
