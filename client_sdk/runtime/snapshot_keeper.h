#ifndef WAYPOST_CLIENT_SDK_RUNTIME_SNAPSHOT_KEEPER_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_SNAPSHOT_KEEPER_H_

#include <functional>
#include <memory>
#include <string>

#include "base/executor.h"
#include "base/log.h"
#include "client_sdk/runtime/snapshot.h"

namespace waypost::client {

// Reads a client's snapshot once and writes it anew soon after something has
// changed, so seldom that writing takes no more than a hundredth of the time.
// Loop thread only.
class SnapshotKeeper {
 public:
  // An empty path: does nothing. `collect` makes the snapshot to be written.
  SnapshotKeeper(base::Executor& executor, std::string path,
                 std::function<Snapshot()> collect, base::Logger logger);

  // What the file says; an empty snapshot when there is none. One that is
  // damaged is none, with a warning.
  Snapshot read();

  // Something worth keeping has changed.
  void changed() { write_within(pause_); }
  // What is known was confirmed: worth keeping in a while, and at the end.
  void confirmed();
  // Writes now what has changed, if anything has.
  void flush();

 private:
  void write_within(base::Duration pause);

  base::Executor& executor_;
  const std::string path_;
  const std::function<Snapshot()> collect_;
  const base::Logger logger_;
  bool dirty_ = false;
  base::Duration pause_;  // from a change to writing
  std::string complained_;
  base::Instant due_{};
  std::unique_ptr<base::Timer> timer_;
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_SNAPSHOT_KEEPER_H_
