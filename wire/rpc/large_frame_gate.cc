#include "wire/rpc/large_frame_gate.h"

#include <algorithm>

#include "base/assert.h"

namespace waypost::rpc {

void LargeFrameGate::end_work() {
  WAYPOST_ASSERT(at_work_ > 0);
  --at_work_;
  if (is_open()) give_turns(1);
}

void LargeFrameGate::wait(Waiter& waiter) {
  waiting_.push_back(&waiter);
  set_timer();
}

void LargeFrameGate::forget(Waiter& waiter) { std::erase(waiting_, &waiter); }

void LargeFrameGate::give_turns(std::size_t count) {
  while (count-- > 0 && !waiting_.empty()) {
    Waiter* const next = waiting_.front();
    waiting_.pop_front();
    next->on_turn();
  }
}

// Open, and somebody waits: those whose turn it is are slow.
void LargeFrameGate::set_timer() {
  if (timer_ || waiting_.empty()) return;
  timer_ = executor_.run_after(kPatience, [this] {
    timer_.reset();
    if (is_open()) give_turns(kAtWorkMax);
    set_timer();
  });
}

}  // namespace waypost::rpc
