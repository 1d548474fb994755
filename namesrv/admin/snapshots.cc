#include "namesrv/admin/snapshots.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "base/units.h"

namespace waypost::admin_http {
namespace {

using SteadyClock = std::chrono::steady_clock;

}  // namespace

struct Snapshots::State {
  std::mutex mutex;
  std::condition_variable changed;
  // Guarded by mutex.
  Taken latest;
  SteadyClock::time_point taken_at;
  bool asked = false;  // a task is on its way
  SteadyClock::time_point asked_at;
  std::uint64_t count = 0;  // of snapshots taken
  bool stopped = false;
};

Snapshots::Snapshots(Shell shell)
    : shell_(std::move(shell)), state_(std::make_shared<State>()) {}

Snapshots::~Snapshots() { stop(); }

base::Result<Snapshots::Taken> Snapshots::get() {
  State& state = *state_;
  const auto began = SteadyClock::now();
  bool ask = false;
  std::uint64_t seen = 0;
  {
    const std::lock_guard lock(state.mutex);
    if (state.latest && !state.stopped &&
        began - state.taken_at <= shell_.fresh) {
      return state.latest;
    }
    seen = state.count;
    ask = !state.stopped && !std::exchange(state.asked, true);
    if (ask) state.asked_at = began;
  }
  if (ask) {
    shell_.post([state = state_, take = shell_.take] {
      auto taken = std::make_shared<const Snapshot>(take());
      const std::lock_guard lock(state->mutex);
      state->latest = std::move(taken);
      state->taken_at = SteadyClock::now();
      state->asked = false;
      ++state->count;
      state->changed.notify_all();
    });
  }
  std::unique_lock lock(state.mutex);
  const bool came = state.changed.wait_until(
      lock, began + shell_.wait_max,
      [&] { return state.stopped || state.count != seen; });
  if (state.stopped) {
    return base::fail(base::ErrorCode::kCancelled,
                      "this nameserver is stopping");
  }
  if (!came) {
    const auto hangs = std::chrono::floor<std::chrono::milliseconds>(
        SteadyClock::now() - state.asked_at);
    return base::fail(base::ErrorCode::kTimedOut,
                      "the registry thread has not turned for " +
                          base::format_duration(hangs),
                      "the process is stopped, starved of CPU, or hangs");
  }
  return state.latest;
}

void Snapshots::stop() {
  const std::lock_guard lock(state_->mutex);
  state_->stopped = true;
  state_->changed.notify_all();
}

}  // namespace waypost::admin_http
