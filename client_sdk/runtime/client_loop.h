#ifndef WAYPOST_CLIENT_SDK_RUNTIME_CLIENT_LOOP_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_CLIENT_LOOP_H_

#include "base/clock.h"
#include "wire/transport/loop.h"

namespace waypost::client {

// The loop that does the work of some clients: of the process's background
// thread, or the application's own. Whoever holds it may post; any thread.
class ClientLoop {
 public:
  virtual ~ClientLoop() = default;

  virtual transport::Loop& loop() = 0;
  virtual bool in_this_thread() const = 0;
  // The application's, which turns it when it likes.
  virtual bool lent() const = 0;
  // For how long whoever lets go last waits for a thread to end.
  virtual void wait_at_most(base::Duration patience) = 0;
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_CLIENT_LOOP_H_
