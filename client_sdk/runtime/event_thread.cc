#include "client_sdk/runtime/event_thread.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <system_error>
#include <utility>

#include <pthread.h>

#include "client_sdk/runtime/signals_blocked.h"

namespace waypost::client {
namespace {

// Whoever let go last has waited for its handler; what is left is the way out.
constexpr base::Duration kPatience = std::chrono::milliseconds(100);

// Never destroyed: a client may be a static object of the application. A child
// after fork() gets another.
struct Shelf {
  std::mutex mutex;
  std::weak_ptr<EventThread> current;
};
Shelf*& shelf() {
  static auto* shelf = new Shelf;
  return shelf;
}

}  // namespace

struct EventThread::Shared {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::function<void()>> tasks;  // guarded by mutex
  bool stopping = false;                    // guarded by mutex
  bool ended = false;                       // guarded by mutex

  void run() {
    pthread_setname_np(pthread_self(), "waypost-events");
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [this] { return stopping || !tasks.empty(); });
      if (stopping) break;
      auto task = std::move(tasks.front());
      tasks.pop_front();
      lock.unlock();
      task();
      task = nullptr;  // may be the end of a client, and of the EventThread
      lock.lock();
    }
    const auto unrun = std::move(tasks);
    ended = true;
    changed.notify_all();
    lock.unlock();
  }
};

void EventThread::forget_current() { shelf() = new Shelf; }

base::Result<std::shared_ptr<EventThread>> EventThread::acquire() {
  Shelf& all = *shelf();
  const std::lock_guard lock(all.mutex);
  if (auto current = all.current.lock()) return current;
  std::shared_ptr<EventThread> made(
      new EventThread(std::make_shared<Shared>()));
  try {
    const AllSignalsBlocked blocked;
    made->thread_ = std::thread([shared = made->shared_] { shared->run(); });
  } catch (const std::system_error& error) {
    return base::fail(
        base::ErrorCode::kInternal,
        std::string("no thread could be started: ") + error.what(),
        "check the limit of threads, or poll for events");
  }
  all.current = made;
  return made;
}

EventThread::EventThread(std::shared_ptr<Shared> shared)
    : shared_(std::move(shared)) {}

EventThread::~EventThread() {
  if (!thread_.joinable()) return;  // never started
  std::unique_lock lock(shared_->mutex);
  shared_->stopping = true;
  shared_->changed.notify_all();
  const bool ended = !in_this_thread() &&
                     shared_->changed.wait_for(
                         lock, kPatience, [this] { return shared_->ended; });
  lock.unlock();
  if (ended) {
    thread_.join();
  } else {
    thread_.detach();
  }
}

void EventThread::post(std::function<void()> task) {
  const std::lock_guard lock(shared_->mutex);
  shared_->tasks.push_back(std::move(task));
  shared_->changed.notify_all();
}

bool EventThread::in_this_thread() const {
  return thread_.get_id() == std::this_thread::get_id();
}

}  // namespace waypost::client
