#ifndef WAYPOST_CLIENT_SDK_RUNTIME_CLIENT_CORE_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_CLIENT_CORE_H_

// What stands behind a waypost::Client: its state, which all threads share, and
// its engine, which the background thread owns; messages between them.

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/log.h"
#include "client_sdk/core/client_options.h"
#include "client_sdk/runtime/app_clock.h"
#include "client_sdk/runtime/client_engine.h"
#include "client_sdk/runtime/client_state.h"
#include "client_sdk/runtime/event_outlet.h"
#include "client_sdk/runtime/hook_sink.h"
#include "client_sdk/runtime/loop_thread.h"
#include "client_sdk/runtime/sender.h"
#include "waypost/client.hpp"

namespace waypost::client {

// Contracts as in waypost/client.hpp. Tasks that are on their way to the loop
// keep it alive.
class ClientCore final : private EngineMailbox,
                         private SendEnvironment,
                         public std::enable_shared_from_this<ClientCore> {
 public:
  static Result<std::shared_ptr<ClientCore>> create(ClientOptions options);
  ~ClientCore() override;
  ClientCore(const ClientCore&) = delete;
  ClientCore& operator=(const ClientCore&) = delete;

  ClientState& state() { return state_; }
  EventOutlet& events() { return *events_; }
  ClientStats stats() const;

  // kInvalidArgument's cause is told by the next pick.
  std::optional<TopicSlot> topic(std::string_view name);
  Result<Route> route(std::string_view topic, base::Duration timeout);
  Status refresh(std::string_view topic, base::Duration timeout);
  Status refresh_all(base::Duration timeout);
  SendResult send(std::string_view topic, const Attempt& attempt,
                  SendOptions options);
  base::Duration rpc_timeout() const { return options_.rpc_timeout; }
  Status close(base::Duration timeout);
  // close() for one who cannot wait: a handler that destroys its client.
  void abandon();

 private:
  using EngineTask = std::function<void(ClientEngine&)>;
  using Question = std::function<void(ClientEngine&, ClientEngine::Done)>;

  ClientCore(ClientOptions options, CheckedOptions checked,
             std::shared_ptr<LoopThread> loop,
             std::shared_ptr<EventOutlet> events);
  void start();
  // Ends the engine in a task of its own, then calls `ended` if there is one.
  void end_engine(const std::function<void()>& ended);

  // Runs `task` on the loop's thread, unless the engine is gone.
  void post(EngineTask task);
  // Has `question` asked and waits until it is done.
  Status ask(std::string_view topic, base::Duration timeout,
             const Question& question);

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
                        base::Duration timeout) override;

  const ClientOptions options_;
  const CheckedOptions checked_;
  HookSink sink_;
  base::LogLevels levels_;
  const PreciseClock clock_;
  const CoarseClock coarse_clock_;
  ClientState state_;
  const std::shared_ptr<EventOutlet> events_;
  std::atomic<bool> closed_{false};
  std::shared_ptr<LoopThread> loop_;      // null once closed
  std::unique_ptr<ClientEngine> engine_;  // the loop's thread's
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_CLIENT_CORE_H_
