// A client on the application's own libuv loop.

#include <atomic>
#include <filesystem>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <signal.h>
#include <uv.h>

#include "waypost/testing/mock_nameserver.hpp"
#include "waypost/uv.hpp"

namespace waypost {
namespace {

using namespace std::chrono_literals;

// An initialised loop; closing it must succeed.
class OwnLoop {
 public:
  OwnLoop() {
    signal(SIGPIPE, SIG_IGN);
    REQUIRE(uv_loop_init(&loop_) == 0);
  }
  ~OwnLoop() {
    uv_run(&loop_, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&loop_) == 0);
  }
  uv_loop_t* get() { return &loop_; }
  void run_until(const std::function<bool()>& enough) {
    const auto until = std::chrono::steady_clock::now() + 60s;
    // One more than nothing to do, so that time passes.
    uv_timer_t tick;
    uv_timer_init(&loop_, &tick);
    uv_timer_start(
        &tick, [](uv_timer_t*) {}, 5, 5);
    while (!enough() && std::chrono::steady_clock::now() < until) {
      uv_run(&loop_, UV_RUN_ONCE);
    }
    bool closed = false;
    tick.data = &closed;
    uv_close(reinterpret_cast<uv_handle_t*>(&tick), [](uv_handle_t* handle) {
      *static_cast<bool*>(handle->data) = true;
    });
    while (!closed) uv_run(&loop_, UV_RUN_NOWAIT);
    CHECK(enough());
  }

 private:
  uv_loop_t loop_{};
};

testing::MockNameserver serving() {
  auto started = testing::MockNameserver::start();
  REQUIRE(started);
  started->set_route("orders", {{"broker-a", "10.0.0.1:10911"},
                                {"broker-b", "10.0.0.2:10911"}});
  return std::move(*started);
}

ClientOptions asking(const testing::MockNameserver& nameserver) {
  ClientOptions options = *ClientOptions::for_profile("fast");
  options.nameservers = {nameserver.address()};
  options.rpc_timeout = 20s;
  return options;
}

std::size_t threads_now() {
  using Tasks = std::filesystem::directory_iterator;
  return static_cast<std::size_t>(
      std::distance(Tasks("/proc/self/task"), Tasks()));
}

TEST_CASE("own loop: all is done on it, without a thread") {
  auto nameserver = serving();
  OwnLoop loop;
  const std::size_t before = threads_now();
  const auto here = std::this_thread::get_id();
  std::size_t elsewhere = 0;
  auto options = asking(nameserver);
  options.on_event = [&](const Event&) {
    elsewhere += std::this_thread::get_id() != here;
  };
  auto client = create_on_loop(loop.get(), options);
  REQUIRE(client);
  std::optional<Result<Route>> route;
  REQUIRE(client->route_async("orders", 60s, [&](Result<Route> result) {
    elsewhere += std::this_thread::get_id() != here;
    route = std::move(result);
  }));
  CHECK_FALSE(route);
  loop.run_until([&] { return route.has_value(); });
  REQUIRE(*route);
  CHECK((*route)->groups.size() == 2);
  CHECK(client->pick("orders"));

  std::optional<SendResult> sent;
  const auto attempt = [](const Pick&, std::chrono::nanoseconds,
                          const PendingAttempt& pending) {
    pending.complete(AttemptResult::ok());
  };
  REQUIRE(client->send_async("orders", attempt, {}, [&](SendResult result) {
    sent = std::move(result);
  }));
  loop.run_until([&] { return sent.has_value(); });
  CHECK(sent->ok());
  CHECK(elsewhere == 0);
  CHECK(threads_now() == before);
}

TEST_CASE(
    "own loop: what waits is refused on its thread, and works elsewhere") {
  auto nameserver = serving();
  OwnLoop loop;
  auto client = create_on_loop(loop.get(), asking(nameserver));
  REQUIRE(client);
  const auto refused = [](const auto& result) {
    return !result && result.error().code == ErrorCode::kInvalidArgument;
  };
  CHECK(refused(client->refresh("orders", 60s)));
  CHECK(refused(client->refresh_all(60s)));
  CHECK(refused(client->route("orders", 60s)));
  CHECK(refused(client
                    ->send("orders",
                           [](const Pick&, std::chrono::nanoseconds) {
                             return AttemptResult::ok();
                           })
                    .status));
  std::atomic<bool> done{false};
  std::thread other([&] {
    CHECK(client->route("orders", 60s));
    CHECK(client->refresh_all(60s));
    CHECK(client->close(60s));
    done = true;
  });
  loop.run_until([&] { return done.load(); });
  other.join();
}

TEST_CASE("own loop: closing in a handler, and by destruction between turns") {
  auto nameserver = serving();
  nameserver.answer(testing::MockAnswers::kNoAnswer);
  OwnLoop loop;
  auto one = create_on_loop(loop.get(), asking(nameserver));
  REQUIRE(one);
  std::optional<Client> other;
  {
    auto made = create_on_loop(loop.get(), asking(nameserver));
    REQUIRE(made);
    other.emplace(std::move(*made));
  }
  int cancelled = 0;
  const auto count = [&](const Status& status) {
    cancelled += !status && status.error().code == ErrorCode::kCancelled;
  };
  for (int i = 0; i < 200; ++i) CHECK(one->refresh_all_async(60s, count));
  CHECK(other->refresh_all_async(60s, [&](const Status& status) {
    count(status);
    CHECK(one->close());
  }));
  // Turn by turn; then never again before its destruction.
  for (int i = 0; i < 20; ++i) uv_run(loop.get(), UV_RUN_NOWAIT);
  other.reset();
  uv_run(loop.get(), UV_RUN_DEFAULT);  // returns: all handles are closed
  CHECK(cancelled == 201);
  CHECK(one->close());
  CHECK(one->refresh_all(60s).error().code == ErrorCode::kCancelled);
}

TEST_CASE("own loop: one that is not turned, none, a deadly SIGPIPE") {
  auto nameserver = serving();
  CHECK_FALSE(create_on_loop(nullptr, asking(nameserver)));
  OwnLoop loop;
  {
    auto client = create_on_loop(loop.get(), asking(nameserver));
    REQUIRE(client);
    std::thread([&] {
      CHECK(client->route("orders", 10ms).error().code == ErrorCode::kTimedOut);
      CHECK(client->close(10ms).error().code == ErrorCode::kTimedOut);
    }).join();
  }
  signal(SIGPIPE, SIG_DFL);
  const auto deadly = create_on_loop(loop.get(), asking(nameserver));
  signal(SIGPIPE, SIG_IGN);
  REQUIRE_FALSE(deadly);
  CHECK(deadly.error().message.find("SIGPIPE") != std::string::npos);
}

}  // namespace
}  // namespace waypost
