#ifndef WAYPOST_TESTS_SUPPORT_WAIT_H_
#define WAYPOST_TESTS_SUPPORT_WAIT_H_

#include <chrono>
#include <functional>
#include <string>

namespace waypost::support {

using Milliseconds = std::chrono::milliseconds;

// How much slower than a release build on an idle machine things may be here:
// machines that run tests are not idle, and more under sanitizers;
// WAYPOST_TEST_TIME_FACTOR multiplies it.
int time_factor();

// `duration` times time_factor(): for "at the latest" bounds, never for waits
// that must have happened.
Milliseconds scaled(Milliseconds duration);

// Polls until `condition()`, with short backoff; false when `limit` (not scaled
// here) has passed. The only place where tests of real processes sleep.
bool wait_until(Milliseconds limit, const std::function<bool()>& condition);

// Lets real time pass on purpose: a stopped process must stay stopped for a
// while. Say in `why` what is being waited out.
void let_pass(Milliseconds duration, const char* why);

// Measures from its construction on.
class Stopwatch {
 public:
  Milliseconds elapsed() const {
    return std::chrono::duration_cast<Milliseconds>(
        std::chrono::steady_clock::now() - start_);
  }

 private:
  std::chrono::steady_clock::time_point start_ =
      std::chrono::steady_clock::now();
};

}  // namespace waypost::support

#endif  // WAYPOST_TESTS_SUPPORT_WAIT_H_
