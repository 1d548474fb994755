#ifndef WAYPOST_SEND_HPP_
#define WAYPOST_SEND_HPP_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "waypost/cancel.hpp"
#include "waypost/options.hpp"
#include "waypost/result.hpp"
#include "waypost/route.hpp"

namespace waypost {

namespace client {
class AttemptState;
}  // namespace client

// How using a pick went, for the fault table and for send().
enum class Outcome : std::uint8_t {
  kOk = 0,
  // The broker did not do it: refused connection, timeout, error. Another
  // broker is tried.
  kFailed = 1,
  // The broker answered and is well, but the request is wrong (too large, not
  // permitted, ...): it would fail elsewhere too. No other attempt; for the
  // fault table only the latency counts.
  kRejected = 2,
};

// What the application's function says about one attempt.
struct AttemptResult {
  Outcome outcome = Outcome::kOk;
  std::string detail;  // for people; why it failed

  static AttemptResult ok() { return {}; }
  static AttemptResult failed(std::string why) {
    return {Outcome::kFailed, std::move(why)};
  }
  static AttemptResult rejected(std::string why) {
    return {Outcome::kRejected, std::move(why)};
  }
};

// The application's own transport: sends to `pick` and returns within `budget`.
// Runs on the thread that called send(). What it throws counts as kFailed; an
// empty one makes send() fail with kInvalidArgument.
using Attempt = std::function<AttemptResult(const Pick& pick,
                                            std::chrono::nanoseconds budget)>;

// An attempt of a transport that answers later. A small handle, copied freely,
// usable from any thread for as long as the application likes.
class PendingAttempt {
 public:
  PendingAttempt() = default;

  // Ends the attempt; the first call counts. Without effect when it is over. An
  // attempt whose last copy is destroyed without this has failed.
  void complete(AttemptResult result) const;

  // Nobody waits for it any more: complete, its budget used up, the send
  // cancelled, the client closed.
  bool over() const;

 private:
  friend class client::AttemptState;
  explicit PendingAttempt(std::shared_ptr<client::AttemptState> state);

  std::shared_ptr<client::AttemptState> state_;
};

// Starts sending to `pick` and returns soon; `attempt.complete` is called then
// or later. One that is not complete after `budget` has failed, and another
// broker is tried. Runs where completion handlers run. What it throws counts as
// kFailed.
using AsyncAttempt = std::function<void(
    const Pick& pick, std::chrono::nanoseconds budget, PendingAttempt attempt)>;

struct SendOptions {
  // Total time; 0: the client's `send_timeout`.
  std::chrono::nanoseconds budget{0};
  // Attempts, the first included; 0: the client's `send_attempts`.
  std::int64_t attempts_max = 0;
  // As in PickOptions. A retry goes to the next best broker for the key, except
  // where the topic has an order configuration.
  std::string_view key = {};
  Selector selector = Selector::kDefault;
  // Ends the send with kCancelled: between two attempts and while waiting for a
  // route; send_async also during an attempt. The message may have been sent.
  CancelToken cancel = {};
};

// One attempt as it went.
struct AttemptRecord {
  Pick pick;
  Outcome outcome = Outcome::kOk;
  std::string detail;
  std::chrono::nanoseconds budget{0};   // what it was given
  std::chrono::nanoseconds latency{0};  // what it took
};

// What came of a send(): success, or the error of the whole, and every attempt
// in order. Valid as long as the Client (its picks are the Client's).
struct SendResult {
  Status status;
  std::vector<AttemptRecord> attempts;
  std::chrono::nanoseconds elapsed{0};

  bool ok() const { return status.has_value(); }
};
using SendHandler = std::function<void(SendResult)>;

}  // namespace waypost

#endif  // WAYPOST_SEND_HPP_
