#include "client_sdk/runtime/loop_thread.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <utility>

#include <pthread.h>

#include "client_sdk/runtime/signals_blocked.h"

namespace waypost::client {
namespace {

// Never destroyed: a client may be a static object of the application. A child
// after fork() gets another.
struct Shelf {
  std::mutex mutex;
  std::weak_ptr<LoopThread> current;
};
Shelf*& shelf() {
  static auto* shelf = new Shelf;
  return shelf;
}

}  // namespace

struct LoopThread::Shared {
  std::unique_ptr<transport::Loop> loop;
  std::mutex mutex;
  std::condition_variable ended_changed;
  bool ended = false;

  void run() {
    pthread_setname_np(pthread_self(), "waypost-client");
    loop->run();
    loop.reset();
    // Under the lock, so that the waiter does not free this before.
    const std::lock_guard lock(mutex);
    ended = true;
    ended_changed.notify_all();
  }
};

void LoopThread::forget_current() { shelf() = new Shelf; }

base::Result<std::shared_ptr<LoopThread>> LoopThread::acquire() {
  Shelf& all = *shelf();
  const std::lock_guard lock(all.mutex);
  if (auto current = all.current.lock()) return current;
  auto shared = std::make_shared<Shared>();
  shared->loop = transport::Loop::create();
  if (!shared->loop) {
    return base::fail(base::ErrorCode::kInternal, "no event loop could be made",
                      "check the limit of open files");
  }
  std::shared_ptr<LoopThread> made(new LoopThread(std::move(shared)));
  try {
    const AllSignalsBlocked blocked;
    made->thread_ = std::thread([shared = made->shared_] { shared->run(); });
  } catch (const std::system_error& error) {
    return base::fail(
        base::ErrorCode::kInternal,
        std::string("no thread could be started: ") + error.what(),
        "check the limit of threads");
  }
  all.current = made;
  return made;
}

LoopThread::LoopThread(std::shared_ptr<Shared> shared)
    : shared_(std::move(shared)) {}

LoopThread::~LoopThread() {
  if (!thread_.joinable()) return;  // never started
  shared_->loop->stop();
  if (in_this_thread()) {
    thread_.detach();
    return;
  }
  bool ended = false;
  {
    std::unique_lock lock(shared_->mutex);
    ended = shared_->ended_changed.wait_for(lock, patience_.load(),
                                            [this] { return shared_->ended; });
  }
  if (ended) {
    thread_.join();
  } else {
    thread_.detach();
  }
}

transport::Loop& LoopThread::loop() { return *shared_->loop; }

bool LoopThread::in_this_thread() const {
  return thread_.get_id() == std::this_thread::get_id();
}

}  // namespace waypost::client
