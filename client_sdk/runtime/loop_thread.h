#ifndef WAYPOST_CLIENT_SDK_RUNTIME_LOOP_THREAD_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_LOOP_THREAD_H_

#include <atomic>
#include <memory>
#include <thread>

#include "base/clock.h"
#include "base/error.h"
#include "client_sdk/runtime/client_loop.h"
#include "wire/transport/loop.h"

namespace waypost::client {

// The process's background thread and the loop that runs on it, shared by all
// clients: made by the first that acquires it, ended when the last lets go. Any
// thread.
class LoopThread final : public ClientLoop {
 public:
  static base::Result<std::shared_ptr<LoopThread>> acquire();
  // For a child after fork(), where the current one has no thread.
  static void forget_current();

  // Stops the loop and waits for the thread, a few seconds at most: a handler
  // of the application that never returns must not hold its shutdown. What
  // hangs on the loop must have been destroyed.
  ~LoopThread() override;
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

  // For how long whoever lets go last waits for the thread to end.
  void wait_at_most(base::Duration patience) override { patience_ = patience; }

  transport::Loop& loop() override;
  bool in_this_thread() const override;
  bool lent() const override { return false; }

 private:
  struct Shared;
  explicit LoopThread(std::shared_ptr<Shared> shared);

  // Outlives this object if the thread does.
  std::shared_ptr<Shared> shared_;
  std::thread thread_;
  std::atomic<base::Duration> patience_{std::chrono::seconds(5)};
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_LOOP_THREAD_H_
