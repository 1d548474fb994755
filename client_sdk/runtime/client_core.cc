#include "client_sdk/runtime/client_core.h"

#include <utility>

#include "base/assert.h"
#include "client_sdk/core/to_public.h"
#include "client_sdk/runtime/sender.h"

namespace waypost::client {
namespace {

std::string route_of(std::string_view topic) {
  return "route of '" + std::string(topic) + "'";
}

}  // namespace

Result<std::shared_ptr<ClientCore>> ClientCore::create(ClientOptions options) {
  auto host = EngineHost::create(std::move(options));
  if (!host) return host.error();
  return std::make_shared<ClientCore>(std::move(*host));
}

Result<std::shared_ptr<ClientCore>> ClientCore::create_on(
    uv_loop_s* loop, ClientOptions options) {
  auto host = EngineHost::create_on(loop, std::move(options));
  if (!host) return host.error();
  return std::make_shared<ClientCore>(std::move(*host));
}

// --- Routes ---

std::optional<TopicSlot> ClientCore::topic(std::string_view name) {
  if (host_->ended()) return std::nullopt;
  const auto topic = state().topic(name);
  if (!topic) return std::nullopt;
  return (*topic)->slot;
}

EngineHost::Call ClientCore::route_call(const TopicState& topic,
                                        const CallLimits& limits) {
  return {route_of(topic.name), limits,
          [&topic](ClientEngine& engine, ClientEngine::Done done) {
            engine.ensure(topic, std::move(done));
            return ClientEngine::WaiterId{0};  // its first route is needed
          }};
}

EngineHost::Call ClientCore::refresh_call(const TopicState& topic,
                                          const CallLimits& limits) {
  return {route_of(topic.name), limits,
          [&topic](ClientEngine& engine, ClientEngine::Done done) {
            return engine.refresh(topic, std::move(done));
          }};
}

EngineHost::Call ClientCore::refresh_all_call(const CallLimits& limits) {
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
  host_->run_for_application(
      [on_done, result = std::move(result)] { on_done(result); });
}

PendingCall::Finish ClientCore::telling(StatusHandler on_done, Tell where) {
  return [self = shared_from_this(), where, on_done = std::move(on_done)](
             Status status) { self->tell(on_done, std::move(status), where); };
}

Result<const TopicState*> ClientCore::followed(std::string_view topic) {
  if (host_->ended()) return host_->why_ended();
  const auto followed = state().topic(topic);
  if (!followed) return to_public(followed.error());
  return *followed;
}

// What a topic's route is once nameservers have been asked for it.
Result<Route> ClientCore::answered(const TopicState& topic) const {
  if (auto route = host_->state().route(topic.name)) return std::move(*route);
  if (host_->ended()) return host_->why_ended();
  return Error{ErrorCode::kNotFound,
               "no broker serves topic '" + topic.name + "'",
               "check its name, and that its brokers are registered"};
}

Result<Route> ClientCore::route(std::string_view topic,
                                const CallLimits& limits) {
  if (host_->ended()) return host_->why_ended();
  if (auto known = host_->state().route(topic)) return std::move(*known);
  const auto state = followed(topic);
  if (!state) return state.error();
  const Status status = host_->ask(route_call(**state, limits));
  if (!status) return status.error();
  return answered(**state);
}

Status ClientCore::route_async(std::string_view topic, const CallLimits& limits,
                               RouteHandler on_done, Tell where) {
  const auto state = followed(topic);
  if (!state) return state.error();
  return host_->start(route_call(**state, limits),
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
  return host_->ask(refresh_call(**state, limits));
}

Status ClientCore::refresh_async(std::string_view topic,
                                 const CallLimits& limits,
                                 StatusHandler on_done, Tell where) {
  const auto state = followed(topic);
  if (!state) return state.error();
  return host_->start(refresh_call(**state, limits),
                      telling(std::move(on_done), where));
}

Status ClientCore::refresh_all(const CallLimits& limits) {
  return host_->ask(refresh_all_call(limits));
}

Status ClientCore::refresh_all_async(const CallLimits& limits,
                                     StatusHandler on_done, Tell where) {
  return host_->start(refresh_all_call(limits),
                      telling(std::move(on_done), where));
}

// --- Sending ---

void ClientCore::fill_in(SendOptions& options) const {
  if (options.budget <= base::Duration::zero()) {
    options.budget = host_->options().send_timeout;
  }
  if (options.attempts_max <= 0)
    options.attempts_max = host_->options().send_attempts;
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
  if (!attempt) return no_attempt_error(topic);
  fill_in(options);
  const CallLimits limits(options.budget, options.cancel);
  const base::Instant deadline = host_->now() + bounded(options.budget);
  SendEnvironment& environment = *this;  // private bases
  AsyncSendHost& send_host = *this;
  auto send = std::make_shared<AsyncSend>(
      environment, send_host, std::string(topic),
      std::make_shared<const AsyncAttempt>(std::move(attempt)),
      std::move(options));
  auto call = std::make_shared<PendingCall>(
      "send to '" + std::string(topic) + "'",
      [self = shared_from_this(), send, where,
       on_done = std::move(on_done)](Status status) {
        self->tell(on_done, send->end(std::move(status)), where);
      });
  const Status posted = host_->post_task(
      [self = shared_from_this(), send, call, deadline, limits] {
        EngineHost& host = *self->host_;
        if (host.engine() == nullptr) return call->finish(closed_error());
        const auto id = host.begin(call, deadline, limits);
        send->start([weak = host.weak_from_this(), id](Status status) {
          if (const auto left = weak.lock()) {
            left->calls().finish(id, std::move(status));
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
    if (const auto self = weak.lock())
      (void)self->host_->post_task(std::move(task));
  };
}

void ClientCore::when_route_known(const std::string& topic,
                                  std::function<void(Status)> done) {
  TopicState* const state = this->state().directory().find(topic);
  WAYPOST_ASSERT(state != nullptr);
  host_->engine()->ensure(*state,
                          [self = shared_from_this(), state,
                           done = std::move(done)](const base::Status& status) {
                            if (!status) return done(to_public(status));
                            const auto route = self->answered(*state);
                            done(route ? Status() : Status(route.error()));
                          });
}
}  // namespace waypost::client
