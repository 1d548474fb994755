#ifndef WAYPOST_NAMESRV_SERVER_WORKER_POOL_H_
#define WAYPOST_NAMESRV_SERVER_WORKER_POOL_H_

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace waypost::server {

// Threads for work that must not hold up a loop: decoding large bodies, writing
// files. With one thread tasks run in the order of posting. What is queued may
// be bounded by whoever posts (NativeContext's decode budget).
class WorkerPool {
 public:
  explicit WorkerPool(std::size_t threads);
  // Runs what is queued, then ends the threads.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Any thread.
  void post(std::function<void()> task);

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;  // guarded by mutex_
  bool stopping_ = false;                    // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace waypost::server

#endif  // WAYPOST_NAMESRV_SERVER_WORKER_POOL_H_
