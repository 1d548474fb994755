#ifndef WAYPOST_WIRE_TRANSPORT_TASK_QUEUE_H_
#define WAYPOST_WIRE_TRANSPORT_TASK_QUEUE_H_

#include <cstddef>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace waypost::transport {

// What other threads want run on the loop's thread, in the order of posting.
class TaskQueue {
 public:
  // From any thread. True when the queue was empty: wake the loop. After
  // close() the task is destroyed.
  bool push(std::function<void()> task) {
    const std::lock_guard lock(mutex_);
    if (closed_) return false;
    tasks_.push_back(std::move(task));
    return tasks_.size() == 1;
  }

  // Runs what was queued at the call; a task that posts another one does not
  // keep the loop from its sockets.
  void run_queued() {
    {
      const std::lock_guard lock(mutex_);
      running_.swap(tasks_);
    }
    for (auto& task : running_) std::exchange(task, nullptr)();
    // The memory of an ordinary turn is kept, that of a burst is not.
    running_.clear();
    if (running_.capacity() > kKeptCapacity) running_.shrink_to_fit();
  }

  // Destroys what is queued and all that comes later.
  void close() {
    std::vector<std::function<void()>> dropped;
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
      dropped.swap(tasks_);
    }
    // Out of the lock: a task's destructor may post.
  }

 private:
  static constexpr std::size_t kKeptCapacity = 4096;

  std::vector<std::function<void()>> running_;  // loop thread only

  std::mutex mutex_;
  std::vector<std::function<void()>> tasks_;  // guarded by mutex_
  bool closed_ = false;                       // guarded by mutex_
};

}  // namespace waypost::transport

#endif  // WAYPOST_WIRE_TRANSPORT_TASK_QUEUE_H_
