#include "wire/rpc/request_gate.h"

#include <utility>

#include "base/assert.h"

namespace waypost::rpc {

bool RequestGate::is_open() {
  if (!connection_.is_open()) return false;
  if (!has_room()) {
    if (!std::exchange(paused_, true)) connection_.pause_reading();
    return false;
  }
  return !connection_.output_is_high();
}

void RequestGate::expect(bool alone) {
  ++pending_;
  alone_ |= alone;
}

void RequestGate::settle() {
  WAYPOST_ASSERT(pending_ > 0);
  if (--pending_ == 0) alone_ = false;
  if (paused_ && has_room()) {
    paused_ = false;
    connection_.resume_reading();
  }
}

}  // namespace waypost::rpc
