#ifndef WAYPOST_WIRE_TRANSPORT_LARGE_READS_H_
#define WAYPOST_WIRE_TRANSPORT_LARGE_READS_H_

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>

#include "base/clock.h"
#include "base/executor.h"

namespace waypost::transport {

// Paces the reading of large messages on one loop. A socket holds megabytes of
// one, libuv reads it until it is empty, and hundreds of brokers may register
// at once: the loop would do nothing else for a while, and having used up its
// share of the CPU wait for other threads after it. So the connections that are
// in the middle of a large message read kShareBytes in all in each kPeriod,
// which is some 150 MB/s and a fifth of a core.
//
// Loop thread only.
class LargeReads {
 public:
  static constexpr std::size_t kShareBytes = 256UL * 1024;
  static constexpr base::Duration kPeriod = std::chrono::milliseconds(1);
  // Those who may go on when a period begins.
  static constexpr std::size_t kReadersPerPeriod = 4;

  class Reader {
   public:
    virtual ~Reader() = default;
    virtual void read_on() = 0;
  };

  // The executor must outlive this.
  explicit LargeReads(base::Executor& executor) : executor_(executor) {}
  LargeReads(const LargeReads&) = delete;
  LargeReads& operator=(const LargeReads&) = delete;

  // What may be read now; 0: stop reading and hold().
  std::size_t share();
  void take(std::size_t bytes) { left_ -= bytes; }

  // Calls the reader when it may go on; first come, first served, but those
  // first whose last turn came to nothing (`served` false) because others had
  // taken all. Must be forgotten before it is destroyed.
  void hold(Reader& reader, bool served);
  void forget(Reader& reader);

 private:
  Reader* take_next();
  void set_timer();
  void begin_period();

  base::Executor& executor_;
  base::Instant period_began_{};
  std::size_t left_ = kShareBytes;
  std::deque<Reader*> unserved_;
  std::deque<Reader*> served_;
  std::unique_ptr<base::Timer> timer_;
};

}  // namespace waypost::transport

#endif  // WAYPOST_WIRE_TRANSPORT_LARGE_READS_H_
