#include "wire/transport/timer_queue.h"

#include <map>

#include <doctest/doctest.h>

#include "base/random.h"

namespace waypost::transport::test {
namespace {

using namespace std::chrono_literals;
using base::Instant;

Instant at(base::Duration since_start) { return Instant(since_start); }

}  // namespace

TEST_CASE("timers run in the order of their times, equal ones as they came") {
  TimerQueue queue;
  std::string order;
  const auto c = queue.add(at(30ns), [&] { order += 'c'; });
  const auto a = queue.add(at(10ns), [&] { order += 'a'; });
  const auto b1 = queue.add(at(20ns), [&] { order += 'b'; });
  const auto b2 = queue.add(at(20ns), [&] { order += 'B'; });
  CHECK(queue.next_due() == at(10ns));
  queue.run_due(at(9ns));
  CHECK(order.empty());
  queue.run_due(at(20ns));
  CHECK(order == "abB");
  queue.run_due(at(30ns));
  CHECK(order == "abBc");
  CHECK_FALSE(queue.next_due().has_value());
}

TEST_CASE("a destroyed timer does not run") {
  TimerQueue queue;
  int runs = 0;
  auto first = queue.add(at(1ns), [&] { ++runs; });
  const auto second = queue.add(at(2ns), [&] { ++runs; });
  first.reset();
  queue.run_due(at(5ns));
  CHECK(runs == 1);
}

TEST_CASE("a task may destroy its own timer and others") {
  TimerQueue queue;
  int runs = 0;
  std::unique_ptr<base::Timer> own;
  std::unique_ptr<base::Timer> other;
  own = queue.add(at(1ns), [&] {
    own.reset();
    other.reset();
    ++runs;
  });
  other = queue.add(at(1ns), [&] { ++runs; });
  queue.run_due(at(1ns));
  CHECK(runs == 1);
  CHECK(queue.size() == 0);
}

TEST_CASE("a timer added by a task waits for the next run, even when due") {
  TimerQueue queue;
  int runs = 0;
  std::unique_ptr<base::Timer> later;
  const auto first = queue.add(at(1ns), [&] {
    ++runs;
    later = queue.add(at(5ns), [&] { ++runs; });
  });
  queue.run_due(at(5ns));
  CHECK(runs == 1);
  queue.run_due(at(5ns));
  CHECK(runs == 2);
}

TEST_CASE("a timer may outlive its queue") {
  std::unique_ptr<base::Timer> timer;
  {
    TimerQueue queue;
    timer = queue.add(at(1ns), [] {});
  }
  timer.reset();
}

TEST_CASE("many timers, added and cancelled at random, run exactly when due") {
  TimerQueue queue;
  base::Random random(7);
  std::map<std::uint64_t, std::pair<Instant, std::unique_ptr<base::Timer>>>
      pending;
  std::vector<std::uint64_t> ran;
  Instant now{};
  for (std::uint64_t id = 0; id < 5000; ++id) {
    const Instant due = now + base::Duration(random.below(1000));
    pending[id] = {due, queue.add(due, [&ran, id] { ran.push_back(id); })};
    if (random.chance(0.3)) {
      pending.erase(
          std::next(pending.begin(),
                    static_cast<std::ptrdiff_t>(random.below(pending.size()))));
    }
    now += base::Duration(random.below(10));
    queue.run_due(now);
    Instant before{};
    for (const auto each : ran) {
      REQUIRE(pending.contains(each));
      REQUIRE(pending[each].first <= now);
      REQUIRE(pending[each].first >= before);
      before = pending[each].first;
      pending.erase(each);
    }
    ran.clear();
    REQUIRE(queue.size() == pending.size());
    for (const auto& [left, entry] : pending) REQUIRE(entry.first > now);
  }
}

}  // namespace waypost::transport::test
