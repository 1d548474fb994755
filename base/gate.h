#ifndef WAYPOST_BASE_GATE_H_
#define WAYPOST_BASE_GATE_H_

#include <cstddef>
#include <functional>
#include <utility>

#include "base/assert.h"

namespace waypost::base {

// Counts work in progress and says when the last of it has ended, so that an
// object stops in the order: cancel, abort, close the gate, wait. One thread.
// (The idea is Seastar's gate.)
class Gate {
 public:
  // Held while a piece of work runs. Move-only.
  class Pass {
   public:
    Pass() = default;
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Pass& operator=(Pass&& other) noexcept {
      if (this != &other) {
        release();
        gate_ = std::exchange(other.gate_, nullptr);
      }
      return *this;
    }
    ~Pass() { release(); }

    explicit operator bool() const { return gate_ != nullptr; }
    void release() {
      if (gate_ != nullptr) std::exchange(gate_, nullptr)->leave();
    }

   private:
    friend class Gate;
    explicit Pass(Gate* gate) : gate_(gate) {}
    Gate* gate_ = nullptr;
  };

  ~Gate() { WAYPOST_ASSERT(count_ == 0); }

  // An empty pass when the gate is closed: start nothing new.
  Pass enter() {
    if (closed_) return Pass();
    ++count_;
    return Pass(this);
  }

  // No more passes; calls `on_empty` once, when the last pass is released, or
  // inside this call when there is none. Call it once.
  void close(std::function<void()> on_empty) {
    WAYPOST_ASSERT(!closed_);
    closed_ = true;
    on_empty_ = std::move(on_empty);
    if (count_ == 0) finish();
  }

  bool closed() const { return closed_; }
  std::size_t count() const { return count_; }

 private:
  void leave() {
    WAYPOST_ASSERT(count_ > 0);
    if (--count_ == 0 && closed_) finish();
  }
  void finish() {
    // `on_empty` may destroy this gate.
    const auto on_empty = std::exchange(on_empty_, nullptr);
    if (on_empty) on_empty();
  }

  std::size_t count_ = 0;
  bool closed_ = false;
  std::function<void()> on_empty_;
};

}  // namespace waypost::base

#endif  // WAYPOST_BASE_GATE_H_
