#include "tests/support/wait.h"

#include <algorithm>
#include <cstdlib>
#include <thread>

namespace waypost::support {
namespace {

#if defined(__SANITIZE_THREAD__)
constexpr int kBuildFactor = 6;
#elif defined(__SANITIZE_ADDRESS__)
constexpr int kBuildFactor = 4;
#else
// Continuous integration is no idle machine.
constexpr int kBuildFactor = 3;
#endif

int read_factor() {
  const char* text = std::getenv("WAYPOST_TEST_TIME_FACTOR");
  const int extra = text == nullptr ? 1 : std::atoi(text);
  return kBuildFactor * std::max(extra, 1);
}

}  // namespace

int time_factor() {
  static const int factor = read_factor();
  return factor;
}

Milliseconds scaled(Milliseconds duration) { return duration * time_factor(); }

bool wait_until(Milliseconds limit, const std::function<bool()>& condition) {
  const Stopwatch watch;
  Milliseconds pause(1);
  for (;;) {
    if (condition()) return true;
    if (watch.elapsed() >= limit) return false;
    std::this_thread::sleep_for(std::min(pause, limit));
    pause = std::min(pause * 2, Milliseconds(25));
  }
}

void let_pass(Milliseconds duration, const char* /*why*/) {
  std::this_thread::sleep_for(duration);
}

}  // namespace waypost::support
