#ifndef WAYPOST_BASE_EXECUTOR_H_
#define WAYPOST_BASE_EXECUTOR_H_

#include <functional>
#include <memory>

#include "base/clock.h"

namespace waypost::base {

// A pending timer. Destroying it cancels it: its function will not run any
// more. Must be destroyed on the executor's own thread; may be destroyed from
// within its own function.
class Timer {
 public:
  virtual ~Timer() = default;
};

// A place where functions run one after another on one thread: an event loop
// in production, the virtual clock's queue in simulation.
class Executor : public Clock {
 public:
  // Runs `task` on the executor's thread, in the order of posting, never
  // inside the call. Any thread may call it. After the executor has stopped
  // the task is destroyed without being run.
  virtual void post(std::function<void()> task) = 0;

  // Runs `task` once, `delay` from now (at the next turn when not positive),
  // unless the Timer is destroyed before. Own thread only.
  [[nodiscard]] virtual std::unique_ptr<Timer> run_after(
      Duration delay, std::function<void()> task) = 0;

  // True on the executor's own thread. For assertions.
  virtual bool in_executor_thread() const = 0;
};

}  // namespace waypost::base

#endif  // WAYPOST_BASE_EXECUTOR_H_
