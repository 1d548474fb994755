#include "wire/transport/timer_queue.h"

#include <utility>

namespace waypost::transport {

class TimerQueue::Entry final : public base::Timer {
 public:
  Entry(TimerQueue* owner, base::Instant due_at, std::uint64_t number,
        std::function<void()> function)
      : queue(owner),
        due(due_at),
        sequence(number),
        task(std::move(function)) {}
  ~Entry() override {
    if (queue != nullptr) queue->remove(*this);
  }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

  TimerQueue* queue;  // null when not in the heap any more
  const base::Instant due;
  const std::uint64_t sequence;
  std::size_t index = 0;
  std::function<void()> task;
};

TimerQueue::~TimerQueue() {
  for (Entry* entry : heap_) entry->queue = nullptr;
}

std::unique_ptr<base::Timer> TimerQueue::add(base::Instant due,
                                             std::function<void()> task) {
  auto entry =
      std::make_unique<Entry>(this, due, next_sequence_++, std::move(task));
  heap_.push_back(entry.get());
  sift_up(heap_.size() - 1);
  return entry;
}

std::optional<base::Instant> TimerQueue::next_due() const {
  if (heap_.empty()) return std::nullopt;
  return heap_.front()->due;
}

void TimerQueue::run_due(base::Instant now) {
  const std::uint64_t added_later = next_sequence_;
  // A timer added meanwhile is due at `now` at the earliest, so it stands
  // behind all that are due now, and the first one ends the run.
  while (!heap_.empty() && heap_.front()->due <= now &&
         heap_.front()->sequence < added_later) {
    Entry& entry = *heap_.front();
    remove(entry);
    // The task may destroy its own timer, and with it the function.
    const auto task = std::move(entry.task);
    task();
  }
}

bool TimerQueue::before(const Entry& a, const Entry& b) {
  return a.due != b.due ? a.due < b.due : a.sequence < b.sequence;
}

void TimerQueue::place(std::size_t index, Entry* entry) {
  heap_[index] = entry;
  entry->index = index;
}

void TimerQueue::sift_up(std::size_t index) {
  Entry* const entry = heap_[index];
  while (index > 0) {
    const std::size_t parent = (index - 1) / 2;
    if (!before(*entry, *heap_[parent])) break;
    place(index, heap_[parent]);
    index = parent;
  }
  place(index, entry);
}

void TimerQueue::sift_down(std::size_t index) {
  Entry* const entry = heap_[index];
  for (;;) {
    std::size_t child = 2 * index + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && before(*heap_[child + 1], *heap_[child])) {
      ++child;
    }
    if (!before(*heap_[child], *entry)) break;
    place(index, heap_[child]);
    index = child;
  }
  place(index, entry);
}

void TimerQueue::remove(Entry& entry) {
  const std::size_t index = entry.index;
  Entry* const last = heap_.back();
  heap_.pop_back();
  entry.queue = nullptr;
  if (last == &entry) return;
  place(index, last);
  sift_up(index);
  sift_down(last->index);
}

}  // namespace waypost::transport
