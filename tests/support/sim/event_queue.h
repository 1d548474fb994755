#ifndef WAYPOST_TESTS_SUPPORT_SIM_EVENT_QUEUE_H_
#define WAYPOST_TESTS_SUPPORT_SIM_EVENT_QUEUE_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/clock.h"

namespace waypost::sim {

class SimExecutor;

// What kind of work an event is. A thawed node runs the timers that came due
// first: so does libuv after SIGCONT, and it is the order in which expiry
// looks at stale stamps before the input that would refresh them.
enum class EventKind : std::uint8_t { kTimer, kTask, kKernel };

struct Event {
  base::Instant at;
  std::uint64_t sequence = 0;
  EventKind kind = EventKind::kTask;
  SimExecutor* target = nullptr;  // null: the kernel's or the world's own work
  std::uint64_t life = 0;         // of the target's node; old ones are dropped
  std::function<void()> run;
};

// Everything that will happen, ordered by (time, sequence): what was asked for
// first runs first among equals. That order is the whole simulation.
class EventQueue {
 public:
  void push(Event event) {
    event.sequence = ++sequence_;
    heap_.push_back(std::move(event));
    std::push_heap(heap_.begin(), heap_.end(), later);
  }

  bool empty() const { return heap_.empty(); }
  base::Instant next_at() const { return heap_.front().at; }

  Event pop() {
    WAYPOST_ASSERT(!heap_.empty());
    std::pop_heap(heap_.begin(), heap_.end(), later);
    Event event = std::move(heap_.back());
    heap_.pop_back();
    return event;
  }

  // Removes what would run on the executors that `doomed` picks.
  template <typename Doomed>
  void remove_if(const Doomed& doomed) {
    std::vector<Event> removed;
    for (std::size_t i = 0; i < heap_.size();) {
      if (heap_[i].target != nullptr && doomed(*heap_[i].target)) {
        removed.push_back(std::move(heap_[i]));
        heap_[i] = std::move(heap_.back());
        heap_.pop_back();
      } else {
        ++i;
      }
    }
    std::make_heap(heap_.begin(), heap_.end(), later);
  }

  // What an event captured may schedule another when it is destroyed.
  void clear() {
    while (!heap_.empty()) std::exchange(heap_, {}).clear();
  }

 private:
  static bool later(const Event& a, const Event& b) {
    return std::pair(a.at, a.sequence) > std::pair(b.at, b.sequence);
  }

  std::vector<Event> heap_;
  std::uint64_t sequence_ = 0;
};

}  // namespace waypost::sim

#endif  // WAYPOST_TESTS_SUPPORT_SIM_EVENT_QUEUE_H_
