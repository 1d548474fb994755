// The public face: checks nothing, forwards everything.

#include "waypost/client.hpp"

#include <utility>

#include "client_sdk/runtime/client_core.h"
#include "waypost/uv.hpp"

namespace waypost {
namespace {

using Tell = client::ClientCore::Tell;

// How a future says that nothing was started.
template <typename T>
T not_started(const Error& error) {
  return error;
}
template <>
SendResult not_started<SendResult>(const Error& error) {
  SendResult result;
  result.status = error;
  return result;
}

// The future of what `start`, given a handler, starts.
template <typename T, typename Start>
std::future<T> future_of(const Start& start) {
  const auto promise = std::make_shared<std::promise<T>>();
  auto future = promise->get_future();
  const Status started =
      start([promise](T result) { promise->set_value(std::move(result)); });
  if (!started) promise->set_value(not_started<T>(started.error()));
  return future;
}

}  // namespace

Result<Client> Client::create(ClientOptions options) {
  auto core = client::ClientCore::create(std::move(options));
  if (!core) return core.error();
  return Client(std::move(*core));
}

namespace client {

struct ClientMaker {
  static Client make(std::shared_ptr<ClientCore> core) {
    return Client(std::move(core));
  }
};

}  // namespace client

Result<Client> create_on_loop(uv_loop_s* loop, ClientOptions options) {
  auto core = client::ClientCore::create_on(loop, std::move(options));
  if (!core) return core.error();
  return client::ClientMaker::make(std::move(*core));
}

Client::Client(std::shared_ptr<client::ClientCore> core)
    : core_(std::move(core)) {}

Client::Client(Client&&) noexcept = default;

Client& Client::operator=(Client&& other) noexcept {
  if (this == &other) return *this;
  end();
  core_ = std::move(other.core_);
  return *this;
}

Client::~Client() { end(); }

void Client::end() {
  if (!core_) return;
  if (core_->host().stranded()) {
    // Kept for ever: its locks may be held, its thread is not there.
    (void)new std::shared_ptr<client::ClientCore>(std::move(core_));
    return;
  }
  const Status closed = close();
  if (!closed && closed.error().code == ErrorCode::kInvalidArgument) {
    core_->host().abandon();
  }
}

Topic Client::topic(std::string_view name) {
  const auto slot = core_->topic(name);
  return Topic(core_.get(), slot.value_or(Topic::kNoSlot));
}

Result<Pick> Topic::pick(const PickOptions& options) const {
  if (core_ == nullptr) {
    return Error{ErrorCode::kInvalidArgument, "pick on an empty topic handle",
                 "get one from Client::topic"};
  }
  return core_->state().pick(slot_, options);
}

Result<Route> Client::route(std::string_view topic, const CallLimits& limits) {
  return core_->route(topic, limits);
}

Result<Route> Client::route(std::string_view topic) {
  return core_->route(topic, core_->host().options().rpc_timeout);
}

Status Client::route_async(std::string_view topic, const CallLimits& limits,
                           RouteHandler on_done) {
  return core_->route_async(topic, limits, std::move(on_done),
                            Tell::kWhereHandlersRun);
}

std::future<Result<Route>> Client::route_future(std::string_view topic,
                                                const CallLimits& limits) {
  return future_of<Result<Route>>([&](RouteHandler on_done) {
    return core_->route_async(topic, limits, std::move(on_done), Tell::kOnLoop);
  });
}

Status Client::refresh(std::string_view topic, const CallLimits& limits) {
  return core_->refresh(topic, limits);
}

Status Client::refresh_async(std::string_view topic, const CallLimits& limits,
                             StatusHandler on_done) {
  return core_->refresh_async(topic, limits, std::move(on_done),
                              Tell::kWhereHandlersRun);
}

std::future<Status> Client::refresh_future(std::string_view topic,
                                           const CallLimits& limits) {
  return future_of<Status>([&](StatusHandler on_done) {
    return core_->refresh_async(topic, limits, std::move(on_done),
                                Tell::kOnLoop);
  });
}

Status Client::refresh_all(const CallLimits& limits) {
  return core_->refresh_all(limits);
}

Status Client::refresh_all_async(const CallLimits& limits,
                                 StatusHandler on_done) {
  return core_->refresh_all_async(limits, std::move(on_done),
                                  Tell::kWhereHandlersRun);
}

std::future<Status> Client::refresh_all_future(const CallLimits& limits) {
  return future_of<Status>([&](StatusHandler on_done) {
    return core_->refresh_all_async(limits, std::move(on_done), Tell::kOnLoop);
  });
}

std::optional<std::chrono::nanoseconds> Client::route_age(
    std::string_view topic) const {
  if (core_->host().stranded()) return std::nullopt;
  return core_->state().route_age(topic);
}

Result<Pick> Client::pick(std::string_view topic, const PickOptions& options) {
  return core_->state().pick(topic, options);
}

void Client::report(const Pick& pick, Outcome outcome,
                    std::chrono::nanoseconds latency) {
  core_->state().report(pick, outcome, latency);
}

SendResult Client::send(std::string_view topic, const Attempt& attempt,
                        const SendOptions& options) {
  return core_->send(topic, attempt, options);
}

Status Client::send_async(std::string_view topic, AsyncAttempt attempt,
                          const SendOptions& options, SendHandler on_done) {
  return core_->send_async(topic, std::move(attempt), options,
                           std::move(on_done), Tell::kWhereHandlersRun);
}

std::future<SendResult> Client::send_future(std::string_view topic,
                                            AsyncAttempt attempt,
                                            const SendOptions& options) {
  return future_of<SendResult>([&](SendHandler on_done) {
    return core_->send_async(topic, std::move(attempt), options,
                             std::move(on_done), Tell::kOnLoop);
  });
}

std::vector<Event> Client::poll_events(std::size_t max) {
  if (core_->host().stranded()) return {};
  return core_->host().events().poll(max);
}

bool Client::wait_for_events(std::chrono::nanoseconds timeout) {
  if (core_->host().stranded()) return false;
  return core_->host().events().wait(timeout);
}

ClientStats Client::stats() const { return core_->host().stats(); }

ClientMetrics Client::metrics() const { return core_->host().metrics(); }

Status Client::close(std::chrono::nanoseconds timeout) {
  return core_->host().close(timeout);
}

}  // namespace waypost
