#include "client_sdk/runtime/pending_calls.h"

#include <algorithm>
#include <chrono>

#include "base/options.h"

namespace waypost::client {

Error closed_error() {
  return {ErrorCode::kCancelled, "the client is closed", ""};
}

Error cancelled_error(const std::string& what) {
  return {ErrorCode::kCancelled, what + ": cancelled by its token", ""};
}

base::Duration bounded(base::Duration timeout) {
  return std::min<base::Duration>(timeout, std::chrono::hours(24 * 365));
}

PendingCalls::Id PendingCalls::begin(std::shared_ptr<PendingCall> call,
                                     base::Instant deadline,
                                     base::Duration timeout) {
  const Id id = ++last_id_;
  Entry& entry = calls_[id];
  entry.call = std::move(call);
  entry.timer =
      executor_.run_after(deadline - executor_.now(), [this, id, timeout] {
        finish(id, Error{ErrorCode::kTimedOut,
                         calls_.at(id).call->what() + ": no answer within " +
                             base::format_duration(timeout),
                         ""});
      });
  return id;
}

void PendingCalls::watch(Id id, CancelWatch watch) {
  const auto found = calls_.find(id);
  if (found != calls_.end()) found->second.watch = std::move(watch);
}

void PendingCalls::when_cancelled(Id id, std::function<void()> withdraw) {
  const auto found = calls_.find(id);
  if (found != calls_.end()) found->second.withdraw = std::move(withdraw);
}

void PendingCalls::finish(Id id, Status status) {
  auto entry = calls_.extract(id);
  // Out of the map first: who is told may end the client.
  if (!entry.empty()) entry.mapped().call->finish(std::move(status));
}

void PendingCalls::cancel(Id id) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  if (const auto withdraw = std::move(found->second.withdraw)) withdraw();
  finish(id, cancelled_error(found->second.call->what()));
}

void PendingCalls::finish_all(const Error& error) {
  while (!calls_.empty()) finish(calls_.begin()->first, error);
}

}  // namespace waypost::client
