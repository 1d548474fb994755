#ifndef WAYPOST_WIRE_TRANSPORT_TIMER_QUEUE_H_
#define WAYPOST_WIRE_TRANSPORT_TIMER_QUEUE_H_

// The timers of one loop, as a heap under a single uv_timer. A uv_timer for
// each would cost a close callback, one more turn and 152 bytes every time a
// call's deadline is cancelled, which is nearly always; and libuv's times are
// whole milliseconds, which reorders timers that are due within one.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"

namespace waypost::transport {

// Knows no clock and no loop. One thread.
class TimerQueue {
 public:
  TimerQueue() = default;
  // Timers that are left never run; they may be destroyed later.
  ~TimerQueue();
  TimerQueue(const TimerQueue&) = delete;
  TimerQueue& operator=(const TimerQueue&) = delete;

  // The timer may be destroyed at any time, also within a task.
  [[nodiscard]] std::unique_ptr<base::Timer> add(base::Instant due,
                                                 std::function<void()> task);

  std::optional<base::Instant> next_due() const;

  // Runs what was added before this call and is due at `now`, in the order of
  // due time, then of adding.
  void run_due(base::Instant now);

  std::size_t size() const { return heap_.size(); }

 private:
  class Entry;

  static bool before(const Entry& a, const Entry& b);
  void place(std::size_t index, Entry* entry);
  void sift_up(std::size_t index);
  void sift_down(std::size_t index);
  void remove(Entry& entry);

  std::vector<Entry*> heap_;  // the entries belong to who holds the timer
  std::uint64_t next_sequence_ = 0;
};

}  // namespace waypost::transport

#endif  // WAYPOST_WIRE_TRANSPORT_TIMER_QUEUE_H_
