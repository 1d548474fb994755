#include "client_sdk/runtime/fork_guard.h"

#include <mutex>

#include <pthread.h>

#include "client_sdk/runtime/event_thread.h"
#include "client_sdk/runtime/lent_loop.h"
#include "client_sdk/runtime/loop_thread.h"
#include "client_sdk/runtime/thread_view.h"

namespace waypost::client {

void ForkGeneration::watch() {
  static std::once_flag once;
  std::call_once(once, [] { pthread_atfork(nullptr, nullptr, &in_child); });
}

void ForkGeneration::in_child() {
  current_.fetch_add(1, std::memory_order_relaxed);
  PublishedRoutes::forget_last_view();
  LoopThread::forget_current();
  EventThread::forget_current();
  LentLoop::forget_all();
}

Error forked_error() {
  return {ErrorCode::kCancelled,
          "the client belongs to the process that this one was forked from",
          "make a new client after fork()"};
}

}  // namespace waypost::client
