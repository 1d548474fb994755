#ifndef WAYPOST_CLIENT_SDK_EXAMPLES_STOP_SIGNAL_H_
#define WAYPOST_CLIENT_SDK_EXAMPLES_STOP_SIGNAL_H_

#include <algorithm>
#include <chrono>
#include <csignal>

namespace waypost::examples {

// SIGTERM and SIGINT as something to ask for. Make it first in main: threads
// started later inherit that these signals wait.
class StopSignal {
 public:
  StopSignal() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  }

  // Sleeps until then; true, at once, when a signal has arrived.
  bool wait_until(std::chrono::steady_clock::time_point when) const {
    const auto left = std::max(
        std::chrono::nanoseconds(0),
        std::chrono::nanoseconds(when - std::chrono::steady_clock::now()));
    const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
    const timespec timeout{.tv_sec = seconds.count(),
                           .tv_nsec = (left - seconds).count()};
    return sigtimedwait(&signals_, nullptr, &timeout) > 0;
  }

 private:
  sigset_t signals_{};
};

}  // namespace waypost::examples

#endif  // WAYPOST_CLIENT_SDK_EXAMPLES_STOP_SIGNAL_H_
