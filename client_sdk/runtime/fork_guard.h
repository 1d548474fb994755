#ifndef WAYPOST_CLIENT_SDK_RUNTIME_FORK_GUARD_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_FORK_GUARD_H_

// A child after fork() has one thread, and copies of everybody's locks, some of
// them held by threads that do not exist there. So what was made before is left
// alone in the child: nothing of it is locked, waited for or destroyed.

#include <atomic>
#include <cstdint>

#include "waypost/result.hpp"

namespace waypost::client {

// Counts the forks between this process and the first one that used the
// library. Reading it is one relaxed load, where getpid() is a system call.
class ForkGeneration {
 public:
  // From the first call on forks are noticed. Any thread.
  static void watch();
  static std::uint64_t current() {
    return current_.load(std::memory_order_relaxed);
  }

 private:
  // On the only thread of each child, before fork() returns there: makes what
  // the process shares new, and has the thread look twice at its next pick.
  static void in_child();

  static inline std::atomic<std::uint64_t> current_{0};
};

Error forked_error();

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_FORK_GUARD_H_
