#include "client_sdk/runtime/sender.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "client_sdk/runtime/async_send.h"
#include "client_sdk/runtime/broker_arena.h"

namespace waypost::client {
namespace {

using namespace std::chrono_literals;

// Some brokers in turn, and a clock that only the attempts move.
class FakeEnvironment final : public SendEnvironment {
 public:
  explicit FakeEnvironment(const std::vector<std::string>& names) {
    for (const auto& name : names) {
      brokers_.push_back(
          arena_.intern(Broker{"cluster", name, 0, name, 1, name + ":1", ""}));
    }
  }

  base::Instant now() const override { return base::Instant(clock); }
  Result<Pick> pick(std::string_view, const PickOptions& options) override {
    clock += pick_takes;
    if (!known) return Error{ErrorCode::kNotReady, "not known yet", ""};
    if (brokers_.empty()) return Error{ErrorCode::kUnavailable, "nobody", ""};
    for (std::size_t i = 0; i < brokers_.size(); ++i) {
      const auto* broker = brokers_[next_++ % brokers_.size()];
      const bool avoided = std::any_of(
          options.avoid.begin(), options.avoid.end(),
          [&](const Pick& each) { return each.broker_name() == broker->name; });
      if (!avoided) return PickMaker::make(broker, 0);
    }
    return PickMaker::make(brokers_[next_++ % brokers_.size()], 0);
  }
  void report(const Pick& pick, Outcome outcome,
              base::Duration latency) override {
    reports.push_back(pick.broker_name() +
                      (outcome == Outcome::kFailed ? " failed " : " ok ") +
                      std::to_string(base::to_ms(latency)));
  }
  Status wait_for_route(std::string_view, const CallLimits& limits) override {
    waited = limits.timeout;
    clock += route_takes;
    known = route_takes < limits.timeout;
    if (known) return {};
    return Error{ErrorCode::kTimedOut, "no answer", ""};
  }

  base::Duration clock{0};
  base::Duration pick_takes{0};
  bool known = true;
  base::Duration route_takes{0};
  base::Duration waited{0};
  std::vector<std::string> reports;

 private:
  BrokerArena arena_;
  std::vector<const BrokerRecord*> brokers_;
  std::size_t next_ = 0;
};

std::string brokers_of(const SendResult& result) {
  std::string text;
  for (const auto& each : result.attempts) {
    text += (text.empty() ? "" : " ") + each.pick.broker_name();
  }
  return text;
}

const SendOptions kThreeInThreeSeconds{3s, 3};

TEST_CASE("a success ends the send and is reported") {
  FakeEnvironment it({"a", "b"});
  const auto result = run_send(
      it, "orders",
      [&](const Pick&, base::Duration budget) {
        CHECK(budget == 1s);
        it.clock += 20ms;
        return AttemptResult::ok();
      },
      kThreeInThreeSeconds);
  CHECK(result.ok());
  CHECK(result.elapsed == 20ms);
  CHECK(brokers_of(result) == "a");
  CHECK(it.reports == std::vector<std::string>{"a ok 20"});
}

TEST_CASE("a failure is tried again on another broker, within what is left") {
  FakeEnvironment it({"a", "b", "c"});
  std::vector<base::Duration> budgets;
  const auto result = run_send(
      it, "orders",
      [&](const Pick& pick, base::Duration budget) {
        budgets.push_back(budget);
        if (pick.broker_name() == "c") return AttemptResult::ok();
        it.clock += pick.broker_name() == "a" ? budget : 10ms;
        return AttemptResult::failed("no acknowledgement");
      },
      kThreeInThreeSeconds);
  CHECK(result.ok());
  CHECK(brokers_of(result) == "a b c");
  CHECK(budgets == std::vector<base::Duration>{1s, 1s, 1990ms});
  CHECK(it.reports ==
        std::vector<std::string>{"a failed 1000", "b failed 10", "c ok 0"});
  CHECK(result.attempts[0].detail == "no acknowledgement");
  CHECK(result.attempts[1].latency == 10ms);
}

TEST_CASE("with two brokers the third attempt is not on the last that failed") {
  FakeEnvironment it({"a", "b"});
  const auto result = run_send(
      it, "orders",
      [](const Pick&, base::Duration) { return AttemptResult::failed("no"); },
      {3s, 5});
  CHECK_FALSE(result.ok());
  CHECK(brokers_of(result) == "a b a b a");
  CHECK(result.status.error().code == ErrorCode::kUnavailable);
  CHECK(result.status.error().message.find("a (a:1): no") != std::string::npos);
}

TEST_CASE("the budget ends a send, whatever attempts are left") {
  FakeEnvironment it({"a", "b"});
  const auto result = run_send(it, "orders",
                               [&](const Pick&, base::Duration) {
                                 it.clock += 2s;  // overstays
                                 return AttemptResult::failed("late");
                               },
                               {3s, 10});
  CHECK_FALSE(result.ok());
  CHECK(result.attempts.size() == 2);
  CHECK(result.status.error().code == ErrorCode::kTimedOut);
}

TEST_CASE("a rejection is not tried elsewhere") {
  FakeEnvironment it({"a", "b"});
  const auto result = run_send(
      it, "orders",
      [](const Pick&, base::Duration) {
        return AttemptResult::rejected("too large");
      },
      kThreeInThreeSeconds);
  CHECK_FALSE(result.ok());
  CHECK(result.attempts.size() == 1);
  CHECK(result.status.error().code == ErrorCode::kInvalidArgument);
  CHECK(it.reports == std::vector<std::string>{"a ok 0"});
}

TEST_CASE("what the application throws is a failure like any other") {
  FakeEnvironment it({"a", "b"});
  int call = 0;
  const auto result = run_send(
      it, "orders",
      [&](const Pick&, base::Duration) -> AttemptResult {
        if (call++ == 0) throw std::runtime_error("socket");
        if (call == 2) throw 7;
        return AttemptResult::ok();
      },
      kThreeInThreeSeconds);
  CHECK(result.ok());
  REQUIRE(result.attempts.size() == 3);
  CHECK(result.attempts[0].detail == "the attempt threw: socket");
  CHECK(result.attempts[1].outcome == Outcome::kFailed);
}

TEST_CASE("no broker is blamed for a send without a function") {
  FakeEnvironment it({"a", "b"});
  const auto result = run_send(it, "orders", nullptr, kThreeInThreeSeconds);
  REQUIRE_FALSE(result.ok());
  CHECK(result.status.error().code == ErrorCode::kInvalidArgument);
  CHECK(result.attempts.empty());
  CHECK(it.reports.empty());
}

TEST_CASE("a timeout longer than nanoseconds can count is the longest") {
  CHECK(CallLimits(std::chrono::hours::max()).timeout > 24h * 365 * 100);
  CHECK(CallLimits(std::chrono::hours::min()).timeout < 0s);
  CHECK(CallLimits(std::chrono::nanoseconds::max()).timeout ==
        std::chrono::nanoseconds::max());
  CHECK(CallLimits(1500ms).timeout == 1'500'000'000ns);
  CHECK(CallLimits(0.25s).timeout == 250ms);
}

TEST_CASE("an unknown route is waited for within the budget") {
  FakeEnvironment it({"a"});
  it.known = false;
  it.route_takes = 2s;
  const auto attempt = [&](const Pick&, base::Duration budget) {
    CHECK(budget == base::Duration(1s) / 3);
    return AttemptResult::ok();
  };
  CHECK(run_send(it, "orders", attempt, kThreeInThreeSeconds).ok());
  CHECK(it.waited == 3s);

  it.known = false;
  it.route_takes = 4s;
  const auto result = run_send(it, "orders", attempt, kThreeInThreeSeconds);
  CHECK(result.status.error().code == ErrorCode::kTimedOut);
  CHECK(result.attempts.empty());
}

TEST_CASE("a topic without brokers fails without an attempt") {
  FakeEnvironment it({});
  const auto result = run_send(
      it, "orders",
      [](const Pick&, base::Duration) { return AttemptResult::ok(); },
      kThreeInThreeSeconds);
  CHECK(result.status.error().code == ErrorCode::kUnavailable);
  CHECK(result.attempts.empty());
}

// A loop whose time stands still within a turn, while that of the environment
// goes on; one timer.
class OneTimerLoop final : public base::Executor {
 public:
  explicit OneTimerLoop(FakeEnvironment& environment)
      : environment_(environment), turn_(environment.now()) {}

  base::Instant now() const override { return turn_; }
  base::WallTime wall_now() const override { return {}; }
  void post(std::function<void()> /*task*/) override { FAIL("not used"); }
  std::unique_ptr<base::Timer> run_after(base::Duration delay,
                                         std::function<void()> task) override {
    due_ = turn_ + delay;
    task_ = std::move(task);
    return std::make_unique<base::Timer>();
  }
  bool in_executor_thread() const override { return true; }

  // The timer's turn.
  void turn() {
    turn_ = std::max(due_, environment_.now());
    environment_.clock = turn_.time_since_epoch();
    std::exchange(task_, nullptr)();
  }

 private:
  FakeEnvironment& environment_;
  base::Instant turn_;
  base::Instant due_{};
  std::function<void()> task_;
};

class FakeHost final : public AsyncSendHost, public base::Clock {
 public:
  explicit FakeHost(FakeEnvironment& environment)
      : loop(environment), environment_(environment) {}

  base::Instant now() const override { return environment_.now(); }
  base::WallTime wall_now() const override { return {}; }
  base::Executor& executor() override { return loop; }
  const base::Clock& steady_clock() const override { return *this; }
  Post poster() override {
    return [](const std::function<void()>& task) { task(); };
  }
  void when_route_known(const std::string& /*topic*/,
                        std::function<void(Status)> /*done*/) override {
    FAIL("not used");
  }
  void run_for_application(std::function<void()> task) override { task(); }

  OneTimerLoop loop;

 private:
  FakeEnvironment& environment_;
};

TEST_CASE("attempts use the whole budget up, in a loop that is slow as well") {
  FakeEnvironment it({"a", "b"});
  it.pick_takes = 7ms;
  FakeHost host(it);
  std::vector<PendingAttempt> pending;
  const auto send = std::make_shared<AsyncSend>(
      it, host, "orders",
      std::make_shared<const AsyncAttempt>(
          [&](const Pick&, base::Duration, const PendingAttempt& attempt) {
            pending.push_back(attempt);
          }),
      SendOptions{100ms, 2});
  std::optional<Status> over;
  send->start([&](Status status) { over = std::move(status); });
  host.loop.turn();
  CHECK_FALSE(over);
  host.loop.turn();
  REQUIRE(over);
  CHECK(over->error().code == ErrorCode::kTimedOut);
  const auto result = send->end(*over);
  CHECK(result.attempts.size() == 2);
  CHECK(result.elapsed >= 100ms);
}

}  // namespace
}  // namespace waypost::client
