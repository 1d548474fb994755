#include "wire/transport/uv_loop.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

#include <sys/eventfd.h>
#include <unistd.h>

#include "base/assert.h"
#include "wire/transport/sigpipe_block.h"
#include "wire/transport/uv_process.h"
#include "wire/transport/uv_signal.h"

namespace waypost::transport {
namespace {

// How long the destructor waits for killed child processes to be reaped.
constexpr auto kLastTurnsMax = std::chrono::seconds(2);

base::Duration read_clock(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return std::chrono::seconds(time.tv_sec) +
         std::chrono::nanoseconds(time.tv_nsec);
}

base::Instant monotonic_now() {
  return base::Instant(read_clock(CLOCK_MONOTONIC));
}

// The first uv_loop_init of a process aborts it when, after the loop's own, no
// descriptors are left for the pipe of its signal handlers. What it opens is
// taken for a moment first.
bool descriptors_left() {
  constexpr std::size_t kOfALoop = 8;
  std::array<int, kOfALoop> taken{};
  std::size_t count = 0;
  while (count < taken.size()) {
    const int next = ::eventfd(0, EFD_CLOEXEC);
    if (next < 0) break;
    taken.at(count++) = next;
  }
  for (std::size_t i = 0; i < count; ++i) ::close(taken.at(i));
  return count == taken.size();
}

}  // namespace

std::unique_ptr<Loop> Loop::create() {
  auto loop = std::make_unique<UvLoop>(ResolverOptions{});
  if (!loop->usable()) return nullptr;
  return loop;
}

Loop::Adopted Loop::adopt(uv_loop_s* loop) {
  auto adopted = std::make_unique<UvLoop>(ResolverOptions{}, loop);
  if (!adopted->usable()) return nullptr;
  return Adopted(adopted.release());
}

void Loop::Leave::operator()(Loop* loop) const {
  static_cast<UvLoop*>(loop)->leave_soon();
}

UvLoop::UvLoop(const ResolverOptions& resolver_options)
    : uv_(&own_),
      thread_(std::this_thread::get_id()),
      network_(*this, resolver_options) {
  if (!descriptors_left() || uv_loop_init(uv_) != 0) return;
  usable_ = open();
  if (!usable_) uv_loop_close(uv_);
}

UvLoop::UvLoop(const ResolverOptions& resolver_options, uv_loop_t* adopted)
    : uv_(adopted),
      thread_(std::this_thread::get_id()),
      running_(true),
      network_(*this, resolver_options) {
  usable_ = open();
}

bool UvLoop::open() {
  // The only one of the three that can fail, so nothing is left open then.
  if (uv_async_init(uv_, &wake_, [](uv_async_t* handle) {
        static_cast<UvLoop*>(handle->data)->on_woken();
      }) != 0) {
    return false;
  }
  uv_prepare_init(uv_, &before_block_);
  uv_timer_init(uv_, &timer_);
  wake_.data = before_block_.data = timer_.data = this;
  uv_prepare_start(&before_block_, [](uv_prepare_t* handle) {
    static_cast<UvLoop*>(handle->data)->on_before_block();
  });
  return true;
}

UvLoop::~UvLoop() {
  if (!usable_ || uv_ != &own_) return;
  WAYPOST_ASSERT(!running_);
  // Both may hold what hangs on the loop.
  tasks_.close();
  turn_hook_ = nullptr;
  close_handles();
}

void UvLoop::close_handles() {
  for (auto* handle : {reinterpret_cast<uv_handle_t*>(&wake_),
                       reinterpret_cast<uv_handle_t*>(&before_block_),
                       reinterpret_cast<uv_handle_t*>(&timer_)}) {
    uv_close(handle, nullptr);
  }
  const base::Instant give_up = monotonic_now() + kLastTurnsMax;
  while (uv_run(uv_, UV_RUN_NOWAIT) != 0 && monotonic_now() < give_up) {
    const timespec pause{.tv_sec = 0, .tv_nsec = 1'000'000};
    nanosleep(&pause, nullptr);
  }
  // A killed child that the kernel does not let die stays for init to reap.
  uv_walk(
      uv_,
      [](uv_handle_t* handle, void*) {
        if (handle->type == UV_PROCESS) UvProcess::abandon(handle);
      },
      nullptr);
  uv_run(uv_, UV_RUN_NOWAIT);
  // Busy: a connection, a listener or an operation outlives its loop.
  WAYPOST_ASSERT(uv_loop_close(uv_) == 0);
}

base::Instant UvLoop::now() const {
  if (!running_.load(std::memory_order_relaxed) || !in_executor_thread())
    return monotonic_now();
  if (!now_valid_) {
    now_ = monotonic_now();
    now_valid_ = true;
  }
  return now_;
}

base::WallTime UvLoop::wall_now() const {
  return base::WallTime(read_clock(CLOCK_REALTIME));
}

base::Duration UvLoop::boot_time() const { return read_clock(CLOCK_BOOTTIME); }

bool UvLoop::in_executor_thread() const {
  const std::thread::id thread = thread_.load(std::memory_order_relaxed);
  return thread == std::this_thread::get_id() || thread == std::thread::id();
}

void UvLoop::post(std::function<void()> task) {
  if (tasks_.push(std::move(task))) uv_async_send(&wake_);
}

void UvLoop::stop() {
  stop_wanted_.store(true);
  uv_async_send(&wake_);
}

void UvLoop::run() {
  const SigpipeBlock sigpipe_block;
  thread_ = std::this_thread::get_id();
  running_ = true;
  if (!stop_wanted_.exchange(false)) {
    now_valid_ = false;
    uv_run(uv_, UV_RUN_DEFAULT);
  }
  running_ = false;
  thread_ = std::thread::id();
}

// Under a lock, so that the loop does not destroy this between the two lines.
void UvLoop::leave_soon() {
  const std::lock_guard lock(leave_mutex_);
  leave_wanted_ = true;
  uv_async_send(&wake_);
}

bool UvLoop::leave_wanted() {
  const std::lock_guard lock(leave_mutex_);
  return leave_wanted_;
}

// One handle after the other, so that it is known which close callback is the
// last; the one that calls on_woken() first.
void UvLoop::leave_now() {
  tasks_.close();
  turn_hook_ = nullptr;
  uv_prepare_stop(&before_block_);
  uv_timer_stop(&timer_);
  uv_close(reinterpret_cast<uv_handle_t*>(&wake_), [](uv_handle_t* first) {
    auto* const self = static_cast<UvLoop*>(first->data);
    uv_close(reinterpret_cast<uv_handle_t*>(&self->before_block_),
             [](uv_handle_t* second) {
               auto* const loop = static_cast<UvLoop*>(second->data);
               uv_close(reinterpret_cast<uv_handle_t*>(&loop->timer_),
                        [](uv_handle_t* last) {
                          delete static_cast<UvLoop*>(last->data);
                        });
             });
  });
}

void UvLoop::on_woken() {
  thread_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  tasks_.run_queued();
  if (uv_ != &own_ && leave_wanted()) {
    leave_now();
    return;
  }
  if (stop_wanted_.exchange(false)) uv_stop(uv_);
}

std::unique_ptr<base::Timer> UvLoop::run_after(base::Duration delay,
                                               std::function<void()> task) {
  WAYPOST_ASSERT(in_executor_thread());
  const base::Instant from = now();
  // "Never" must not wrap round to "at once".
  const base::Duration furthest = base::Instant::max() - from;
  const base::Duration wait =
      std::clamp(delay, base::Duration::zero(), furthest);
  return timers_.add(from + wait, std::move(task));
}

void UvLoop::on_timer() {
  armed_for_ = base::Instant::max();
  // Within a turn time stands still for decisions that belong together; timers
  // are a new beginning, and one must not see a time before it is due.
  now_valid_ = false;
  timers_.run_due(now());
}

void UvLoop::on_before_block() {
  if (turn_hook_) {
    // The hook may replace itself.
    auto hook = std::move(turn_hook_);
    hook_replaced_ = false;
    hook();
    if (!hook_replaced_) turn_hook_ = std::move(hook);
  }
  thread_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  arm_timer();
  now_valid_ = false;
}

void UvLoop::arm_timer() {
  const auto due = timers_.next_due();
  // Armed too early is left alone: most deadlines are cancelled, and one
  // needless wake-up costs less than moving the timer with each of them.
  if (!due || *due >= armed_for_) return;
  armed_for_ = *due;
  // libuv counts whole milliseconds of the same clock. Rounded up, so that the
  // timer never fires early.
  const auto due_ms =
      std::chrono::ceil<std::chrono::milliseconds>(due->time_since_epoch())
          .count();
  const auto uv_ms = static_cast<std::int64_t>(uv_now(uv_));
  const auto wait_ms = std::max<std::int64_t>(due_ms - uv_ms, 0);
  uv_timer_start(
      &timer_,
      [](uv_timer_t* handle) {
        static_cast<UvLoop*>(handle->data)->on_timer();
      },
      static_cast<std::uint64_t>(wait_ms), 0);
}

void UvLoop::set_turn_hook(std::function<void()> hook) {
  WAYPOST_ASSERT(in_executor_thread());
  turn_hook_ = std::move(hook);
  hook_replaced_ = true;
}

std::unique_ptr<Operation> UvLoop::on_signal(int signal_number,
                                             std::function<void()> on_signal) {
  WAYPOST_ASSERT(in_executor_thread());
  return UvSignal::watch(*this, signal_number, std::move(on_signal));
}

std::unique_ptr<Operation> UvLoop::spawn(
    const std::vector<std::string>& arguments,
    std::function<void(base::Result<ProcessResult>)> on_exit) {
  WAYPOST_ASSERT(in_executor_thread());
  return UvProcess::start(*this, arguments, std::move(on_exit));
}

}  // namespace waypost::transport
