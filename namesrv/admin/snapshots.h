#ifndef WAYPOST_NAMESRV_ADMIN_SNAPSHOTS_H_
#define WAYPOST_NAMESRV_ADMIN_SNAPSHOTS_H_

#include <functional>
#include <memory>

#include "base/clock.h"
#include "base/error.h"
#include "namesrv/admin/snapshot.h"

namespace waypost::admin_http {

// Snapshots out of the registry thread, for threads that may wait. However many
// ask, one task at a time is on its way to that thread, and one snapshot serves
// all who ask within `fresh`: whoever scrapes costs it little, and a registry
// thread that hangs is seen as such and not buried under questions.
class Snapshots {
 public:
  struct Shell {
    // Runs a task on the registry thread, or destroys it.
    std::function<void(std::function<void()>)> post;
    std::function<Snapshot()> take;  // on the registry thread
    base::Duration fresh = std::chrono::milliseconds(200);
    base::Duration wait_max = std::chrono::seconds(2);
  };
  explicit Snapshots(Shell shell);
  ~Snapshots();
  Snapshots(const Snapshots&) = delete;
  Snapshots& operator=(const Snapshots&) = delete;

  using Taken = std::shared_ptr<const Snapshot>;
  // Any thread but the registry thread. kTimedOut: it does not turn, and for
  // how long; kCancelled after stop().
  base::Result<Taken> get();

  // Whoever waits is sent away. Any thread.
  void stop();

 private:
  struct State;
  const Shell shell_;
  const std::shared_ptr<State> state_;  // shared with the task on its way
};

}  // namespace waypost::admin_http

#endif  // WAYPOST_NAMESRV_ADMIN_SNAPSHOTS_H_
