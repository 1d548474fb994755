#include "client_sdk/runtime/engine_host.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "base/options.h"
#include "client_sdk/core/event_at.h"
#include "client_sdk/core/to_public.h"
#include "client_sdk/runtime/lent_loop.h"
#include "client_sdk/runtime/loop_thread.h"

namespace waypost::client {
namespace {

Error handler_blocks(base::Duration timeout) {
  return {ErrorCode::kTimedOut,
          "close: the background thread did not let go within " +
              base::format_duration(timeout),
          "an event or log handler of a client blocks"};
}

// A call that waits leaves it to the loop's thread to say that it is late for
// no longer than this.
constexpr base::Duration kLoopHeldUpMax = std::chrono::milliseconds(20);

// A thread without work is given this long to end in any case.
constexpr base::Duration kThreadEndMin = std::chrono::milliseconds(100);

// What a waiting thread and the loop's thread share; counted, because either
// may be the last.
class Waiter {
 public:
  void finish(Status status) {
    const std::lock_guard lock(mutex_);
    if (!status_) status_ = std::move(status);
    changed_.notify_all();
  }

  // Nothing when `timeout` passed first.
  std::optional<Status> wait(base::Duration timeout) {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock,
                        std::chrono::steady_clock::now() + bounded(timeout),
                        [this] { return status_.has_value(); });
    return status_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Status> status_;
};

}  // namespace

// --- Beginning and end ---

Result<std::shared_ptr<EngineHost>> EngineHost::create(ClientOptions options) {
  ForkGeneration::watch();
  auto loop = LoopThread::acquire();
  if (!loop) return to_public(loop.error());
  return make(std::move(options), std::move(*loop));
}

Result<std::shared_ptr<EngineHost>> EngineHost::create_on(
    uv_loop_s* loop, ClientOptions options) {
  ForkGeneration::watch();
  auto lent = LentLoop::acquire(loop);
  if (!lent) return to_public(lent.error());
  // No thread is made, for handlers neither.
  if (options.event_delivery == EventDelivery::kThread) {
    options.event_delivery = EventDelivery::kExecutor;
    options.event_executor = LentLoop::executor(*lent);
  }
  return make(std::move(options), std::move(*lent));
}

Result<std::shared_ptr<EngineHost>> EngineHost::make(
    ClientOptions options, std::shared_ptr<ClientLoop> loop) {
  const auto checked = check_options(options);
  if (!checked) return to_public(checked.error());
  auto events = EventOutlet::create(options);
  if (!events) return to_public(events.error());
  std::shared_ptr<EngineHost> host(new EngineHost(
      std::move(options), *checked, std::move(loop), std::move(*events)));
  host->start_engine();
  for (const auto& topic : host->options_.topics) {
    const auto followed = host->state_.topic(topic);
    if (followed) continue;
    const Error error =
        to_public(followed.error().with_context("client.topics"));
    (void)host->close(std::chrono::seconds(5));
    return error;
  }
  return host;
}

EngineHost::EngineHost(ClientOptions options, CheckedOptions checked,
                       std::shared_ptr<ClientLoop> loop,
                       std::shared_ptr<EventOutlet> events)
    : options_(std::move(options)),
      checked_(std::move(checked)),
      sink_(options_.on_log),
      levels_(options_.on_log ? static_cast<base::LogLevel>(options_.log_level)
                              : base::LogLevel::kOff),
      logger_(&sink_, &levels_, base::LogComponent::kClient),
      state_(options_, coarse_clock_, *this),
      events_(std::move(events)),
      loop_(std::move(loop)) {}

EngineHost::~EngineHost() = default;

void EngineHost::start_engine() {
  (void)post_task([self = shared_from_this(), &loop = loop_->loop()] {
    self->events_->emit(
        event_at(ClientCreated{self->options_.name}, loop.now(), loop));
    self->executor_ = &loop;
    self->calls_ = std::make_unique<PendingCalls>(loop);
    self->engine_ = std::make_unique<ClientEngine>(
        loop, loop.network(), self->options_, self->checked_, self->state_,
        *self->events_, self->logger_);
    self->tell_metrics_later();
  });
}

Status EngineHost::close(base::Duration timeout) {
  if (stranded()) return {};
  auto loop = this->loop();
  if (!loop) return wait_for_handler(timeout);
  if (loop->in_this_thread()) {
    if (closed_.load()) return {};
    if (loop->lent()) {
      abandon();
      return {};
    }
    return Error{ErrorCode::kInvalidArgument,
                 "close: called from an event or log handler",
                 "close from a thread of the application"};
  }
  const auto waiter = std::make_shared<Waiter>();
  if (!end_engine([waiter] { waiter->finish({}); })) {
    return wait_for_handler(timeout);
  }
  const base::Instant started = clock_.now();
  const bool let_go = waiter->wait(timeout).has_value();
  const base::Duration left = timeout - (clock_.now() - started);
  const bool in_time =
      events_->close(let_go ? std::max(left, base::Duration::zero())
                            : base::Duration::zero()) &&
      let_go;
  // The thread ends with its last client.
  loop->wait_at_most(
      let_go ? std::max(timeout - (clock_.now() - started), kThreadEndMin)
             : base::Duration::zero());
  let_go_of_loop();
  loop.reset();
  if (in_time) return {};
  return handler_blocks(timeout);
}

// Whoever closes after its handler did must not destroy what that handler still
// uses.
Status EngineHost::wait_for_handler(base::Duration timeout) const {
  if (events_->wait_for_handler(timeout)) return {};
  return handler_blocks(timeout);
}

void EngineHost::abandon() {
  if (!end_engine(
          [events = events_] { events->close(base::Duration::zero()); })) {
    return;
  }
  // The task holds the thread until it has run.
  (void)post_task([loop = loop()] {});
  let_go_of_loop();
}

bool EngineHost::end_engine(const std::function<void()>& ended) {
  if (closed_.exchange(true)) return false;
  (void)post_task([self = shared_from_this(), ended] {
    const base::Clock& clock = self->clock_;
    self->events_->emit(event_at(ClientClosing{}, clock.now(), clock));
    self->metrics_timer_.reset();
    self->engine_.reset();
    RouteTable nothing;
    nothing.closed = true;
    self->state_.routes().publish(std::move(nothing));
    self->calls_->finish_all(closed_error());
    self->events_->emit(event_at(ClientClosed{}, clock.now(), clock));
    if (ended) ended();
  });
  return true;
}

void EngineHost::let_go_of_loop() {
  std::shared_ptr<ClientLoop> last;  // may wait for the thread: not locked
  const std::lock_guard lock(loop_mutex_);
  last = std::move(loop_);
}

// --- Messages ---

std::shared_ptr<ClientLoop> EngineHost::loop() const {
  const std::lock_guard lock(loop_mutex_);
  return loop_;
}

Error EngineHost::why_ended() const {
  return stranded() ? forked_error() : closed_error();
}

Status EngineHost::post_task(std::function<void()> task) {
  if (stranded()) return forked_error();
  const auto loop = this->loop();
  if (!loop) return closed_error();
  loop->loop().post(std::move(task));
  return {};
}

void EngineHost::post(std::function<void(ClientEngine&)> task) {
  if (ended()) return;
  (void)post_task([self = shared_from_this(), task = std::move(task)] {
    if (self->engine_) task(*self->engine_);
  });
}

void EngineHost::want(TopicState& topic) {
  post([&topic](ClientEngine& engine) { engine.want(topic); });
}

void EngineHost::fault_changed(const FaultBoard::Change& change) {
  post([change](ClientEngine& engine) { engine.fault_changed(change); });
}

// --- Questions with a deadline ---

PendingCalls::Id EngineHost::begin(std::shared_ptr<PendingCall> call,
                                   base::Instant deadline,
                                   const CallLimits& limits) {
  const auto id = calls_->begin(std::move(call), deadline, limits.timeout);
  calls_->watch(
      id, CancelWatch(limits.cancel, [weak = weak_from_this(), id] {
        const auto self = weak.lock();
        if (!self) return;
        (void)self->post_task([self, id] { self->calls_->cancel(id); });
      }));
  return id;
}

Status EngineHost::start(Call call, PendingCall::Finish finish) {
  if (ended()) return why_ended();
  const base::Instant deadline = clock_.now() + bounded(call.limits.timeout);
  auto pending = std::make_shared<PendingCall>(call.what, std::move(finish));
  const Status posted = post_task([self = shared_from_this(),
                                   call = std::move(call), pending, deadline] {
    if (!self->engine_) return pending->finish(closed_error());
    if (call.limits.cancel.cancelled()) {
      return pending->finish(cancelled_error(call.what));
    }
    const auto id = self->begin(pending, deadline, call.limits);
    const std::weak_ptr<EngineHost> weak = self->weak_from_this();
    const auto waiter =
        call.question(*self->engine_, [weak, id](const base::Status& status) {
          if (const auto host = weak.lock()) {
            host->calls_->finish(id, to_public(status));
          }
        });
    self->calls_->when_late(id, [weak] {
      const auto host = weak.lock();
      return host && host->engine_ ? host->engine_->progress() : "";
    });
    self->calls_->when_cancelled(id, [weak, waiter] {
      const auto host = weak.lock();
      if (host && host->engine_) host->engine_->withdraw(waiter);
    });
  });
  if (!posted) pending->forget();
  return posted;
}

Status EngineHost::ask(Call call) {
  if (ended()) return why_ended();
  const auto loop = this->loop();
  if (!loop) return closed_error();
  if (loop->in_this_thread()) {
    return Error{ErrorCode::kInvalidArgument,
                 call.what + ": cannot wait on the thread that would answer",
                 "use an asynchronous form here"};
  }
  if (call.limits.cancel.cancelled()) return cancelled_error(call.what);
  const auto waiter = std::make_shared<Waiter>();
  const CancelWatch watch(call.limits.cancel, [waiter, what = call.what] {
    waiter->finish(cancelled_error(what));
  });
  const base::Duration timeout = call.limits.timeout;
  const std::string what = call.what;
  const auto started = start(std::move(call), [waiter](Status status) {
    waiter->finish(std::move(status));
  });
  if (!started) return started;
  // The loop's thread ends it in time, and knows why there is no answer. This
  // is for a loop that is held up.
  const base::Duration most = timeout > base::Duration::zero()
                                  ? bounded(timeout) + kLoopHeldUpMax
                                  : timeout;
  if (auto status = waiter->wait(most)) return std::move(*status);
  return late_error(what, timeout);
}

// --- Figures, and what the application brought ---

ClientMetrics EngineHost::metrics() const {
  ClientMetrics metrics;
  if (!stranded()) {
    metrics = state_.metrics();
    const EventOutlet::Counts events = events_->counts();
    metrics.events_waiting = events.waiting;
    metrics.events_merged = events.merged;
    metrics.events_lost = events.lost;
  }
  metrics.client = options_.name;
  return metrics;
}

void EngineHost::tell_metrics_later() {
  if (!options_.on_metrics) return;
  constexpr base::Duration kIntervalMin = std::chrono::milliseconds(100);
  metrics_timer_ = executor_->run_after(
      std::max(options_.metrics_interval, kIntervalMin), [this] {
        run_for_application([handler = options_.on_metrics,
                             metrics = metrics()] { handler(metrics); });
        tell_metrics_later();
      });
}

ClientStats EngineHost::stats() const {
  if (stranded()) return {};
  ClientStats stats = state_.stats();
  const EventOutlet::Counts events = events_->counts();
  stats.events_waiting = events.waiting;
  stats.events_merged = events.merged;
  stats.events_lost = events.lost;
  return stats;
}

void EngineHost::run_for_application(std::function<void()> task) {
  const auto status = events_->run(task);
  if (status) return;
  // Better there than never.
  logger_.error("no thread for handlers: one runs on the background thread",
                {{"error", status.error().message}});
  try {
    task();
  } catch (...) {
    logger_.error("a completion handler threw");
  }
}

}  // namespace waypost::client
