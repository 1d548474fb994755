// Sends whose attempts end later, through the public API.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"
#include "tests/client_sdk/runtime/client_forms.h"

namespace waypost {
namespace {

using namespace std::chrono_literals;

using testing::MockAnswers;

// A transport that keeps its attempts until it is told what became of them.
class SlowTransport {
 public:
  AsyncAttempt attempt() {
    return [this](const Pick& pick, std::chrono::nanoseconds,
                  PendingAttempt pending) {
      const std::lock_guard lock(mutex_);
      brokers_.push_back(pick.broker_name());
      pending_.push_back(std::move(pending));
      changed_.notify_all();
    };
  }
  // The number-th attempt, once it has begun.
  PendingAttempt wait(std::size_t number) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kLong, [&] { return pending_.size() > number; });
    REQUIRE(pending_.size() > number);
    return pending_[number];
  }
  void drop_all() {
    std::vector<PendingAttempt> dropped;
    const std::lock_guard lock(mutex_);
    dropped.swap(pending_);
  }
  std::size_t size() {
    const std::lock_guard lock(mutex_);
    return brokers_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> brokers_;
  std::vector<PendingAttempt> pending_;
};

TEST_CASE("forms: an attempt that ends later, on another thread") {
  Asked it;
  SlowTransport transport;
  Told<SendResult> sent;
  CHECK(it.client().send_async("orders", transport.attempt(), {kLong, 3},
                               sent.handler()));
  const auto first = transport.wait(0);
  CHECK_FALSE(first.over());
  std::thread([first] {
    first.complete(AttemptResult::failed("refused"));
    first.complete(AttemptResult::ok());  // does not count
  }).join();
  CHECK(first.over());
  transport.wait(1).complete(AttemptResult::ok());
  REQUIRE(sent.wait());
  CHECK(sent.result().ok());
  REQUIRE(sent.result().attempts.size() == 2);
  CHECK(sent.result().attempts[0].detail == "refused");
  CHECK(sent.result().attempts[0].pick.broker_name() !=
        sent.result().attempts[1].pick.broker_name());
  CHECK(it.client().stats().avoided == 1);
  CHECK(sent.times() == 1);
  CHECK(PendingAttempt().over());

  auto rejected = it.client().send_future("orders", transport.attempt());
  transport.wait(2).complete(AttemptResult::rejected("too large"));
  CHECK(code_of(rejected.get().status) == ErrorCode::kInvalidArgument);
}

TEST_CASE("forms: attempts that stay away, are dropped, or throw have failed") {
  Asked it;
  SlowTransport transport;
  auto late =
      it.client().send_future("orders", transport.attempt(), {600ms, 2});
  const SendResult result = late.get();
  CHECK(code_of(result.status) == ErrorCode::kTimedOut);
  // Two, unless the machine stands still for the time of the second.
  const std::size_t attempts = result.attempts.size();
  REQUIRE(attempts >= 1);
  CHECK(attempts <= 2);
  CHECK(result.attempts[0].outcome == Outcome::kFailed);
  CHECK(result.attempts[0].detail.starts_with("no answer within "));
  CHECK(transport.wait(0).over());

  auto dropped =
      it.client().send_future("orders", transport.attempt(), {kLong, 1});
  transport.wait(attempts);
  transport.drop_all();
  const auto lost = dropped.get();
  CHECK(code_of(lost.status) == ErrorCode::kUnavailable);
  CHECK(lost.attempts[0].detail == "the transport dropped the attempt");

  const AsyncAttempt thrower = [](const Pick&, std::chrono::nanoseconds,
                                  const PendingAttempt&) {
    throw std::runtime_error("no socket");
  };
  const auto thrown =
      it.client().send_future("orders", thrower, {kLong, 2}).get();
  CHECK(code_of(thrown.status) == ErrorCode::kUnavailable);
  CHECK(thrown.attempts.size() == 2);
  CHECK(thrown.attempts[1].detail == "the attempt threw: no socket");
}

TEST_CASE("forms: a send is cancelled during its attempt and while it waits") {
  Asked it;
  SlowTransport transport;
  SendOptions options{kLong, 3};
  options.cancel = CancelToken::make();
  auto sent = it.client().send_future("orders", transport.attempt(), options);
  const auto pending = transport.wait(0);
  options.cancel.cancel();
  const auto result = sent.get();
  CHECK(code_of(result.status) == ErrorCode::kCancelled);
  CHECK(result.attempts.size() == 1);
  CHECK(pending.over());
  pending.complete(AttemptResult::ok());
  CHECK(it.client().stats().avoided == 0);  // nobody's fault

  it.nameserver().answer(MockAnswers::kNoAnswer);
  options.cancel = CancelToken::make();
  auto waiting =
      it.client().send_future("unknown", transport.attempt(), options);
  std::thread blocked([&] {
    const auto attempt = [](const Pick&, std::chrono::nanoseconds) {
      return AttemptResult::ok();
    };
    CHECK(code_of(it.client().send("unknown", attempt, options).status) ==
          ErrorCode::kCancelled);
  });
  options.cancel.cancel();
  CHECK(code_of(waiting.get().status) == ErrorCode::kCancelled);
  blocked.join();
  CHECK(transport.size() == 1);
}

TEST_CASE("forms: threads start, cancel and pick while the client closes") {
  for (int round = 0; round < 5; ++round) {
    Asked it;
    REQUIRE(it.client().route("orders", kLong));
    std::atomic<int> started{0};
    std::atomic<int> told{0};
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
      threads.emplace_back([&, seed] {
        base::Random random(seed);
        while (!stop) {
          const auto cancel = CancelToken::make();
          const CallLimits limits(std::chrono::milliseconds(random.below(20)),
                                  cancel);
          (void)it.client().pick("orders");
          bool begun = false;
          switch (random.below(3)) {
            case 0:
              begun = it.client()
                          .refresh_async("orders", limits,
                                         [&](const Status&) { ++told; })
                          .has_value();
              break;
            case 1:
              begun = it.client()
                          .route_async("orders", limits,
                                       [&](const Result<Route>&) { ++told; })
                          .has_value();
              break;
            default: {
              SendOptions options{5ms, 2};
              options.cancel = cancel;
              begun = it.client()
                          .send_async(
                              "orders",
                              [](const Pick&, std::chrono::nanoseconds,
                                 const PendingAttempt& attempt) {
                                attempt.complete(AttemptResult::ok());
                              },
                              options, [&](const SendResult&) { ++told; })
                          .has_value();
            }
          }
          if (begun) ++started;
          if (random.chance(0.5)) cancel.cancel();
          if (!it.client().pick("orders")) return;  // closed
        }
      });
    }
    while (started < 100) std::this_thread::yield();
    CHECK(it.client().close(kLong));
    stop = true;
    for (auto& each : threads) each.join();
    const auto until = std::chrono::steady_clock::now() + kLong;
    while (told != started && std::chrono::steady_clock::now() < until) {
      std::this_thread::yield();
    }
    CHECK(told.load() == started.load());
  }
}

}  // namespace
}  // namespace waypost
