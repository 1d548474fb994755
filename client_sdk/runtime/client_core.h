#ifndef WAYPOST_CLIENT_SDK_RUNTIME_CLIENT_CORE_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_CLIENT_CORE_H_

// What stands behind a waypost::Client: its state, which all threads share, and
// its engine, which the background thread owns; messages between them.

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/log.h"
#include "client_sdk/core/client_options.h"
#include "client_sdk/runtime/app_clock.h"
#include "client_sdk/runtime/async_send.h"
#include "client_sdk/runtime/client_engine.h"
#include "client_sdk/runtime/client_loop.h"
#include "client_sdk/runtime/client_state.h"
#include "client_sdk/runtime/event_outlet.h"
#include "client_sdk/runtime/hook_sink.h"
#include "client_sdk/runtime/pending_calls.h"
#include "client_sdk/runtime/send_course.h"
#include "waypost/client.hpp"

namespace waypost::client {

// Contracts as in waypost/client.hpp. Tasks that are on their way to the loop
// keep it alive.
class ClientCore final : private EngineMailbox,
                         private SendEnvironment,
                         private AsyncSendHost,
                         public std::enable_shared_from_this<ClientCore> {
 public:
  static Result<std::shared_ptr<ClientCore>> create(ClientOptions options);
  // On the application's loop.
  static Result<std::shared_ptr<ClientCore>> create_on(uv_loop_s* loop,
                                                       ClientOptions options);
  ~ClientCore() override;
  ClientCore(const ClientCore&) = delete;
  ClientCore& operator=(const ClientCore&) = delete;

  ClientState& state() { return state_; }
  // In a child after fork(): nothing of this may be touched.
  bool stranded() const { return state_.stranded(); }
  bool ended() const { return closed_.load() || stranded(); }
  Error why_ended() const;
  EventOutlet& events() { return *events_; }
  ClientStats stats() const;
  ClientMetrics metrics() const;

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
  base::Duration rpc_timeout() const { return options_.rpc_timeout; }
  Status close(base::Duration timeout);
  // close() for one who cannot wait: a handler that destroys its client.
  void abandon();

 private:
  using EngineTask = std::function<void(ClientEngine&)>;
  using Question =
      std::function<ClientEngine::WaiterId(ClientEngine&, ClientEngine::Done)>;

  Status wait_for_handler(base::Duration timeout) const;
  static Result<std::shared_ptr<ClientCore>> make(
      ClientOptions options, std::shared_ptr<ClientLoop> loop);
  ClientCore(ClientOptions options, CheckedOptions checked,
             std::shared_ptr<ClientLoop> loop,
             std::shared_ptr<EventOutlet> events);
  void start();
  // Ends the engine in a task of its own, then calls `ended` if there is one.
  // False: somebody else did.
  bool end_engine(const std::function<void()>& ended);
  void let_go_of_loop();
  void tell_metrics_later();

  // Null once closed.
  std::shared_ptr<ClientLoop> loop() const;
  // Runs `task` on the loop's thread; fails once closed.
  Status post_task(std::function<void()> task);
  // The same, unless the engine is gone.
  void post(EngineTask task);

  // --- Questions with a deadline ---

  // What is asked on behalf of whom.
  struct Call {
    std::string what;  // "route of 'orders'"
    CallLimits limits;
    Question question;
  };
  // Has it asked; `finish` is called once, on the loop's thread, unless this
  // fails.
  Status start(Call call, PendingCall::Finish finish);
  // Has it asked and waits until it is done.
  Status ask(Call call);
  // The call goes on until its limits say otherwise.
  PendingCalls::Id begin(std::shared_ptr<PendingCall> call,
                         base::Instant deadline, const CallLimits& limits);
  Result<const TopicState*> followed(std::string_view topic);
  static Call route_call(const TopicState& topic, const CallLimits& limits);
  static Call refresh_call(const TopicState& topic, const CallLimits& limits);
  static Call refresh_all_call(const CallLimits& limits);
  Result<Route> answered(const TopicState& topic) const;
  PendingCall::Finish telling(StatusHandler on_done, Tell where);
  // Hands `result` to `on_done`, if there is one, as `where` says.
  template <typename Result>
  void tell(const std::function<void(Result)>& on_done, Result result,
            Tell where);
  void fill_in(SendOptions& options) const;

  void want(TopicState& topic) override;
  void fault_changed(const FaultBoard::Change& change) override;

  base::Instant now() const override { return clock_.now(); }
  Result<Pick> pick(std::string_view topic,
                    const PickOptions& options) override {
    return state_.pick(topic, options);
  }
  void report(const Pick& pick, Outcome outcome,
              base::Duration latency) override {
    state_.report(pick, outcome, latency);
  }
  Status wait_for_route(std::string_view topic,
                        const CallLimits& limits) override;

  base::Executor& executor() override { return *executor_; }
  const base::Clock& steady_clock() const override;
  Post poster() override;
  void when_route_known(const std::string& topic,
                        std::function<void(Status)> done) override;
  void run_for_application(std::function<void()> task) override;

  const ClientOptions options_;
  const CheckedOptions checked_;
  HookSink sink_;
  base::LogLevels levels_;
  const base::Logger logger_;
  const PreciseClock clock_;
  const CoarseClock coarse_clock_;
  ClientState state_;
  const std::shared_ptr<EventOutlet> events_;
  std::atomic<bool> closed_{false};
  mutable std::mutex loop_mutex_;
  std::shared_ptr<ClientLoop> loop_;  // guarded by loop_mutex_

  // The loop's thread's.
  base::Executor* executor_ = nullptr;
  std::unique_ptr<ClientEngine> engine_;
  std::unique_ptr<PendingCalls> calls_;
  std::unique_ptr<base::Timer> metrics_timer_;
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_CLIENT_CORE_H_
