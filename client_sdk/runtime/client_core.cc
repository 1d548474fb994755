#include "client_sdk/runtime/client_core.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "base/assert.h"
#include "base/options.h"
#include "client_sdk/core/event_at.h"
#include "client_sdk/core/to_public.h"
#include "client_sdk/runtime/lent_loop.h"
#include "client_sdk/runtime/loop_thread.h"
#include "client_sdk/runtime/sender.h"

namespace waypost::client {
namespace {

Error handler_blocks(base::Duration timeout) {
  return {ErrorCode::kTimedOut,
          "close: the background thread did not let go within " +
              base::format_duration(timeout),
          "an event or log handler of a client blocks"};
}

// A thread without work is given this long to end in any case.
constexpr base::Duration kThreadEndMin = std::chrono::milliseconds(100);

// Bounded, so that "for ever" does not overflow the clock.
base::Duration bounded(base::Duration timeout) {
  return std::min<base::Duration>(timeout, std::chrono::hours(24 * 365));
}

std::string route_of(std::string_view topic) {
  return "route of '" + std::string(topic) + "'";
}

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

Result<std::shared_ptr<ClientCore>> ClientCore::create(ClientOptions options) {
  ForkGeneration::watch();
  auto loop = LoopThread::acquire();
  if (!loop) return to_public(loop.error());
  return make(std::move(options), std::move(*loop));
}

Result<std::shared_ptr<ClientCore>> ClientCore::create_on(
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

Result<std::shared_ptr<ClientCore>> ClientCore::make(
    ClientOptions options, std::shared_ptr<ClientLoop> loop) {
  const auto checked = check_options(options);
  if (!checked) return to_public(checked.error());
  auto events = EventOutlet::create(options);
  if (!events) return to_public(events.error());
  std::shared_ptr<ClientCore> core(new ClientCore(
      std::move(options), *checked, std::move(loop), std::move(*events)));
  core->start();
  for (const auto& topic : core->options_.topics) {
    const auto followed = core->state_.topic(topic);
    if (followed) continue;
    const Error error =
        to_public(followed.error().with_context("client.topics"));
    (void)core->close(std::chrono::seconds(5));
    return error;
  }
  return core;
}

ClientCore::ClientCore(ClientOptions options, CheckedOptions checked,
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

ClientCore::~ClientCore() = default;

void ClientCore::start() {
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

Status ClientCore::close(base::Duration timeout) {
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
Status ClientCore::wait_for_handler(base::Duration timeout) const {
  if (events_->wait_for_handler(timeout)) return {};
  return handler_blocks(timeout);
}

void ClientCore::abandon() {
  if (!end_engine(
          [events = events_] { events->close(base::Duration::zero()); })) {
    return;
  }
  // The task holds the thread until it has run.
  (void)post_task([loop = loop()] {});
  let_go_of_loop();
}

bool ClientCore::end_engine(const std::function<void()>& ended) {
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

void ClientCore::let_go_of_loop() {
  std::shared_ptr<ClientLoop> last;  // may wait for the thread: not locked
  const std::lock_guard lock(loop_mutex_);
  last = std::move(loop_);
}

// --- Messages ---

std::shared_ptr<ClientLoop> ClientCore::loop() const {
  const std::lock_guard lock(loop_mutex_);
  return loop_;
}

Error ClientCore::why_ended() const {
  return stranded() ? forked_error() : closed_error();
}

Status ClientCore::post_task(std::function<void()> task) {
  if (stranded()) return forked_error();
  const auto loop = this->loop();
  if (!loop) return closed_error();
  loop->loop().post(std::move(task));
  return {};
}

void ClientCore::post(EngineTask task) {
  if (ended()) return;
  (void)post_task([self = shared_from_this(), task = std::move(task)] {
    if (self->engine_) task(*self->engine_);
  });
}

void ClientCore::want(TopicState& topic) {
  post([&topic](ClientEngine& engine) { engine.want(topic); });
}

void ClientCore::fault_changed(const FaultBoard::Change& change) {
  post([change](ClientEngine& engine) { engine.fault_changed(change); });
}

// --- Questions with a deadline ---

PendingCalls::Id ClientCore::begin(std::shared_ptr<PendingCall> call,
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

Status ClientCore::start(Call call, PendingCall::Finish finish) {
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
    const std::weak_ptr<ClientCore> weak = self->weak_from_this();
    const auto waiter =
        call.question(*self->engine_, [weak, id](const base::Status& status) {
          if (const auto core = weak.lock()) {
            core->calls_->finish(id, to_public(status));
          }
        });
    self->calls_->when_cancelled(id, [weak, waiter] {
      const auto core = weak.lock();
      if (core && core->engine_) core->engine_->withdraw(waiter);
    });
  });
  if (!posted) pending->forget();
  return posted;
}

Status ClientCore::ask(Call call) {
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
  if (auto status = waiter->wait(timeout)) return std::move(*status);
  return Error{ErrorCode::kTimedOut,
               what + ": no answer within " + base::format_duration(timeout),
               ""};
}

// --- What the application asks ---

ClientMetrics ClientCore::metrics() const {
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

void ClientCore::tell_metrics_later() {
  if (!options_.on_metrics) return;
  constexpr base::Duration kIntervalMin = std::chrono::milliseconds(100);
  metrics_timer_ = executor_->run_after(
      std::max(options_.metrics_interval, kIntervalMin), [this] {
        run_for_application([handler = options_.on_metrics,
                             metrics = metrics()] { handler(metrics); });
        tell_metrics_later();
      });
}

ClientStats ClientCore::stats() const {
  if (stranded()) return {};
  ClientStats stats = state_.stats();
  const EventOutlet::Counts events = events_->counts();
  stats.events_waiting = events.waiting;
  stats.events_merged = events.merged;
  stats.events_lost = events.lost;
  return stats;
}

std::optional<TopicSlot> ClientCore::topic(std::string_view name) {
  if (ended()) return std::nullopt;
  const auto topic = state_.topic(name);
  if (!topic) return std::nullopt;
  return (*topic)->slot;
}

ClientCore::Call ClientCore::route_call(const TopicState& topic,
                                        const CallLimits& limits) {
  return {route_of(topic.name), limits,
          [&topic](ClientEngine& engine, ClientEngine::Done done) {
            engine.ensure(topic, std::move(done));
            return ClientEngine::WaiterId{0};  // its first route is needed
          }};
}

ClientCore::Call ClientCore::refresh_call(const TopicState& topic,
                                          const CallLimits& limits) {
  return {route_of(topic.name), limits,
          [&topic](ClientEngine& engine, ClientEngine::Done done) {
            return engine.refresh(topic, std::move(done));
          }};
}

ClientCore::Call ClientCore::refresh_all_call(const CallLimits& limits) {
  return {"routes of all topics", limits,
          [](ClientEngine& engine, ClientEngine::Done done) {
            return engine.refresh_all(std::move(done));
          }};
}

template <typename Result>
void ClientCore::tell(const std::function<void(Result)>& on_done, Result result,
                      Tell where) {
  if (!on_done) return;
  if (where == Tell::kOnLoop) return on_done(std::move(result));
  run_for_application(
      [on_done, result = std::move(result)] { on_done(result); });
}

PendingCall::Finish ClientCore::telling(StatusHandler on_done, Tell where) {
  return [self = shared_from_this(), where, on_done = std::move(on_done)](
             Status status) { self->tell(on_done, std::move(status), where); };
}

Result<const TopicState*> ClientCore::followed(std::string_view topic) {
  if (ended()) return why_ended();
  const auto followed = state_.topic(topic);
  if (!followed) return to_public(followed.error());
  return *followed;
}

// What a topic's route is once nameservers have been asked for it.
Result<Route> ClientCore::answered(const TopicState& topic) const {
  if (auto route = state_.route(topic.name)) return std::move(*route);
  if (ended()) return why_ended();
  return Error{ErrorCode::kNotFound,
               "no broker serves topic '" + topic.name + "'",
               "check its name, and that its brokers are registered"};
}

Result<Route> ClientCore::route(std::string_view topic,
                                const CallLimits& limits) {
  if (ended()) return why_ended();
  if (auto known = state_.route(topic)) return std::move(*known);
  const auto state = followed(topic);
  if (!state) return state.error();
  const Status status = ask(route_call(**state, limits));
  if (!status) return status.error();
  return answered(**state);
}

Status ClientCore::route_async(std::string_view topic, const CallLimits& limits,
                               RouteHandler on_done, Tell where) {
  const auto state = followed(topic);
  if (!state) return state.error();
  return start(route_call(**state, limits),
               [self = shared_from_this(), topic = *state, where,
                on_done = std::move(on_done)](const Status& status) {
                 self->tell(on_done,
                            status ? self->answered(*topic)
                                   : Result<Route>(status.error()),
                            where);
               });
}

Status ClientCore::refresh(std::string_view topic, const CallLimits& limits) {
  const auto state = followed(topic);
  if (!state) return state.error();
  return ask(refresh_call(**state, limits));
}

Status ClientCore::refresh_async(std::string_view topic,
                                 const CallLimits& limits,
                                 StatusHandler on_done, Tell where) {
  const auto state = followed(topic);
  if (!state) return state.error();
  return start(refresh_call(**state, limits),
               telling(std::move(on_done), where));
}

Status ClientCore::refresh_all(const CallLimits& limits) {
  return ask(refresh_all_call(limits));
}

Status ClientCore::refresh_all_async(const CallLimits& limits,
                                     StatusHandler on_done, Tell where) {
  return start(refresh_all_call(limits), telling(std::move(on_done), where));
}

// --- Sending ---

void ClientCore::fill_in(SendOptions& options) const {
  if (options.budget <= base::Duration::zero()) {
    options.budget = options_.send_timeout;
  }
  if (options.attempts_max <= 0) options.attempts_max = options_.send_attempts;
}

Status ClientCore::wait_for_route(std::string_view topic,
                                  const CallLimits& limits) {
  const auto known = route(topic, limits);
  if (!known) return known.error();
  return {};
}

SendResult ClientCore::send(std::string_view topic, const Attempt& attempt,
                            SendOptions options) {
  fill_in(options);
  return run_send(*this, topic, attempt, options);
}

Status ClientCore::send_async(std::string_view topic, AsyncAttempt attempt,
                              SendOptions options, SendHandler on_done,
                              Tell where) {
  const auto state = followed(topic);
  if (!state) return state.error();
  fill_in(options);
  const CallLimits limits(options.budget, options.cancel);
  const base::Instant deadline = clock_.now() + bounded(options.budget);
  SendEnvironment& environment = *this;  // private bases
  AsyncSendHost& host = *this;
  auto send = std::make_shared<AsyncSend>(
      environment, host, std::string(topic),
      std::make_shared<const AsyncAttempt>(std::move(attempt)),
      std::move(options));
  auto call = std::make_shared<PendingCall>(
      "send to '" + std::string(topic) + "'",
      [self = shared_from_this(), send, where,
       on_done = std::move(on_done)](Status status) {
        self->tell(on_done, send->end(std::move(status)), where);
      });
  const Status posted =
      post_task([self = shared_from_this(), send, call, deadline, limits] {
        if (!self->engine_) return call->finish(closed_error());
        const auto id = self->begin(call, deadline, limits);
        send->start([self = self->weak_from_this(), id](Status status) {
          if (const auto core = self.lock()) {
            core->calls_->finish(id, std::move(status));
          }
        });
      });
  if (!posted) call->forget();
  return posted;
}

// --- What asynchronous sending needs ---

const base::Clock& ClientCore::steady_clock() const {
  static const PreciseClock kClock;
  return kClock;
}

AsyncSendHost::Post ClientCore::poster() {
  return [weak = weak_from_this()](std::function<void()> task) {
    if (const auto self = weak.lock()) (void)self->post_task(std::move(task));
  };
}

void ClientCore::when_route_known(const std::string& topic,
                                  std::function<void(Status)> done) {
  TopicState* const state = state_.directory().find(topic);
  WAYPOST_ASSERT(state != nullptr);
  engine_->ensure(*state, [self = shared_from_this(), state,
                           done = std::move(done)](const base::Status& status) {
    if (!status) return done(to_public(status));
    const auto route = self->answered(*state);
    done(route ? Status() : Status(route.error()));
  });
}

void ClientCore::run_for_application(std::function<void()> task) {
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
