#ifndef WAYPOST_CLIENT_SDK_RUNTIME_ENGINE_HOST_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_ENGINE_HOST_H_

// Where a client's engine lives: its state, which all threads share, the
// engine, which the loop's thread owns, and messages from the one to the other.
// Begins both and ends both.

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "base/log.h"
#include "client_sdk/core/client_options.h"
#include "client_sdk/runtime/app_clock.h"
#include "client_sdk/runtime/client_engine.h"
#include "client_sdk/runtime/client_loop.h"
#include "client_sdk/runtime/client_state.h"
#include "client_sdk/runtime/event_outlet.h"
#include "client_sdk/runtime/hook_sink.h"
#include "client_sdk/runtime/pending_calls.h"
#include "waypost/client.hpp"

namespace waypost::client {

// Any thread, but for what says otherwise. Tasks that are on their way to the
// loop keep it alive.
class EngineHost final : private EngineMailbox,
                         public std::enable_shared_from_this<EngineHost> {
 public:
  static Result<std::shared_ptr<EngineHost>> create(ClientOptions options);
  // On the application's loop.
  static Result<std::shared_ptr<EngineHost>> create_on(uv_loop_s* loop,
                                                       ClientOptions options);
  ~EngineHost() override;
  EngineHost(const EngineHost&) = delete;
  EngineHost& operator=(const EngineHost&) = delete;

  // As Client::close.
  Status close(base::Duration timeout);
  // close() for one who cannot wait: a handler that destroys its client.
  void abandon();
  // In a child after fork(): nothing of this may be touched.
  bool stranded() const { return state_.stranded(); }
  bool ended() const { return closed_.load() || stranded(); }
  Error why_ended() const;

  const ClientOptions& options() const { return options_; }
  ClientState& state() { return state_; }
  const ClientState& state() const { return state_; }
  EventOutlet& events() { return *events_; }
  base::Instant now() const { return clock_.now(); }
  ClientStats stats() const;
  ClientMetrics metrics() const;

  // Runs `task` on the loop's thread; fails once closed.
  Status post_task(std::function<void()> task);
  // Runs what the application brought, where it wants its handlers to run.
  void run_for_application(std::function<void()> task);

  // --- Questions with a deadline ---

  // What is asked of the engine, on behalf of whom.
  struct Call {
    std::string what;  // "route of 'orders'"
    CallLimits limits;
    std::function<ClientEngine::WaiterId(ClientEngine&, ClientEngine::Done)>
        question;
  };
  // Has it asked; `finish` is called once, on the loop's thread, unless this
  // fails.
  Status start(Call call, PendingCall::Finish finish);
  // Has it asked and waits until it is done.
  Status ask(Call call);

  // --- Loop thread only ---

  // The call goes on until its limits say otherwise.
  PendingCalls::Id begin(std::shared_ptr<PendingCall> call,
                         base::Instant deadline, const CallLimits& limits);
  PendingCalls& calls() { return *calls_; }
  base::Executor& executor() { return *executor_; }
  // Null once closed.
  ClientEngine* engine() { return engine_.get(); }

 private:
  static Result<std::shared_ptr<EngineHost>> make(
      ClientOptions options, std::shared_ptr<ClientLoop> loop);
  EngineHost(ClientOptions options, CheckedOptions checked,
             std::shared_ptr<ClientLoop> loop,
             std::shared_ptr<EventOutlet> events);
  void start_engine();
  // Ends the engine in a task of its own, then calls `ended` if there is one.
  // False: somebody else did.
  bool end_engine(const std::function<void()>& ended);
  Status wait_for_handler(base::Duration timeout) const;
  void let_go_of_loop();
  void tell_metrics_later();

  // Null once closed.
  std::shared_ptr<ClientLoop> loop() const;
  // As post_task, unless the engine is gone.
  void post(std::function<void(ClientEngine&)> task);
  void want(TopicState& topic) override;
  void fault_changed(const FaultBoard::Change& change) override;

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

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_ENGINE_HOST_H_
