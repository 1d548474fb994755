#include "tests/support/sim/sim_executor.h"

#include <utility>

#include "tests/support/sim/sim_world.h"

namespace waypost::sim {
namespace {

struct TimerState {
  SimExecutor* executor;
  base::Instant due;  // on the node's own monotonic clock
  std::function<void()> task;
};

void schedule(const std::shared_ptr<TimerState>& state);

void fire(const std::shared_ptr<TimerState>& state) {
  if (!state->task) return;
  // The node's clock stood still while its machine slept: not due yet.
  if (state->executor->now() < state->due) {
    schedule(state);
    return;
  }
  // The timer may be destroyed within its own task.
  const auto task = std::exchange(state->task, nullptr);
  task();
}

void schedule(const std::shared_ptr<TimerState>& state) {
  SimExecutor& executor = *state->executor;
  executor.world().schedule(
      EventKind::kTimer, &executor,
      std::max(state->due - executor.now(), base::Duration(0)),
      [state] { fire(state); });
}

class SimTimer : public base::Timer {
 public:
  explicit SimTimer(std::shared_ptr<TimerState> state)
      : state_(std::move(state)) {}
  ~SimTimer() override { state_->task = nullptr; }

 private:
  std::shared_ptr<TimerState> state_;
};

}  // namespace

base::Instant SimExecutor::now() const { return node_.monotonic_now(); }

base::WallTime SimExecutor::wall_now() const { return node_.wall_now(); }

void SimExecutor::post(std::function<void()> task) {
  world_.schedule(EventKind::kTask, this, base::Duration(0), std::move(task));
}

std::unique_ptr<base::Timer> SimExecutor::run_after(
    base::Duration delay, std::function<void()> task) {
  WAYPOST_ASSERT(in_executor_thread());
  auto state = std::make_shared<TimerState>(TimerState{
      this, now() + std::max(delay, base::Duration(0)), std::move(task)});
  schedule(state);
  return std::make_unique<SimTimer>(std::move(state));
}

bool SimExecutor::in_executor_thread() const {
  const SimExecutor* current = world_.current_executor();
  return current == nullptr || current == this;
}

}  // namespace waypost::sim
