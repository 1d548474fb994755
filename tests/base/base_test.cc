#include <doctest/doctest.h>

#include "base/backoff.h"
#include "base/byte_budget.h"
#include "base/endpoint.h"
#include "base/gate.h"
#include "base/log.h"
#include "base/log_pace.h"
#include "base/profile.h"
#include "base/random.h"

namespace waypost::base {
namespace {

TEST_CASE("endpoints are read and written, IPv6 in brackets") {
  CHECK(parse_endpoint("10.0.0.1:9876") == Endpoint{"10.0.0.1", 9876});
  CHECK(parse_endpoint("[::1]:80")->to_string() == "[::1]:80");
  for (const char* bad : {"", "host", "host:", ":80", "host:70000", "::1:80",
                          "[host]:80", "[::1]80", "a b:1", "host:8x"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_endpoint(bad).has_value());
  }
  CHECK(parse_endpoints("a:1,b:2;c:3")->size() == 3);
  CHECK_FALSE(parse_endpoints("a:1,a:1").has_value());
  CHECK_FALSE(parse_endpoints("").has_value());
}

TEST_CASE("the same seed gives the same draws, within bounds") {
  Random one(7);
  Random two(7);
  for (int i = 0; i < 1000; ++i) {
    const auto draw = one.below(10);
    CHECK(draw < 10);
    CHECK(draw == two.below(10));
  }
  for (int i = 0; i < 1000; ++i) {
    const Duration jittered = one.jittered(std::chrono::seconds(30), 0.1);
    CHECK(jittered >= std::chrono::seconds(27));
    CHECK(jittered <= std::chrono::seconds(33));
  }
}

TEST_CASE("backoff grows to its maximum and starts again after reset") {
  Random random(1);
  Backoff backoff(std::chrono::milliseconds(100), std::chrono::seconds(5));
  Duration largest{0};
  for (int i = 0; i < 200; ++i) {
    const Duration delay = backoff.next(random);
    CHECK(delay >= std::chrono::milliseconds(50));
    CHECK(delay <= std::chrono::seconds(5));
    largest = std::max(largest, delay);
  }
  CHECK(largest > std::chrono::seconds(4));
  backoff.reset();
  CHECK(backoff.next(random) <= std::chrono::milliseconds(100));
}

TEST_CASE("a gate says once that the last work has ended") {
  int emptied = 0;
  Gate gate;
  auto pass = gate.enter();
  CHECK(pass);
  gate.close([&] { ++emptied; });
  CHECK_FALSE(gate.enter());
  CHECK(emptied == 0);
  pass.release();
  CHECK(emptied == 1);
}

TEST_CASE("a byte budget takes no more than its limit") {
  ByteBudget budget(100);
  CHECK(budget.take(60));
  CHECK_FALSE(budget.take(41));
  CHECK_FALSE(budget.take(static_cast<std::size_t>(-1)));
  CHECK(budget.take(40));
  budget.give_back(100);
  CHECK(budget.used() == 0);
}

TEST_CASE("a line that comes too often is said once, then with a count") {
  LogPace pace(std::chrono::minutes(1));
  Instant now{std::chrono::hours(1)};
  CHECK(pace.let(now) == 0);
  for (int second = 1; second < 60; ++second) {
    CHECK_FALSE(pace.let(now + std::chrono::seconds(second)));
  }
  now += std::chrono::minutes(1);
  CHECK(pace.let(now) == 59);
  CHECK_FALSE(pace.let(now));
  CHECK(pace.let(now + std::chrono::hours(2)) == 1);
}

TEST_CASE("log levels are set by component, all or nothing") {
  LogLevels levels;
  std::string error;
  CHECK(parse_log_levels("warn,registry=debug", levels, error));
  CHECK(levels.get(LogComponent::kMain) == LogLevel::kWarn);
  CHECK(levels.get(LogComponent::kRegistry) == LogLevel::kDebug);
  CHECK_FALSE(parse_log_levels("info,regstry=debug", levels, error));
  CHECK(error.find("regstry") != std::string::npos);
  CHECK(levels.get(LogComponent::kMain) == LogLevel::kWarn);
}

TEST_CASE("profiles are found by name, others are refused with the list") {
  CHECK(find_profile("fast")->agent_expiry == std::chrono::seconds(3));
  CHECK(find_profile("rocketmq-5")->scan_interval == std::chrono::seconds(5));
  const auto unknown = find_profile("slow");
  REQUIRE_FALSE(unknown.has_value());
  CHECK(unknown.error().advice.find("rocketmq-4") != std::string::npos);
}

}  // namespace
}  // namespace waypost::base
