#ifndef WAYPOST_CLIENT_SDK_RUNTIME_CLIENT_CORE_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_CLIENT_CORE_H_

// What stands behind a waypost::Client: what the application asks and sends,
// each in the forms that wait and that tell later.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "client_sdk/runtime/async_send.h"
#include "client_sdk/runtime/engine_host.h"
#include "client_sdk/runtime/send_course.h"
#include "waypost/client.hpp"

namespace waypost::client {

// Contracts as in waypost/client.hpp. What is under way keeps it alive.
class ClientCore final : private SendEnvironment,
                         private AsyncSendHost,
                         public std::enable_shared_from_this<ClientCore> {
 public:
  static Result<std::shared_ptr<ClientCore>> create(ClientOptions options);
  // On the application's loop.
  static Result<std::shared_ptr<ClientCore>> create_on(uv_loop_s* loop,
                                                       ClientOptions options);
  explicit ClientCore(std::shared_ptr<EngineHost> host)
      : host_(std::move(host)) {}
  ClientCore(const ClientCore&) = delete;
  ClientCore& operator=(const ClientCore&) = delete;

  EngineHost& host() { return *host_; }
  ClientState& state() { return host_->state(); }

  // kInvalidArgument's cause is told by the next pick.
  std::optional<TopicSlot> topic(std::string_view name);
  // Who is told on the loop's thread must be ours.
  enum class Tell : std::uint8_t { kWhereHandlersRun, kOnLoop };

  Result<Route> route(std::string_view topic, const CallLimits& limits);
  Status route_async(std::string_view topic, const CallLimits& limits,
                     RouteHandler on_done, Tell where);
  Status refresh(std::string_view topic, const CallLimits& limits);
  Status refresh_async(std::string_view topic, const CallLimits& limits,
                       StatusHandler on_done, Tell where);
  Status refresh_all(const CallLimits& limits);
  Status refresh_all_async(const CallLimits& limits, StatusHandler on_done,
                           Tell where);
  SendResult send(std::string_view topic, const Attempt& attempt,
                  SendOptions options);
  Status send_async(std::string_view topic, AsyncAttempt attempt,
                    SendOptions options, SendHandler on_done, Tell where);

 private:
  Result<const TopicState*> followed(std::string_view topic);
  static EngineHost::Call route_call(const TopicState& topic,
                                     const CallLimits& limits);
  static EngineHost::Call refresh_call(const TopicState& topic,
                                       const CallLimits& limits);
  static EngineHost::Call refresh_all_call(const CallLimits& limits);
  Result<Route> answered(const TopicState& topic) const;
  PendingCall::Finish telling(StatusHandler on_done, Tell where);
  // Hands `result` to `on_done`, if there is one, as `where` says.
  template <typename Result>
  void tell(const std::function<void(Result)>& on_done, Result result,
            Tell where);
  void fill_in(SendOptions& options) const;

  base::Instant now() const override { return host_->now(); }
  Result<Pick> pick(std::string_view topic,
                    const PickOptions& options) override {
    return host_->state().pick(topic, options);
  }
  void report(const Pick& pick, Outcome outcome,
              base::Duration latency) override {
    host_->state().report(pick, outcome, latency);
  }
  Status wait_for_route(std::string_view topic,
                        const CallLimits& limits) override;

  base::Executor& executor() override { return host_->executor(); }
  const base::Clock& steady_clock() const override;
  Post poster() override;
  void when_route_known(const std::string& topic,
                        std::function<void(Status)> done) override;
  void run_for_application(std::function<void()> task) override {
    host_->run_for_application(std::move(task));
  }

  const std::shared_ptr<EngineHost> host_;
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_CLIENT_CORE_H_
