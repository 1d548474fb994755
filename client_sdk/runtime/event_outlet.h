#ifndef WAYPOST_CLIENT_SDK_RUNTIME_EVENT_OUTLET_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_EVENT_OUTLET_H_

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "client_sdk/core/event_backlog.h"
#include "client_sdk/runtime/event_thread.h"
#include "client_sdk/runtime/hook_sink.h"
#include "waypost/options.hpp"

namespace waypost::client {

// Takes what the loop's thread has to tell the application to where the
// application asked for it. Any thread. Delivery under way keeps it alive.
//
// The life of an event: emit() puts it into the backlog and, when no delivery
// is on its way, hands one task to the executor (the library's event thread is
// one too); the task calls the handler, one event after another, without the
// lock. A handler that blocks, an executor that never runs the task or one that
// throws it away cost a full backlog and nothing else: whoever emits never
// waits.
class EventOutlet : public std::enable_shared_from_this<EventOutlet> {
 public:
  // Makes the event thread if `options` need it.
  static base::Result<std::shared_ptr<EventOutlet>> create(
      const ClientOptions& options);

  // False: nobody would hear.
  bool wanted() const { return polled_ || handler_ != nullptr; }

  void emit(Event event);

  // Runs `task` where events are delivered, in the order of these calls and
  // before events that wait; also without a handler for events, also after
  // close(). Polling runs it within poll(). For what must be called exactly
  // once: only a task that the application's executor throws away, or that is
  // never polled for, is destroyed unrun. What it throws is caught and logged.
  // Fails when the event thread cannot be made.
  base::Status run(std::function<void()> task);
  // True on a thread that delivers for this client right now, and on the event
  // thread if it would be.
  bool in_delivery() const;

  std::vector<Event> poll(std::size_t max);
  bool wait(base::Duration timeout);

  // Nothing is taken any more. Waits until what is left is delivered, as
  // Client::close says; what is not is dropped. False: a handler still runs.
  bool close(base::Duration timeout);
  // Waits until no handler runs, its own excepted. False: one still runs.
  bool wait_for_handler(base::Duration timeout);

  struct Counts {
    std::uint64_t waiting = 0;
    std::uint64_t merged = 0;
    std::uint64_t lost = 0;
  };
  Counts counts() const;

 private:
  class Delivery;

  explicit EventOutlet(const ClientOptions& options);
  base::Status acquire_thread();
  void schedule();
  void deliver_some();
  void not_delivered();
  void wake();
  void call(const std::function<void()>& what);
  // With the lock held.
  bool idle() const { return nothing() && !delivering(); }
  bool nothing() const { return tasks_.empty() && backlog_.empty(); }
  bool delivering() const { return deliverer_ != std::thread::id(); }

  const bool polled_;
  const EventHandler handler_;
  const EventExecutor executor_;  // null for the event thread
  const EventWake wake_;
  HookSink sink_;
  base::LogLevels levels_;
  const base::Logger logger_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  EventBacklog backlog_;
  std::deque<std::function<void()>> tasks_;
  std::shared_ptr<EventThread> thread_;  // once it is needed
  bool scheduled_ = false;
  std::thread::id deliverer_;  // in whose handler we are
  bool closed_ = false;
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_EVENT_OUTLET_H_
