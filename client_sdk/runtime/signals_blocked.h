#ifndef WAYPOST_CLIENT_SDK_RUNTIME_SIGNALS_BLOCKED_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_SIGNALS_BLOCKED_H_

#include <pthread.h>
#include <signal.h>

namespace waypost::client {

// All signals are the application's own threads' business; a thread inherits
// its maker's mask, so it is made while this exists.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~AllSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_SIGNALS_BLOCKED_H_
