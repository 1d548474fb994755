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

Error late_error(const std::string& what, base::Duration timeout,
                 const std::string& waited_for) {
  return {ErrorCode::kTimedOut,
          what + ": no answer within " + base::format_duration(timeout) +
              (waited_for.empty() ? "" : ": ") + waited_for,
          ""};
}

PendingCalls::Id PendingCalls::begin(std::shared_ptr<PendingCall> call,
                                     base::Instant deadline,
                                     base::Duration timeout) {
  const Id id = ++last_id_;
  Entry& entry = calls_[id];
  entry.call = std::move(call);
  entry.timer =
      executor_.run_after(deadline - executor_.now(), [this, id, timeout] {
        const Entry& late = calls_.at(id);
        finish(id, late_error(late.call->what(), timeout,
                              late.waited_for ? late.waited_for() : ""));
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

void PendingCalls::when_late(Id id, std::function<std::string()> waited_for) {
  const auto found = calls_.find(id);
  if (found != calls_.end()) found->second.waited_for = std::move(waited_for);
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
