// What the C API tells later: operations, and their cancellation.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/client_sdk/c_api/c_api_world.h"

namespace waypost {
namespace {

// What an asynchronous form told; read after the client has been freed.
struct Told {
  std::promise<waypost_code> done;
  std::string text;
};

void keep_route(void* context, waypost_code code, waypost_route* route,
                const waypost_error* error) {
  auto& told = *static_cast<Told*>(context);
  told.text =
      route != nullptr ? waypost_route_text(route) : waypost_error_text(error);
  waypost_route_free(route);
  told.done.set_value(code);
}

void keep_status(void* context, waypost_code code, const waypost_error* error) {
  auto& told = *static_cast<Told*>(context);
  told.text = waypost_error_text(error);
  told.done.set_value(code);
}

TEST_CASE("asynchronous forms tell once, also when the client is closed") {
  World world;
  Told route;
  CHECK(waypost_client_route_async(world.client(), "orders", 60 * kSecond,
                                   keep_route, &route, nullptr) == WAYPOST_OK);
  CHECK(route.done.get_future().get() == WAYPOST_OK);
  CHECK(route.text.starts_with("orders: broker-a"));
  Told missing;
  CHECK(waypost_client_route_async(world.client(), "bills", 60 * kSecond,
                                   keep_route, &missing,
                                   nullptr) == WAYPOST_OK);
  CHECK(missing.done.get_future().get() == WAYPOST_NOT_FOUND);
  CHECK(missing.text.starts_with("not-found: "));
  Told refreshed;
  CHECK(waypost_client_refresh_async(world.client(), "orders", 60 * kSecond,
                                     keep_status, &refreshed,
                                     nullptr) == WAYPOST_OK);
  CHECK(refreshed.done.get_future().get() == WAYPOST_OK);

  world.nameserver().hang();
  Told closed;
  CHECK(waypost_client_refresh_async(world.client(), nullptr, 60 * kSecond,
                                     keep_status, &closed,
                                     nullptr) == WAYPOST_OK);
  CHECK(waypost_client_close(world.client(), 60 * kSecond, nullptr) ==
        WAYPOST_OK);
  CHECK(closed.done.get_future().get() == WAYPOST_CANCELLED);
  CHECK(waypost_client_refresh_async(world.client(), nullptr, kSecond,
                                     keep_status, nullptr,
                                     nullptr) == WAYPOST_CANCELLED);

  waypost_client* client = nullptr;
  OptionsHandle options;
  CHECK(options.set("client.nameservers", "127.0.0.1:1") == "");
  CHECK(waypost_client_create_on_loop(nullptr, options.handle, nullptr, &client,
                                      nullptr) == WAYPOST_INVALID_ARGUMENT);
}

struct Ended {
  std::promise<waypost_code> code;
  std::size_t attempts = 0;
  waypost_code wait() {
    auto future = code.get_future();
    REQUIRE(future.wait_for(std::chrono::seconds(60)) ==
            std::future_status::ready);
    return future.get();
  }
};

void end_send(void* context, waypost_code code,
              const waypost_send_report* report, const waypost_error* error) {
  auto& ended = *static_cast<Ended*>(context);
  CHECK((error == nullptr) == (code == WAYPOST_OK));
  ended.attempts = report->attempts;
  ended.code.set_value(code);
}

TEST_CASE("an asynchronous send tries another broker, and can be cancelled") {
  World world;
  const auto fails_at_a = [](void*, const waypost_pick* pick, std::int64_t,
                             waypost_pending* attempt) {
    CHECK(waypost_pending_over(attempt) == 0);
    const bool is_a = std::string(pick->broker) == "broker-a";
    waypost_pending_complete(attempt, is_a ? WAYPOST_FAILED : WAYPOST_SUCCEEDED,
                             is_a ? "refused" : nullptr);
  };
  std::size_t attempts = 0;
  for (int i = 0; i < 2; ++i) {
    Ended ended;
    REQUIRE(waypost_client_send_async(world.client(), "orders", fails_at_a,
                                      &ended, nullptr, end_send,
                                      nullptr) == WAYPOST_OK);
    CHECK(ended.wait() == WAYPOST_OK);
    attempts += ended.attempts;
  }
  CHECK(attempts == 3);

  waypost_cancel* const cancel = waypost_cancel_new();
  waypost_send_options options{};
  options.struct_size = sizeof options;
  options.budget_ns = 60 * kSecond;
  options.cancel = cancel;
  Ended ended;
  const auto never = [](void*, const waypost_pick*, std::int64_t,
                        waypost_pending* attempt) {
    static std::vector<
        std::unique_ptr<waypost_pending, decltype(&waypost_pending_free)>>
        kept;
    kept.emplace_back(attempt, &waypost_pending_free);
  };
  REQUIRE(waypost_client_send_async(world.client(), "orders", never, &ended,
                                    &options, end_send, nullptr) == WAYPOST_OK);
  waypost_cancel_trigger(cancel);
  CHECK(ended.wait() == WAYPOST_CANCELLED);
  CHECK(waypost_cancel_triggered(cancel) == 1);
  waypost_cancel_free(cancel);
}

TEST_CASE("questions end with their token") {
  World world;
  world.nameserver().answer(testing::MockAnswers::kNoAnswer);
  waypost_cancel* const cancel = waypost_cancel_new();
  waypost_limits limits{};
  limits.struct_size = sizeof limits;
  limits.timeout_ns = 60 * kSecond;
  limits.cancel = cancel;
  Ended ended;
  const auto done = [](void* context, waypost_code code, const waypost_error*) {
    static_cast<Ended*>(context)->code.set_value(code);
  };
  REQUIRE(waypost_client_refresh_async_within(world.client(), "orders", &limits,
                                              done, &ended,
                                              nullptr) == WAYPOST_OK);
  waypost_cancel_trigger(cancel);
  CHECK(ended.wait() == WAYPOST_CANCELLED);
  // One that is given it later ends at once.
  CHECK(waypost_client_refresh_within(world.client(), nullptr, &limits,
                                      nullptr) == WAYPOST_CANCELLED);
  waypost_cancel_free(cancel);
  waypost_cancel_free(nullptr);
  waypost_cancel_trigger(nullptr);
}

}  // namespace
}  // namespace waypost
