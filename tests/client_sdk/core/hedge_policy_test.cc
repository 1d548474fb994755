#include "client_sdk/core/hedge_policy.h"

#include <doctest/doctest.h>

#include "base/random.h"

namespace waypost::client {
namespace {

using base::Duration;
using std::chrono::microseconds;
using std::chrono::milliseconds;

TEST_CASE("off hedges nothing, a fixed delay is the same from the start") {
  HedgePolicy off(Hedge::kOff, milliseconds(10), 5);
  for (int i = 0; i < 100; ++i) off.on_answer(milliseconds(1));
  CHECK_FALSE(off.delay());
  const HedgePolicy fixed(Hedge::kAfter, milliseconds(10), 5);
  CHECK(fixed.delay() == milliseconds(10));
}

TEST_CASE("adaptive: some answers must be known, then 95 % of them") {
  HedgePolicy policy(Hedge::kAdaptive, Duration(0), 5);
  for (int i = 0; i < 4; ++i) policy.on_answer(milliseconds(20));
  CHECK_FALSE(policy.delay());
  policy.on_answer(milliseconds(50));
  CHECK(policy.delay() == milliseconds(50));
  for (int i = 0; i < 59; ++i) policy.on_answer(milliseconds(20));
  CHECK(policy.delay() == milliseconds(20));
  // Four of 64 are more than 5 %.
  for (int i = 0; i < 4; ++i) policy.on_answer(milliseconds(400));
  CHECK(policy.delay() == milliseconds(400));
  // The old ones are forgotten.
  for (int i = 0; i < 64; ++i) policy.on_answer(milliseconds(30));
  CHECK(policy.delay() == milliseconds(30));
}

TEST_CASE("adaptive: quick answers are no reason to ask twice in no time") {
  HedgePolicy policy(Hedge::kAdaptive, Duration(0), 5);
  for (int i = 0; i < 64; ++i) policy.on_answer(microseconds(80));
  CHECK(policy.delay() == milliseconds(2));
}

TEST_CASE("of all questions at most the share is asked twice, plus a few") {
  HedgePolicy policy(Hedge::kAfter, milliseconds(1), 5);
  int hedged = 0;
  for (int i = 0; i < 10'000; ++i) {
    policy.on_call();
    hedged += policy.take() ? 1 : 0;
  }
  CHECK(hedged >= 500);
  CHECK(hedged <= 501);
}

TEST_CASE("a quiet hour does not pay for a minute of asking twice") {
  HedgePolicy policy(Hedge::kAfter, milliseconds(1), 5);
  for (int i = 0; i < 10'000; ++i) policy.on_call();
  int hedged = 0;
  while (policy.take()) ++hedged;
  CHECK(hedged == 3);
}

TEST_CASE("no extra load, no hedges but the first") {
  HedgePolicy policy(Hedge::kAfter, milliseconds(1), 0);
  for (int i = 0; i < 100; ++i) policy.on_call();
  CHECK(policy.take());
  CHECK_FALSE(policy.take());
}

TEST_CASE("adaptive: the share holds by itself when the distribution does") {
  HedgePolicy policy(Hedge::kAdaptive, Duration(0), 100);
  base::Random random(3);
  int hedged = 0;
  constexpr int kCalls = 20'000;
  for (int i = 0; i < kCalls; ++i) {
    policy.on_call();
    const Duration took = milliseconds(5 + random.below(50));
    const auto delay = policy.delay();
    if (delay && took > *delay && policy.take()) ++hedged;
    policy.on_answer(took);
  }
  CHECK(hedged > kCalls / 50);
  CHECK(hedged < kCalls / 12);
}

}  // namespace
}  // namespace waypost::client
