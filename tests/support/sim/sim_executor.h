#ifndef WAYPOST_TESTS_SUPPORT_SIM_SIM_EXECUTOR_H_
#define WAYPOST_TESTS_SUPPORT_SIM_SIM_EXECUTOR_H_

#include <functional>
#include <memory>

#include "base/executor.h"

namespace waypost::sim {

class SimNode;
class SimWorld;

// One simulated thread of a node: an executor whose tasks are events of the
// world's queue. Time stands still while a task runs. A frozen node's executors
// run nothing; a crashed node's drop what they are given.
class SimExecutor : public base::Executor {
 public:
  SimExecutor(SimWorld& world, SimNode& node) : world_(world), node_(node) {}

  base::Instant now() const override;
  base::WallTime wall_now() const override;
  void post(std::function<void()> task) override;
  [[nodiscard]] std::unique_ptr<base::Timer> run_after(
      base::Duration delay, std::function<void()> task) override;
  // True within this executor's tasks, and outside all tasks: the test that
  // builds and destroys the objects stands for the thread that owns them.
  bool in_executor_thread() const override;

  // Called after each task: the end of a loop turn (Loop::set_turn_hook).
  void set_turn_hook(std::function<void()> hook) { hook_ = std::move(hook); }
  void end_turn() {
    if (hook_) hook_();
  }

  SimNode& node() const { return node_; }
  SimWorld& world() const { return world_; }

 private:
  SimWorld& world_;
  SimNode& node_;
  std::function<void()> hook_;
};

}  // namespace waypost::sim

#endif  // WAYPOST_TESTS_SUPPORT_SIM_SIM_EXECUTOR_H_
