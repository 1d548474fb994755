#ifndef WAYPOST_NAMESRV_SERVICE_WRITE_QUEUE_H_
#define WAYPOST_NAMESRV_SERVICE_WRITE_QUEUE_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <variant>
#include <vector>

#include "base/error.h"
#include "namesrv/registry/events.h"

namespace waypost::service {

// Gets the registry's reply, on the registry thread, after what it says has
// been published. May be empty.
using ReplyCallback = std::function<void(registry::Reply)>;

// Something to be done on the registry thread: an event for the registry, or
// a look at it (a listing).
struct Write {
  std::variant<registry::Event, std::function<void()>> work;
  ReplyCallback on_reply;
};

// From many I/O threads to the one registry thread, in two bounded lanes.
// Signs of life overtake registrations, because a heartbeat that waits behind
// ten thousand topics would cost its broker the route. Thread-safe.
class WriteQueue {
 public:
  enum class Lane : std::uint8_t { kLiveness, kRegistration };

  struct Limits {
    std::size_t liveness = 65'536;
    std::size_t registrations = 8'192;
    // What the queued registrations hold, by estimate.
    std::size_t registration_bytes = 512UL * 1024 * 1024;
  };

  explicit WriteQueue(Limits limits) : limits_(limits) {}

  enum class Pushed : std::uint8_t {
    kFull,   // not taken: answer busy
    kFirst,  // taken, and the queue was idle: wake the registry thread
    kMore,   // taken
  };
  // `must_take` is for what may not be lost (closed connections, of which there
  // are no more than connections).
  Pushed push(Lane lane, Write write, bool must_take = false);

  struct Batch {
    std::vector<Write> liveness;
    std::vector<Write> registrations;
  };
  // All of the first lane, and up to `registrations_max` of the second.
  Batch take(std::size_t registrations_max);

  // True when nothing waits; the next push will then say kFirst.
  bool go_idle();

 private:
  struct Sized {
    Write write;
    std::size_t bytes;
  };

  const Limits limits_;
  std::mutex mutex_;
  // Guarded by mutex_.
  std::vector<Write> liveness_;
  std::deque<Sized> registrations_;
  std::size_t registration_bytes_ = 0;
  bool awake_ = false;
};

}  // namespace waypost::service

#endif  // WAYPOST_NAMESRV_SERVICE_WRITE_QUEUE_H_
