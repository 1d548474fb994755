#ifndef WAYPOST_CLIENT_SDK_RUNTIME_EVENT_THREAD_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_EVENT_THREAD_H_

#include <functional>
#include <memory>
#include <thread>

#include "base/clock.h"
#include "base/error.h"

namespace waypost::client {

// The process's thread for event handlers, apart from the one that talks to
// nameservers: made by the first client whose handler wants it, ended when the
// last lets go. Any thread.
class EventThread {
 public:
  static base::Result<std::shared_ptr<EventThread>> acquire();
  // For a child after fork(), where the current one has no thread.
  static void forget_current();

  // Waits for the thread to end, but not for a handler that does not return,
  // nor on the thread itself.
  ~EventThread();
  EventThread(const EventThread&) = delete;
  EventThread& operator=(const EventThread&) = delete;

  // Runs `task` on the thread, in the order of posting. After the end it is
  // destroyed unrun.
  void post(std::function<void()> task);
  bool in_this_thread() const;

 private:
  struct Shared;
  explicit EventThread(std::shared_ptr<Shared> shared);

  // Outlives this object if the thread does.
  const std::shared_ptr<Shared> shared_;
  std::thread thread_;
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_EVENT_THREAD_H_
