#include "client_sdk/runtime/client_core.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "base/options.h"
#include "client_sdk/core/event_at.h"
#include "client_sdk/core/to_public.h"

namespace waypost::client {
namespace {

// A thread without work is given this long to end in any case.
constexpr base::Duration kThreadEndMin = std::chrono::milliseconds(100);

Error closed_error() {
  return {ErrorCode::kCancelled, "the client is closed", ""};
}

// What a waiting thread and the loop's thread share; counted, because either
// may be the last.
class Waiter {
 public:
  void finish(Status status) {
    const std::lock_guard lock(mutex_);
    status_ = std::move(status);
    changed_.notify_all();
  }

  // Nothing when `timeout` passed first.
  std::optional<Status> wait(base::Duration timeout) {
    std::unique_lock lock(mutex_);
    // Bounded, so that "for ever" does not overflow the clock.
    const auto bounded =
        std::min<base::Duration>(timeout, std::chrono::hours(24 * 365));
    changed_.wait_until(lock, std::chrono::steady_clock::now() + bounded,
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
  const auto checked = check_options(options);
  if (!checked) return to_public(checked.error());
  auto loop = LoopThread::acquire();
  if (!loop) return to_public(loop.error());
  auto events = EventOutlet::create(options);
  if (!events) return to_public(events.error());
  std::shared_ptr<ClientCore> core(new ClientCore(
      std::move(options), *checked, std::move(*loop), std::move(*events)));
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
                       std::shared_ptr<LoopThread> loop,
                       std::shared_ptr<EventOutlet> events)
    : options_(std::move(options)),
      checked_(std::move(checked)),
      sink_(options_.on_log),
      levels_(options_.on_log ? static_cast<base::LogLevel>(options_.log_level)
                              : base::LogLevel::kOff),
      state_(options_, coarse_clock_, *this),
      events_(std::move(events)),
      loop_(std::move(loop)) {}

ClientCore::~ClientCore() = default;

void ClientCore::start() {
  loop_->loop().post([self = shared_from_this(), &loop = loop_->loop()] {
    self->events_->emit(
        event_at(ClientCreated{self->options_.name}, loop.now(), loop));
    self->engine_ = std::make_unique<ClientEngine>(
        loop, loop.network(), self->options_, self->checked_, self->state_,
        *self->events_,
        base::Logger(&self->sink_, &self->levels_,
                     base::LogComponent::kClient));
  });
}

Status ClientCore::close(base::Duration timeout) {
  if (closed_.load()) return {};
  if (loop_->in_this_thread()) {
    return Error{ErrorCode::kInvalidArgument,
                 "close: called from an event or log handler",
                 "close from a thread of the application"};
  }
  const auto waiter = std::make_shared<Waiter>();
  end_engine([waiter] { waiter->finish({}); });
  const base::Instant started = clock_.now();
  const bool let_go = waiter->wait(timeout).has_value();
  const base::Duration left = timeout - (clock_.now() - started);
  const bool in_time =
      events_->close(let_go ? std::max(left, base::Duration::zero())
                            : base::Duration::zero()) &&
      let_go;
  // The thread ends with its last client.
  loop_->wait_at_most(
      let_go ? std::max(timeout - (clock_.now() - started), kThreadEndMin)
             : base::Duration::zero());
  loop_.reset();
  if (in_time) return {};
  return Error{ErrorCode::kTimedOut,
               "close: the background thread did not let go within " +
                   base::format_duration(timeout),
               "an event or log handler of a client blocks"};
}

void ClientCore::abandon() {
  if (closed_.load()) return;
  end_engine([events = events_] { events->close(base::Duration::zero()); });
  // The task holds the thread until it has run.
  loop_->loop().post([loop = std::move(loop_)] {});
}

void ClientCore::end_engine(const std::function<void()>& ended) {
  closed_.store(true);
  loop_->loop().post([self = shared_from_this(), ended] {
    const base::Clock& clock = self->clock_;
    self->events_->emit(event_at(ClientClosing{}, clock.now(), clock));
    self->engine_.reset();
    RouteTable nothing;
    nothing.closed = true;
    self->state_.routes().publish(std::move(nothing));
    self->events_->emit(event_at(ClientClosed{}, clock.now(), clock));
    if (ended) ended();
  });
}

// --- Messages ---

void ClientCore::post(EngineTask task) {
  if (closed_.load(std::memory_order_relaxed)) return;
  loop_->loop().post([self = shared_from_this(), task = std::move(task)] {
    if (self->engine_) task(*self->engine_);
  });
}

void ClientCore::want(TopicState& topic) {
  post([&topic](ClientEngine& engine) { engine.want(topic); });
}

void ClientCore::fault_changed(const FaultBoard::Change& change) {
  post([change](ClientEngine& engine) { engine.fault_changed(change); });
}

Status ClientCore::ask(std::string_view topic, base::Duration timeout,
                       const Question& question) {
  if (closed_.load()) return closed_error();
  if (loop_->in_this_thread()) {
    return Error{
        ErrorCode::kInvalidArgument,
        "an event or log handler cannot wait for the thread it runs on",
        "wait on a thread of the application"};
  }
  const auto waiter = std::make_shared<Waiter>();
  post([question, waiter](ClientEngine& engine) {
    question(engine, [waiter](const base::Status& status) {
      waiter->finish(to_public(status));
    });
  });
  const auto status = waiter->wait(timeout);
  if (status) return *status;
  return Error{ErrorCode::kTimedOut,
               "route of '" + std::string(topic) + "': no answer within " +
                   base::format_duration(timeout),
               ""};
}

// --- What the application asks ---

ClientStats ClientCore::stats() const {
  ClientStats stats = state_.stats();
  const EventOutlet::Counts events = events_->counts();
  stats.events_waiting = events.waiting;
  stats.events_merged = events.merged;
  stats.events_lost = events.lost;
  return stats;
}

std::optional<TopicSlot> ClientCore::topic(std::string_view name) {
  if (closed_.load()) return std::nullopt;
  const auto topic = state_.topic(name);
  if (!topic) return std::nullopt;
  return (*topic)->slot;
}

Status ClientCore::wait_for_route(std::string_view topic,
                                  base::Duration timeout) {
  const auto followed = state_.topic(topic);
  if (!followed) return to_public(followed.error());
  const TopicState& state = **followed;
  const Status status = ask(
      topic, timeout, [&state](ClientEngine& engine, ClientEngine::Done done) {
        engine.ensure(state, std::move(done));
      });
  if (!status) return status;
  if (state_.route(topic)) return {};
  return Error{ErrorCode::kNotFound,
               "no broker serves topic '" + state.name + "'",
               "check its name, and that its brokers are registered"};
}

Result<Route> ClientCore::route(std::string_view topic,
                                base::Duration timeout) {
  if (closed_.load()) return closed_error();
  if (auto known = state_.route(topic)) return std::move(*known);
  if (const auto status = wait_for_route(topic, timeout); !status) {
    return status.error();
  }
  auto route = state_.route(topic);
  if (!route) return closed_error();  // meanwhile
  return std::move(*route);
}

Status ClientCore::refresh(std::string_view topic, base::Duration timeout) {
  if (closed_.load()) return closed_error();
  const auto followed = state_.topic(topic);
  if (!followed) return to_public(followed.error());
  const TopicState& state = **followed;
  return ask(topic, timeout,
             [&state](ClientEngine& engine, ClientEngine::Done done) {
               engine.refresh(state, std::move(done));
             });
}

Status ClientCore::refresh_all(base::Duration timeout) {
  return ask("all topics", timeout,
             [](ClientEngine& engine, ClientEngine::Done done) {
               engine.refresh_all(std::move(done));
             });
}

SendResult ClientCore::send(std::string_view topic, const Attempt& attempt,
                            SendOptions options) {
  if (options.budget <= base::Duration::zero()) {
    options.budget = options_.send_timeout;
  }
  if (options.attempts_max <= 0) options.attempts_max = options_.send_attempts;
  return run_send(*this, topic, attempt, options);
}

}  // namespace waypost::client
