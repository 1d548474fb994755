#ifndef WAYPOST_CLIENT_SDK_RUNTIME_PENDING_CALLS_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_PENDING_CALLS_H_

// What the application waits for: answers with a deadline that somebody else
// may end sooner.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "base/executor.h"
#include "client_sdk/runtime/cancel_state.h"
#include "waypost/result.hpp"

namespace waypost::client {

Error closed_error();
Error cancelled_error(const std::string& what);
// "route of 'orders': no answer within 3s: 10.0.0.1:9876: not connected yet".
Error late_error(const std::string& what, base::Duration timeout,
                 const std::string& waited_for = "");

// Such that "for ever" does not overflow the clock.
base::Duration bounded(base::Duration timeout);

// Told exactly once how it ended, whatever becomes of it: one that is destroyed
// untold (its loop ended before it got there) was cancelled. One thread at a
// time.
class PendingCall {
 public:
  using Finish = std::function<void(Status)>;

  PendingCall(std::string what, Finish finish)
      : what_(std::move(what)), finish_(std::move(finish)) {}
  ~PendingCall() { finish(closed_error()); }
  PendingCall(const PendingCall&) = delete;
  PendingCall& operator=(const PendingCall&) = delete;

  // Nobody is to be told.
  void forget() { finish_ = nullptr; }

  // "route of 'orders'", for errors.
  const std::string& what() const { return what_; }
  void finish(Status status) {
    if (finish_) std::exchange(finish_, nullptr)(std::move(status));
  }

 private:
  const std::string what_;
  Finish finish_;
};

// The calls of one client. Loop thread only.
class PendingCalls {
 public:
  using Id = std::uint64_t;

  explicit PendingCalls(base::Executor& executor) : executor_(executor) {}

  // Ends the call with kTimedOut at `deadline`, which is `timeout` after it was
  // made.
  Id begin(std::shared_ptr<PendingCall> call, base::Instant deadline,
           base::Duration timeout);
  // Kept until the call is over.
  void watch(Id id, CancelWatch watch);
  // Called when it is cancelled, before it is told: nobody waits any more for
  // what it began. Calls that are over are ignored.
  void when_cancelled(Id id, std::function<void()> withdraw);
  // Asked for when its time is over: what it waited for, for the error. Calls
  // that are over are ignored.
  void when_late(Id id, std::function<std::string()> waited_for);
  // Calls that are over are ignored.
  void finish(Id id, Status status);
  void cancel(Id id);
  // For the end of the client.
  void finish_all(const Error& error);

  bool pending(Id id) const { return calls_.contains(id); }
  std::size_t size() const { return calls_.size(); }

 private:
  struct Entry {
    std::shared_ptr<PendingCall> call;
    std::unique_ptr<base::Timer> timer;
    CancelWatch watch;
    std::function<void()> withdraw;
    std::function<std::string()> waited_for;
  };

  base::Executor& executor_;
  Id last_id_ = 0;
  std::map<Id, Entry> calls_;
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_PENDING_CALLS_H_
