#ifndef WAYPOST_WIRE_TRANSPORT_SIGPIPE_BLOCK_H_
#define WAYPOST_WIRE_TRANSPORT_SIGPIPE_BLOCK_H_

#include <ctime>

#include <pthread.h>
#include <signal.h>

namespace waypost::transport {

// libuv writes without MSG_NOSIGNAL, so a peer's reset would raise SIGPIPE and
// end the process. Blocking it on the loop's thread while it runs, rather than
// ignoring it, leaves the rest of the process as it is: the SDK is a guest in
// somebody's application.
class SigpipeBlock {
 public:
  SigpipeBlock() {
    sigemptyset(&sigpipe_);
    sigaddset(&sigpipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
  }
  ~SigpipeBlock() {
    if (sigismember(&before_, SIGPIPE) == 1) return;
    // One that is pending would be delivered by the unblocking.
    const timespec at_once{};
    while (sigtimedwait(&sigpipe_, nullptr, &at_once) == SIGPIPE) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  SigpipeBlock(const SigpipeBlock&) = delete;
  SigpipeBlock& operator=(const SigpipeBlock&) = delete;

 private:
  sigset_t sigpipe_{};
  sigset_t before_{};
};

}  // namespace waypost::transport

#endif  // WAYPOST_WIRE_TRANSPORT_SIGPIPE_BLOCK_H_
