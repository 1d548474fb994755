#ifndef WAYPOST_WIRE_RPC_LARGE_FRAME_GATE_H_
#define WAYPOST_WIRE_RPC_LARGE_FRAME_GATE_H_

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>

#include "base/clock.h"
#include "base/executor.h"

namespace waypost::rpc {

// Hundreds of brokers may register at once, with megabytes each: after a
// nameserver's restart they do. Reading all of it as fast as it comes would
// keep the loop from those who ask for routes, and fill the memory with what
// one thread after the other has to work through anyway. So a loop has a few
// large frames at work, handed out and not answered yet; while it has, a
// connection in the middle of another one is not read from, and TCP makes its
// peer wait.
//
// Who was given a turn keeps it until its frame is complete. A peer that stalls
// in the middle of its turn holds nobody up for longer than kPatience. Loop
// thread only.
class LargeFrameGate {
 public:
  // Frames up to this are none of its business.
  static constexpr std::size_t kLargeBytes = 64UL * 1024;
  // Enough that the registry has several to publish together, few enough that
  // the rest waits where it costs nothing.
  static constexpr std::size_t kAtWorkMax = 8;
  static constexpr base::Duration kPatience = std::chrono::milliseconds(50);

  class Waiter {
   public:
    virtual ~Waiter() = default;
    // May read the rest of its frame.
    virtual void on_turn() = 0;
  };

  // The executor must outlive the gate.
  explicit LargeFrameGate(base::Executor& executor) : executor_(executor) {}
  LargeFrameGate(const LargeFrameGate&) = delete;
  LargeFrameGate& operator=(const LargeFrameGate&) = delete;

  bool is_open() const { return at_work_ < kAtWorkMax; }

  // Around the work on a frame.
  void begin_work() { ++at_work_; }
  void end_work();

  // Waits for a turn; first come, first served. Must be forgotten before it is
  // destroyed, if its turn has not come.
  void wait(Waiter& waiter);
  void forget(Waiter& waiter);

 private:
  void give_turns(std::size_t count);
  void set_timer();

  base::Executor& executor_;
  std::size_t at_work_ = 0;
  std::deque<Waiter*> waiting_;
  std::unique_ptr<base::Timer> timer_;
};

}  // namespace waypost::rpc

#endif  // WAYPOST_WIRE_RPC_LARGE_FRAME_GATE_H_
