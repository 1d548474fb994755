#ifndef WAYPOST_CLIENT_SDK_RUNTIME_CANCEL_STATE_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_CANCEL_STATE_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "waypost/cancel.hpp"

namespace waypost::client {

// What the copies of a CancelToken share. Any thread.
class CancelState {
 public:
  static CancelToken make_token() {
    return CancelToken(std::make_shared<CancelState>());
  }

  void cancel();
  bool cancelled() const { return cancelled_.load(); }

 private:
  friend class CancelWatch;
  static const std::shared_ptr<CancelState>& of(const CancelToken& token) {
    return token.state_;
  }

  // 0: cancelled before, `hook` has not been taken.
  std::uint64_t add(std::function<void()>& hook);
  void remove(std::uint64_t id);

  std::atomic<bool> cancelled_{false};
  std::mutex mutex_;
  std::uint64_t last_id_ = 0;                             // by mutex_
  std::map<std::uint64_t, std::function<void()>> hooks_;  // by mutex_
};

// Has `hook` called once when `token` is cancelled, on the thread that cancels
// it; in the constructor when it has been before. Destroying it takes the hook
// back, but does not wait for one that is running: what that refers to it must
// keep alive.
class CancelWatch {
 public:
  CancelWatch() = default;
  CancelWatch(const CancelToken& token, std::function<void()> hook);
  ~CancelWatch() { end(); }
  CancelWatch(CancelWatch&& other) noexcept
      : state_(std::move(other.state_)), id_(std::exchange(other.id_, 0)) {}
  CancelWatch& operator=(CancelWatch&& other) noexcept {
    if (this != &other) end();
    state_ = std::move(other.state_);
    id_ = std::exchange(other.id_, 0);
    return *this;
  }

 private:
  void end() {
    if (state_ && id_ != 0) state_->remove(id_);
  }

  std::shared_ptr<CancelState> state_;
  std::uint64_t id_ = 0;
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_CANCEL_STATE_H_
