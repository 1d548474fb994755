#include <atomic>
#include <thread>

#include <pthread.h>
#include <signal.h>

#include "tests/wire/transport/fixtures.h"

namespace waypost::transport::test {
namespace {

void spend(base::Duration duration) {
  const auto end = std::chrono::steady_clock::now() + duration;
  while (std::chrono::steady_clock::now() < end) {
  }
}

}  // namespace

TEST_CASE("posted tasks run on the loop's thread, in the order of posting") {
  const auto loop = Loop::create();
  std::string order;
  loop->post([&] {
    order += 'a';
    loop->post([&] {
      order += 'd';
      loop->stop();
    });
    order += 'b';
  });
  loop->post([&] { order += 'c'; });
  CHECK(order.empty());
  std::thread thread([&] { loop->run(); });
  thread.join();
  CHECK(order == "abcd");
}

TEST_CASE("many threads post at once and each one's order is kept") {
  constexpr int kThreads = 8;
  constexpr int kPosts = 2000;
  const auto loop = Loop::create();
  std::vector<int> seen(kThreads, 0);
  int total = 0;
  bool in_order = true;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int post = 0; post < kPosts; ++post) {
        loop->post([&, thread, post] {
          in_order = in_order && loop->in_executor_thread() &&
                     seen[static_cast<std::size_t>(thread)]++ == post;
          if (++total == kThreads * kPosts) loop->stop();
        });
      }
    });
  }
  loop->run();
  for (auto& thread : threads) thread.join();
  CHECK(in_order);
  CHECK(total == kThreads * kPosts);
}

TEST_CASE("a task that keeps posting does not keep the timers from running") {
  const auto loop = Loop::create();
  bool fired = false;
  std::function<void()> again = [&] {
    if (!fired) loop->post(again);
  };
  loop->post(again);
  const auto timer = loop->run_after(5ms, [&] { fired = true; });
  run_until(*loop, [&] { return fired; });
}

TEST_CASE("what was posted and never run is destroyed with the loop") {
  auto held = std::make_shared<int>(1);
  {
    const auto loop = Loop::create();
    loop->post([held] { FAIL("ran"); });
    CHECK(held.use_count() == 2);
  }
  CHECK(held.use_count() == 1);
}

TEST_CASE("stop from another thread ends run, and before run it is kept") {
  const auto loop = Loop::create();
  std::thread stopper([&] { loop->stop(); });
  loop->run();
  stopper.join();
  loop->stop();
  loop->run();
  bool ran = false;
  loop->post([&] { ran = true; });
  run_until(*loop, [&] { return ran; });
}

TEST_CASE("only the loop's own thread passes for it") {
  const auto loop = Loop::create();
  CHECK(loop->in_executor_thread());
  std::atomic<bool> other{true};
  std::thread([&] { other = loop->in_executor_thread(); }).join();
  CHECK_FALSE(other);
  std::atomic<bool> running{false};
  loop->post([&] { running = loop->in_executor_thread(); });
  loop->post([&] { loop->stop(); });
  std::thread([&] { loop->run(); }).join();
  CHECK(running);
}

TEST_CASE("a timer runs once, not before its time") {
  const auto loop = Loop::create();
  const auto start = std::chrono::steady_clock::now();
  for (const base::Duration delay :
       {base::Duration(1500us), base::Duration(10ms + 1ns),
        base::Duration(3ms)}) {
    const base::Instant from = loop->now();
    base::Instant fired_at{};
    int fired = 0;
    const auto timer = loop->run_after(delay, [&] {
      ++fired;
      fired_at = loop->now();
    });
    run_until(*loop, [&] { return fired > 0; });
    CHECK(fired == 1);
    CHECK(fired_at - from >= delay);
  }
  CHECK(std::chrono::steady_clock::now() - start >= 14ms);
}

TEST_CASE("timers of one millisecond run in the order of their nanoseconds") {
  const auto loop = Loop::create();
  std::string order;
  std::vector<std::unique_ptr<base::Timer>> timers;
  loop->post([&] {
    timers.push_back(loop->run_after(100us, [&] { order += 'b'; }));
    timers.push_back(loop->run_after(50us, [&] { order += 'a'; }));
    timers.push_back(loop->run_after(0ns, [&] { order += '0'; }));
    timers.push_back(loop->run_after(-1s, [&] { order += '-'; }));
    timers.push_back(loop->run_after(base::Duration::max(), [&] { FAIL(""); }));
  });
  run_until(*loop, [&] { return order.size() == 4; });
  CHECK(order == "0-ab");
}

TEST_CASE("an earlier timer is not held up by a later one that was set first") {
  const auto loop = Loop::create();
  bool late = false;
  const auto later = loop->run_after(kDeadline, [&] {
    late = true;
    loop->stop();
  });
  // A turn, so that the later one is what the loop waits for.
  loop->post([&] { loop->stop(); });
  loop->run();
  const auto early = loop->run_after(1ms, [&] { loop->stop(); });
  loop->run();
  CHECK_FALSE(late);
}

TEST_CASE("now stands still within a turn and moves between turns") {
  const auto loop = Loop::create();
  base::Instant first{};
  base::Instant later{};
  base::Instant next{};
  loop->post([&] {
    first = loop->now();
    spend(2ms);
    later = loop->now();
    loop->post([&] {
      next = loop->now();
      loop->stop();
    });
  });
  loop->run();
  CHECK(first == later);
  CHECK(next - later >= 2ms);
}

TEST_CASE("boot time does not stand still within a turn") {
  const auto loop = Loop::create();
  const base::Duration before = loop->boot_time();
  spend(1ms);
  CHECK(loop->boot_time() - before >= 1ms);
}

TEST_CASE(
    "the turn hook runs after each turn's events, before the loop waits") {
  const auto loop = Loop::create();
  std::string events;
  loop->set_turn_hook([&] {
    events += '|';
    if (events.find("ab|") != std::string::npos &&
        events.find("t|") != std::string::npos) {
      loop->stop();
    }
  });
  loop->post([&] { events += 'a'; });
  loop->post([&] { events += 'b'; });
  const auto timer = loop->run_after(1ms, [&] { events += 't'; });
  loop->run();
  CHECK(events.find("ab|") != std::string::npos);
  CHECK(events.find("t|") != std::string::npos);
}

TEST_CASE("the turn hook may replace or remove itself") {
  const auto loop = Loop::create();
  auto held = std::make_shared<int>(0);
  loop->set_turn_hook([&loop, held] {
    loop->set_turn_hook([&loop, held] {
      ++*held;
      loop->set_turn_hook(nullptr);
    });
    ++*held;
  });
  int turns = 0;
  std::function<void()> again = [&] {
    if (++turns < 5) return loop->post(again);
    loop->stop();
  };
  loop->post(again);
  loop->run();
  CHECK(*held == 2);
  CHECK(held.use_count() == 1);
}

TEST_CASE(
    "a signal reaches the loop, and ending the watch restores the default") {
  const auto loop = Loop::create();
  int arrived = 0;
  std::unique_ptr<Operation> watch;
  watch = loop->on_signal(SIGHUP, [&] {
    if (++arrived == 1) {
      raise(SIGHUP);
    } else {
      watch.reset();
    }
  });
  raise(SIGHUP);
  run_until(*loop, [&] { return arrived == 2; });
  CHECK(watch == nullptr);
  struct sigaction now {};
  sigaction(SIGHUP, nullptr, &now);
  const bool is_default = now.sa_handler == SIG_DFL;
  CHECK(is_default);
}

TEST_CASE("running a loop leaves the thread's signal mask as it was") {
  const auto loop = Loop::create();
  loop->post([&] {
    raise(SIGPIPE);  // as a write of libuv to a peer that has reset
    loop->stop();
  });
  loop->run();
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  CHECK(sigismember(&mask, SIGPIPE) == 0);
  sigset_t pending;
  sigpending(&pending);
  CHECK(sigismember(&pending, SIGPIPE) == 0);
}

}  // namespace waypost::transport::test
