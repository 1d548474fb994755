#ifndef WAYPOST_CLIENT_SDK_RUNTIME_LENT_LOOP_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_LENT_LOOP_H_

#include <functional>
#include <memory>

#include "base/error.h"
#include "client_sdk/runtime/client_loop.h"

namespace waypost::client {

// A libuv loop of the application, shared by all clients on it. Letting go of
// it closes its handles in later turns of the loop.
class LentLoop final : public ClientLoop {
 public:
  static base::Result<std::shared_ptr<LentLoop>> acquire(uv_loop_s* loop);
  // For a child after fork(), where nothing of them works.
  static void forget_all();

  transport::Loop& loop() override { return *loop_; }
  bool in_this_thread() const override { return loop_->in_executor_thread(); }
  bool lent() const override { return true; }
  void wait_at_most(base::Duration) override {}

  // Runs tasks in turns of their own, and keeps the loop until they have run.
  static std::function<void(std::function<void()>)> executor(
      const std::shared_ptr<LentLoop>& loop);

 private:
  explicit LentLoop(transport::Loop::Adopted loop) : loop_(std::move(loop)) {}

  const transport::Loop::Adopted loop_;
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_LENT_LOOP_H_
