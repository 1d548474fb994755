#include "client_sdk/runtime/cancel_state.h"

namespace waypost::client {

void CancelState::cancel() {
  std::map<std::uint64_t, std::function<void()>> hooks;
  {
    const std::lock_guard lock(mutex_);
    cancelled_.store(true);
    hooks.swap(hooks_);
  }
  // Out of the lock: a hook may end a watch, or cancel again.
  for (const auto& [id, hook] : hooks) hook();
}

std::uint64_t CancelState::add(std::function<void()>& hook) {
  const std::lock_guard lock(mutex_);
  if (cancelled_.load()) return 0;
  hooks_.emplace(++last_id_, std::move(hook));
  return last_id_;
}

void CancelState::remove(std::uint64_t id) {
  std::function<void()> removed;  // destroyed without the lock
  const std::lock_guard lock(mutex_);
  const auto found = hooks_.find(id);
  if (found == hooks_.end()) return;
  removed = std::move(found->second);
  hooks_.erase(found);
}

CancelWatch::CancelWatch(const CancelToken& token, std::function<void()> hook)
    : state_(CancelState::of(token)) {
  if (!state_) return;
  id_ = state_->add(hook);
  if (id_ == 0) hook();
}

}  // namespace waypost::client

namespace waypost {

CancelToken::CancelToken(std::shared_ptr<client::CancelState> state)
    : state_(std::move(state)) {}

CancelToken CancelToken::make() { return client::CancelState::make_token(); }

void CancelToken::cancel() const {
  if (state_) state_->cancel();
}

bool CancelToken::cancelled() const { return state_ && state_->cancelled(); }

}  // namespace waypost
