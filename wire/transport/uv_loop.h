#ifndef WAYPOST_WIRE_TRANSPORT_UV_LOOP_H_
#define WAYPOST_WIRE_TRANSPORT_UV_LOOP_H_

// The loop on libuv. One turn of it:
//
//   block - input (sockets, posted tasks, signals) - closed handles - timers -
//   turn hook - block
//
// The loop's own handles are members, the only ones that may be: the destructor
// runs the loop until their close callbacks have been called; on an adopted
// loop the last of those callbacks destroys this.

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <uv.h>

#include "wire/transport/io_buffers.h"
#include "wire/transport/large_reads.h"
#include "wire/transport/loop.h"
#include "wire/transport/task_queue.h"
#include "wire/transport/timer_queue.h"
#include "wire/transport/uv_network.h"

namespace waypost::transport {

class UvLoop final : public Loop {
 public:
  explicit UvLoop(const ResolverOptions& resolver_options);
  // On a loop that somebody else turns and closes.
  UvLoop(const ResolverOptions& resolver_options, uv_loop_t* adopted);
  ~UvLoop() override;
  UvLoop(const UvLoop&) = delete;
  UvLoop& operator=(const UvLoop&) = delete;

  // False when the system had no descriptors or memory for it.
  bool usable() const { return usable_; }

  base::Instant now() const override;
  base::WallTime wall_now() const override;
  void post(std::function<void()> task) override;
  std::unique_ptr<base::Timer> run_after(base::Duration delay,
                                         std::function<void()> task) override;
  bool in_executor_thread() const override;

  void run() override;
  void stop() override;
  Network& network() override { return network_; }
  std::unique_ptr<Operation> on_signal(
      int signal_number, std::function<void()> on_signal) override;
  std::unique_ptr<Operation> spawn(
      const std::vector<std::string>& arguments,
      std::function<void(base::Result<ProcessResult>)> on_exit) override;
  void set_turn_hook(std::function<void()> hook) override;
  base::Duration boot_time() const override;

  // See Loop::leave.
  void leave_soon();

  uv_loop_t* uv() { return uv_; }
  IoBuffers& buffers() { return buffers_; }
  LargeReads& large_reads() { return large_reads_; }

 private:
  bool open();
  void on_woken();
  void on_before_block();
  void on_timer();
  void arm_timer();
  void close_handles();
  bool leave_wanted();
  void leave_now();

  uv_loop_t own_{};
  uv_loop_t* const uv_;  // &own_, or adopted
  uv_async_t wake_{};
  uv_prepare_t before_block_{};
  uv_timer_t timer_{};
  bool usable_ = false;

  // The thread in run(); before, the one that made the loop; none after, when
  // whoever joined that thread may take things down. Of an adopted loop the one
  // that turned it last.
  std::atomic<std::thread::id> thread_;
  std::atomic<bool> stop_wanted_{false};
  std::mutex leave_mutex_;     // adopted
  bool leave_wanted_ = false;  // guarded by leave_mutex_
  std::atomic<bool> running_{false};

  mutable base::Instant now_{};
  mutable bool now_valid_ = false;

  TaskQueue tasks_;
  TimerQueue timers_;
  base::Instant armed_for_ = base::Instant::max();  // max: not armed
  std::function<void()> turn_hook_;
  bool hook_replaced_ = false;  // while the hook was running
  UvNetwork network_;
  IoBuffers buffers_;
  LargeReads large_reads_{*this};
};

}  // namespace waypost::transport

#endif  // WAYPOST_WIRE_TRANSPORT_UV_LOOP_H_
