#include "client_sdk/runtime/event_outlet.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <utility>

namespace waypost::client {
namespace {

// One task delivers so many, so that others on the same executor get turns.
constexpr int kBatch = 64;

// Close waits for an executor to begin with what is left no longer than this:
// the caller may be what it runs on.
constexpr base::Duration kExecutorGrace = std::chrono::milliseconds(100);

// "For ever" must not overflow the clock.
base::Duration bounded(base::Duration timeout) {
  return std::min<base::Duration>(timeout, std::chrono::hours(24 * 365));
}

}  // namespace

// What the executor is handed. It may be thrown away instead of being run.
class EventOutlet::Delivery {
 public:
  explicit Delivery(std::shared_ptr<EventOutlet> outlet)
      : outlet_(std::move(outlet)) {}
  ~Delivery() {
    if (outlet_) outlet_->not_delivered();
  }
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;

  void run() {
    if (const auto outlet = std::move(outlet_)) outlet->deliver_some();
  }

 private:
  std::shared_ptr<EventOutlet> outlet_;
};

base::Result<std::shared_ptr<EventOutlet>> EventOutlet::create(
    const ClientOptions& options) {
  std::shared_ptr<EventOutlet> outlet(new EventOutlet(options));
  if (outlet->handler_) {
    if (const auto status = outlet->acquire_thread(); !status) {
      return tl::unexpected(status.error());
    }
  }
  return outlet;
}

EventOutlet::EventOutlet(const ClientOptions& options)
    : polled_(options.event_delivery == EventDelivery::kPoll),
      handler_(polled_ ? nullptr : options.on_event),
      executor_(options.event_delivery == EventDelivery::kExecutor
                    ? options.event_executor
                    : nullptr),
      wake_(polled_ ? options.on_events_ready : nullptr),
      sink_(options.on_log),
      levels_(options.on_log ? static_cast<base::LogLevel>(options.log_level)
                             : base::LogLevel::kOff),
      logger_(&sink_, &levels_, base::LogComponent::kClient),
      backlog_(static_cast<std::size_t>(options.event_queue_max)) {}

base::Status EventOutlet::acquire_thread() {
  if (polled_ || executor_) return {};
  {
    const std::lock_guard lock(mutex_);
    if (thread_) return {};
  }
  auto acquired = EventThread::acquire();
  if (!acquired) return tl::unexpected(acquired.error());
  const std::lock_guard lock(mutex_);
  thread_ = std::move(*acquired);
  return {};
}

// --- Putting in ---

void EventOutlet::emit(Event event) {
  if (!wanted()) return;
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    first = nothing();
    backlog_.push(std::move(event));
  }
  if (!polled_) return schedule();
  if (first) wake();
}

base::Status EventOutlet::run(std::function<void()> task) {
  if (const auto status = acquire_thread(); !status) return status;
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = nothing();
    tasks_.push_back(std::move(task));
  }
  if (!polled_) {
    schedule();
  } else if (first) {
    wake();
  }
  return {};
}

void EventOutlet::wake() {
  changed_.notify_all();
  if (!wake_) return;
  try {
    wake_();
  } catch (...) {
    logger_.error("on_events_ready threw");
  }
}

void EventOutlet::schedule() {
  std::shared_ptr<EventThread> thread;
  {
    const std::lock_guard lock(mutex_);
    if (scheduled_ || nothing()) return;
    scheduled_ = true;
    thread = thread_;
  }
  const auto delivery = std::make_shared<Delivery>(shared_from_this());
  if (thread) return thread->post([delivery] { delivery->run(); });
  try {
    executor_([delivery] { delivery->run(); });
  } catch (...) {
    logger_.error("the event executor threw");
  }
}

// --- Handing out ---

void EventOutlet::deliver_some() {
  std::unique_lock lock(mutex_);
  deliverer_ = std::this_thread::get_id();
  for (int i = 0; i < kBatch; ++i) {
    if (!tasks_.empty()) {
      auto task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      call(task);
      task = nullptr;
      lock.lock();
    } else if (const auto event = backlog_.pop()) {
      lock.unlock();
      call([&] { handler_(*event); });
      lock.lock();
    } else {
      break;
    }
  }
  deliverer_ = {};
  scheduled_ = false;
  changed_.notify_all();
  lock.unlock();
  schedule();
}

// What waits is delivered with the next event.
void EventOutlet::not_delivered() {
  const std::lock_guard lock(mutex_);
  scheduled_ = false;
}

void EventOutlet::call(const std::function<void()>& what) {
  try {
    what();
  } catch (const std::exception& error) {
    logger_.error("the event handler threw", {{"what", error.what()}});
  } catch (...) {
    logger_.error("the event handler threw");
  }
}

std::vector<Event> EventOutlet::poll(std::size_t max) {
  std::vector<Event> events;
  if (!polled_) return events;
  std::unique_lock lock(mutex_);
  const auto tasks = std::move(tasks_);
  tasks_.clear();
  while (events.size() < max) {
    auto event = backlog_.pop();
    if (!event) break;
    events.push_back(std::move(*event));
  }
  lock.unlock();
  for (const auto& task : tasks) call(task);
  return events;
}

bool EventOutlet::wait(base::Duration timeout) {
  if (!polled_) return false;
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, bounded(timeout),
                    [this] { return closed_ || !nothing(); });
  return !nothing();
}

bool EventOutlet::in_delivery() const {
  const std::lock_guard lock(mutex_);
  return deliverer_ == std::this_thread::get_id() ||
         (thread_ && thread_->in_this_thread());
}

// --- The end ---

bool EventOutlet::close(base::Duration timeout) {
  // Its own handler, or in the way of everybody's handlers.
  const bool can_wait = !in_delivery();
  const auto deadline = std::chrono::steady_clock::now() + bounded(timeout);
  std::shared_ptr<EventThread> thread;  // let go without the lock
  std::unique_lock lock(mutex_);
  if (polled_) {
    closed_ = true;
    changed_.notify_all();
    return true;
  }
  if (can_wait) {
    const base::Duration patience =
        executor_ ? std::min(timeout, kExecutorGrace) : bounded(timeout);
    changed_.wait_for(lock, patience, [this] { return idle(); });
  }
  closed_ = true;
  backlog_.clear();
  if (can_wait) {
    changed_.wait_until(lock, deadline, [this] { return !delivering(); });
  }
  if (tasks_.empty()) thread = std::move(thread_);
  return !can_wait || !delivering();
}

bool EventOutlet::wait_for_handler(base::Duration timeout) {
  if (in_delivery()) return true;
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, bounded(timeout),
                           [this] { return !delivering(); });
}

EventOutlet::Counts EventOutlet::counts() const {
  const std::lock_guard lock(mutex_);
  return {backlog_.size(), backlog_.merged(), backlog_.lost()};
}

}  // namespace waypost::client
