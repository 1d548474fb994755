// Where events come out, with real threads.

#include "client_sdk/runtime/event_outlet.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace waypost::client {
namespace {

using namespace std::chrono_literals;

constexpr auto kLongTime = 60s;

Event refresh_failed(const std::string& why) {
  Event event;
  event.what = RefreshFailed{why};
  return event;
}

std::string why_of(const Event& event) {
  return std::get<RefreshFailed>(event.what).why;
}

std::shared_ptr<EventOutlet> outlet_of(const ClientOptions& options) {
  auto outlet = EventOutlet::create(options);
  REQUIRE(outlet.has_value());
  return std::move(*outlet);
}

// An application's executor; the test says when tasks run.
struct ManualExecutor {
  std::deque<std::function<void()>> tasks;
  EventExecutor post() {
    return [this](auto task) { tasks.push_back(std::move(task)); };
  }
  void run_one() {
    const auto task = std::move(tasks.front());
    tasks.pop_front();
    task();
  }
};

TEST_CASE("the event thread tells in order, one at a time, of all clients") {
  std::atomic<int> inside{0};
  std::atomic<bool> overlapped{false};
  std::vector<std::thread::id> threads(2);
  std::vector<std::vector<std::string>> heard(2);
  std::vector<std::shared_ptr<EventOutlet>> outlets;
  for (std::size_t i = 0; i < 2; ++i) {
    ClientOptions options;
    options.event_queue_max = 1000;
    options.on_event = [&, i](const Event& event) {
      if (++inside != 1) overlapped = true;
      threads[i] = std::this_thread::get_id();
      heard[i].push_back(why_of(event));
      --inside;
    };
    outlets.push_back(outlet_of(options));
  }
  for (int n = 0; n < 500; ++n) {
    for (const auto& outlet : outlets) {
      outlet->emit(refresh_failed(std::to_string(n)));
    }
  }
  for (const auto& outlet : outlets) CHECK(outlet->close(kLongTime));
  CHECK_FALSE(overlapped);
  CHECK(threads[0] == threads[1]);
  CHECK(threads[0] != std::this_thread::get_id());
  for (const auto& each : heard) {
    REQUIRE(each.size() == 500);
    for (std::size_t n = 0; n < 500; ++n) CHECK(each[n] == std::to_string(n));
  }
}

TEST_CASE("after close no handler is called, whoever still tells something") {
  for (int round = 0; round < 50; ++round) {
    auto alive = std::make_unique<std::atomic<int>>(0);
    ClientOptions options;
    options.on_event = [target = alive.get()](const Event&) { ++*target; };
    const auto outlet = outlet_of(options);
    std::atomic<bool> stop{false};
    std::thread teller([&] {
      while (!stop) outlet->emit(refresh_failed(""));
    });
    while (alive->load() == 0) std::this_thread::yield();
    CHECK(outlet->close(kLongTime));
    alive.reset();  // a later call would be seen by the sanitizers
    stop = true;
    teller.join();
  }
}

TEST_CASE("an executor is given one task at a time, which may come late") {
  ManualExecutor executor;
  std::vector<std::string> heard;
  ClientOptions options;
  options.event_delivery = EventDelivery::kExecutor;
  options.event_executor = executor.post();
  options.on_event = [&](const Event& event) {
    heard.push_back(why_of(event));
  };
  const auto outlet = outlet_of(options);
  for (const char* why : {"a", "b"}) outlet->emit(refresh_failed(why));
  CHECK(heard.empty());
  REQUIRE(executor.tasks.size() == 1);
  executor.run_one();
  CHECK(heard == std::vector<std::string>{"a", "b"});
  CHECK(executor.tasks.empty());
  outlet->emit(refresh_failed("c"));
  // Thrown away: told with the next one.
  executor.tasks.clear();
  outlet->emit(refresh_failed("d"));
  REQUIRE(executor.tasks.size() == 1);
  executor.run_one();
  CHECK(heard == std::vector<std::string>{"a", "b", "c", "d"});
  // A long backlog leaves others their turn.
  for (int n = 0; n < 100; ++n) outlet->emit(refresh_failed("e"));
  executor.run_one();
  CHECK(heard.size() < 104);
  REQUIRE(executor.tasks.size() == 1);
  executor.run_one();
  CHECK(heard.size() == 104);
}

TEST_CASE("closing does not wait for an executor that is the caller") {
  ManualExecutor executor;
  int heard = 0;
  bool ran = false;
  ClientOptions options;
  options.event_delivery = EventDelivery::kExecutor;
  options.event_executor = executor.post();
  options.on_event = [&](const Event&) { ++heard; };
  const auto outlet = outlet_of(options);
  outlet->emit(refresh_failed("a"));
  CHECK(outlet->run([&] { ran = true; }));
  const auto start = std::chrono::steady_clock::now();
  CHECK(outlet->close(kLongTime));
  CHECK(std::chrono::steady_clock::now() - start < 30s);
  outlet->emit(refresh_failed("b"));
  executor.run_one();
  CHECK(heard == 0);
  CHECK(ran);  // what must be called is, where it was asked for
}

TEST_CASE("an executor on a live thread is told all before close returns") {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::function<void()>> tasks;
  std::thread worker([&] {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [&] { return !tasks.empty(); });
      const auto task = std::move(tasks.front());
      tasks.pop_front();
      if (!task) return;
      lock.unlock();
      task();
      lock.lock();
    }
  });
  const auto post = [&](std::function<void()> task) {
    const std::lock_guard lock(mutex);
    tasks.push_back(std::move(task));
    changed.notify_all();
  };
  std::atomic<int> heard{0};
  std::promise<void> began;
  std::promise<void> go_on;
  ClientOptions options;
  options.event_delivery = EventDelivery::kExecutor;
  options.event_executor = post;
  options.on_event = [&](const Event&) {
    if (++heard != 1) return;
    began.set_value();
    go_on.get_future().wait();
  };
  const auto outlet = outlet_of(options);
  outlet->emit(refresh_failed("a"));
  outlet->emit(refresh_failed("b"));
  began.get_future().wait();
  // A handler that runs is waited for, but no longer than asked.
  CHECK_FALSE(outlet->close(10ms));
  go_on.set_value();
  CHECK(outlet->close(kLongTime));
  CHECK(heard == 1);
  post(nullptr);
  worker.join();
}

TEST_CASE("polling hands out events and runs tasks, also after close") {
  std::atomic<int> woken{0};
  ClientOptions options;
  options.event_delivery = EventDelivery::kPoll;
  options.on_events_ready = [&] { ++woken; };
  const auto outlet = outlet_of(options);
  CHECK(outlet->poll(10).empty());
  CHECK_FALSE(outlet->wait(0ms));
  std::thread teller([&] {
    for (const char* why : {"a", "b", "c"}) {
      outlet->emit(refresh_failed(why));
    }
  });
  CHECK(outlet->wait(kLongTime));
  teller.join();
  CHECK(woken == 1);
  CHECK(outlet->poll(2).size() == 2);
  CHECK(outlet->counts().waiting == 1);
  bool ran = false;
  CHECK(outlet->run([&] { ran = true; }));
  CHECK(woken == 1);  // something waited already
  CHECK(outlet->close(0ms));
  CHECK_FALSE(ran);
  CHECK(outlet->wait(kLongTime));
  const auto rest = outlet->poll(10);
  CHECK(ran);
  REQUIRE(rest.size() == 1);
  CHECK(why_of(rest[0]) == "c");
  CHECK_FALSE(outlet->wait(kLongTime));
}

TEST_CASE("who never polls loses events, and is told how many") {
  ClientOptions options;
  options.event_delivery = EventDelivery::kPoll;
  options.event_queue_max = 16;
  const auto outlet = outlet_of(options);
  for (int n = 0; n < 1000; ++n) {
    Event event;
    event.what = ClientCreated{};  // of no subject
    outlet->emit(event);
    outlet->emit(refresh_failed(std::to_string(n)));
  }
  const auto counts = outlet->counts();
  CHECK(counts.waiting == 17);
  CHECK(counts.lost > 900);
  CHECK(counts.merged + counts.lost + 16 == 2000);
  const auto events = outlet->poll(100);
  REQUIRE(events.size() == 17);
  CHECK(std::get<EventsLost>(events[0].what).count == counts.lost);
}

TEST_CASE("tasks need no handler, and run on the event thread") {
  const auto outlet = outlet_of({});
  CHECK_FALSE(outlet->wanted());
  std::promise<bool> in_delivery;
  CHECK(outlet->run([&] { in_delivery.set_value(outlet->in_delivery()); }));
  CHECK(in_delivery.get_future().get());
  CHECK_FALSE(outlet->in_delivery());
  CHECK(outlet->close(kLongTime));
}

}  // namespace
}  // namespace waypost::client
