#ifndef WAYPOST_CANCEL_HPP_
#define WAYPOST_CANCEL_HPP_

#include <chrono>
#include <memory>
#include <utility>

namespace waypost {

namespace client {
class CancelState;
}  // namespace client

// Ends operations before they are over:
//
//   const auto cancel = waypost::CancelToken::make();
//   client.route_async("orders", {5s, cancel}, on_route);
//   ...
//   cancel.cancel();  // on_route gets kCancelled, unless it got a route before
//
// A small handle, copied freely; copies are the same token. One token may end
// any number of operations of any clients. Thread-safe. Operations keep what
// they need of it: it may be dropped while they run.
class CancelToken {
 public:
  // An empty one, which never cancels anything and costs nothing.
  CancelToken() = default;
  static CancelToken make();

  // Every operation that was given this token and is not over ends with
  // kCancelled, exactly once; one that is given it later ends at once. Waits
  // for nothing: completion handlers run where they always run, possibly after
  // this has returned. May be called from any thread, a handler included, any
  // number of times. On an empty token it does nothing.
  void cancel() const;
  bool cancelled() const;

  bool empty() const { return state_ == nullptr; }

 private:
  friend class client::CancelState;
  explicit CancelToken(std::shared_ptr<client::CancelState> state);

  std::shared_ptr<client::CancelState> state_;
};

// How long one call may take, and who may end it sooner. Written in place:
// `client.refresh("orders", 500ms)` or `{500ms, token}`.
struct CallLimits {
  template <typename Rep, typename Period>
  CallLimits(std::chrono::duration<Rep, Period> most, CancelToken token = {})
      : timeout(bounded(most)), cancel(std::move(token)) {}

  // From the call on. What is not over then ends with kTimedOut; zero and less
  // take what is known already. More than nanoseconds can count, as
  // `hours::max()`, is as long as they can.
  std::chrono::nanoseconds timeout;
  CancelToken cancel;

 private:
  template <typename Rep, typename Period>
  static std::chrono::nanoseconds bounded(
      std::chrono::duration<Rep, Period> most) {
    using Seconds = std::chrono::duration<double>;
    // Not to the last nanosecond, which a double does not tell apart.
    constexpr Seconds kMost = std::chrono::hours(24 * 365 * 290);
    if (Seconds(most) > kMost) return std::chrono::nanoseconds::max();
    if (Seconds(most) < -kMost) return std::chrono::nanoseconds::min();
    return std::chrono::duration_cast<std::chrono::nanoseconds>(most);
  }
};

}  // namespace waypost

#endif  // WAYPOST_CANCEL_HPP_
