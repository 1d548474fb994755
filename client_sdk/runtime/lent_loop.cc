#include "client_sdk/runtime/lent_loop.h"

#include <map>
#include <mutex>
#include <utility>

#include <pthread.h>
#include <signal.h>

namespace waypost::client {
namespace {

// Never destroyed: a client may be a static object of the application. A child
// after fork() gets another.
struct Shelf {
  std::mutex mutex;
  std::map<uv_loop_s*, std::weak_ptr<LentLoop>> loops;
};
Shelf*& shelf() {
  static auto* shelf = new Shelf;
  return shelf;
}

bool sigpipe_is_deadly() {
  sigset_t blocked;
  pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
  struct sigaction action {};
  sigaction(SIGPIPE, nullptr, &action);
  return action.sa_handler == SIG_DFL && sigismember(&blocked, SIGPIPE) == 0;
}

}  // namespace

void LentLoop::forget_all() { shelf() = new Shelf; }

base::Result<std::shared_ptr<LentLoop>> LentLoop::acquire(uv_loop_s* loop) {
  if (loop == nullptr) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      "create_on_loop: no loop");
  }
  if (sigpipe_is_deadly()) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      "create_on_loop: SIGPIPE would end the process when a "
                      "nameserver closes its connection",
                      "call signal(SIGPIPE, SIG_IGN) before");
  }
  Shelf& all = *shelf();
  const std::lock_guard lock(all.mutex);
  std::erase_if(all.loops,
                [](const auto& each) { return each.second.expired(); });
  if (auto known = all.loops[loop].lock()) return known;
  auto adopted = transport::Loop::adopt(loop);
  if (!adopted) {
    return base::fail(base::ErrorCode::kInternal,
                      "create_on_loop: the loop takes no handles",
                      "check the limit of open files");
  }
  std::shared_ptr<LentLoop> made(new LentLoop(std::move(adopted)));
  all.loops[loop] = made;
  return made;
}

std::function<void(std::function<void()>)> LentLoop::executor(
    const std::shared_ptr<LentLoop>& loop) {
  // What is closed keeps no loop, but for the last tasks.
  return [weak = std::weak_ptr(loop)](const std::function<void()>& task) {
    const auto held = weak.lock();
    if (held) held->loop().post([held, task] { task(); });
  };
}

}  // namespace waypost::client
