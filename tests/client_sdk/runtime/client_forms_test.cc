// The asynchronous and future forms of the public API, their limits and their
// cancellation, against mock nameservers.

#include "tests/client_sdk/runtime/client_forms.h"

#include <chrono>
#include <future>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace waypost {
namespace {

using namespace std::chrono_literals;

using testing::MockAnswers;

TEST_CASE("forms: each one gives what the blocking one does") {
  Asked it;
  Told<Result<Route>> route;
  CHECK(it.client().route_async("orders", kLong, route.handler()));
  REQUIRE(route.wait());
  REQUIRE(route.result());
  CHECK(route.result()->groups.size() == 2);
  const auto later = it.client().route_future("orders", kLong).get();
  REQUIRE(later);
  CHECK(later->digest == route.result()->digest);
  CHECK(it.client().refresh_future("orders", kLong).get());
  CHECK(it.client().refresh_all_future(kLong).get());
  Told<Status> refreshed;
  CHECK(it.client().refresh_async("orders", kLong, refreshed.handler()));
  CHECK(refreshed.wait());
  CHECK(refreshed.result());

  CHECK(code_of(it.client().route_future("nothing", kLong).get()) ==
        ErrorCode::kNotFound);
  CHECK(code_of(it.client().route_async("a b", kLong, route.handler())) ==
        ErrorCode::kInvalidArgument);
  CHECK(code_of(it.client().route_future("a b", kLong).get()) ==
        ErrorCode::kInvalidArgument);
  CHECK(it.client().refresh_all_async(kLong, {}));  // nobody to be told
  CHECK(it.client().close());
  CHECK(route.times() == 1);
  CHECK(refreshed.times() == 1);
}

TEST_CASE("forms: a deadline is kept while the nameserver says nothing") {
  Asked it;
  it.nameserver().answer(MockAnswers::kNoAnswer);
  const auto start = std::chrono::steady_clock::now();
  Told<Result<Route>> route;
  CHECK(it.client().route_async("orders", 50ms, route.handler()));
  REQUIRE(route.wait());
  CHECK(code_of(route.result()) == ErrorCode::kTimedOut);
  CHECK(route.result().error().message.starts_with(
      "route of 'orders': no answer within 50ms"));
  CHECK(code_of(it.client().refresh_future("orders", 0s).get()) ==
        ErrorCode::kTimedOut);
  CHECK(code_of(it.client().refresh("orders", -1s)) == ErrorCode::kTimedOut);
  CHECK(code_of(it.client().route("orders", 20ms)) == ErrorCode::kTimedOut);
  CHECK(std::chrono::steady_clock::now() - start < 30s);
  CHECK(route.times() == 1);
}

TEST_CASE("forms: a token ends what was given it, once, whoever cancels") {
  Asked it;
  REQUIRE(it.client().route("orders", kLong));
  const auto before = it.nameserver().counts().queries;
  it.nameserver().delay(kLong);
  const auto cancel = CancelToken::make();
  Told<Result<Route>> route;
  Told<Status> all;
  CHECK(it.client().route_async("unknown", {kLong, cancel}, route.handler()));
  CHECK(it.client().refresh_all_async({kLong, cancel}, all.handler()));
  auto future = it.client().refresh_future("orders", {kLong, cancel});
  std::thread blocked([&] {
    CHECK(code_of(it.client().refresh("orders", {kLong, cancel})) ==
          ErrorCode::kCancelled);
  });
  REQUIRE(it.nameserver().wait_until(
      [&](const auto& counts) { return counts.queries > before; }, kLong));
  CHECK_FALSE(cancel.cancelled());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([cancel] { cancel.cancel(); });
  for (auto& each : threads) each.join();
  blocked.join();
  REQUIRE(route.wait());
  REQUIRE(all.wait());
  CHECK(code_of(route.result()) == ErrorCode::kCancelled);
  CHECK(code_of(all.result()) == ErrorCode::kCancelled);
  CHECK(code_of(future.get()) == ErrorCode::kCancelled);
  cancel.cancel();
  CHECK(cancel.cancelled());

  // Later ones end at once, and others go on.
  CHECK(code_of(it.client().route_future("orders", {kLong, cancel}).get()) ==
        ErrorCode::kCancelled);
  CHECK(code_of(it.client().refresh("orders", {kLong, cancel})) ==
        ErrorCode::kCancelled);
  it.nameserver().serve();
  CHECK(it.client().refresh("orders", {kLong, CancelToken::make()}));
  CancelToken().cancel();
  CHECK(route.times() == 1);
  CHECK(all.times() == 1);
}

TEST_CASE("forms: closing ends what is under way, and what comes later") {
  Asked it;
  it.nameserver().answer(MockAnswers::kNoAnswer);
  Told<Result<Route>> route;
  CHECK(it.client().route_async("orders", kLong, route.handler()));
  auto future = it.client().refresh_all_future(kLong);
  std::promise<void> asked;
  std::thread blocked([&] {
    asked.set_value();
    CHECK(code_of(it.client().route("orders", kLong)) == ErrorCode::kCancelled);
  });
  asked.get_future().wait();
  CHECK(it.client().close(kLong));
  blocked.join();
  CHECK(route.wait());
  CHECK(code_of(route.result()) == ErrorCode::kCancelled);
  CHECK(route.times() == 1);
  CHECK(code_of(future.get()) == ErrorCode::kCancelled);
  CHECK(code_of(it.client().route_async("orders", kLong, route.handler())) ==
        ErrorCode::kCancelled);
  CHECK(code_of(it.client().route_future("orders", kLong).get()) ==
        ErrorCode::kCancelled);
  CHECK(code_of(
            it.client().send_future("orders", [](auto&&...) {}).get().status) ==
        ErrorCode::kCancelled);
  CHECK(route.times() == 1);
}

TEST_CASE("forms: a handler may throw, start another operation, and cancel") {
  Asked it;
  std::promise<Result<Route>> second;
  const auto cancel = CancelToken::make();
  CHECK(it.client().route_async(
      "orders", {kLong, cancel}, [&](const Result<Route>&) {
        cancel.cancel();  // it is over: nothing happens
        const auto started = it.client().route_async(
            "orders", kLong,
            [&](Result<Route> route) { second.set_value(std::move(route)); });
        CHECK(started);
        throw std::runtime_error("a handler");
      }));
  CHECK(second.get_future().get());
  CHECK(it.client().refresh("orders", kLong));
}

}  // namespace
}  // namespace waypost
