// Fairness under random routes, doubts and retries, seed by seed.

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"
#include "client_sdk/core/eligibility.h"
#include "client_sdk/core/retry_choice.h"
#include "client_sdk/core/turn_order.h"

namespace waypost::client {
namespace {

using base::Instant;
using base::Random;
using std::chrono::seconds;

constexpr Instant kNow{seconds(1000)};
constexpr std::uint64_t kSeeds = 300;

std::vector<CandidateState> random_states(Random& random, std::size_t count) {
  std::vector<CandidateState> states(count);
  for (auto& state : states) {
    if (random.chance(0.2)) state.health = 1;
    if (random.chance(0.4)) {
      state.fault = {kNow + seconds(1 + random.below(600)),
                     seconds(random.below(31))};
    }
  }
  return states;
}

TEST_CASE("equal brokers: within one message of each other at any moment") {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const std::size_t count = 1 + random.below(12);
    const std::vector<std::uint32_t> queues(
        count, 1 + static_cast<std::uint32_t>(random.below(16)));
    const TurnOrder order(queues);
    const auto states = random_states(random, count);
    const auto eligibility = decide_eligibility(states, 50, kNow);
    TurnCursor cursor = TurnCursor::random_start(random);

    std::vector<int> taken(count, 0);
    for (int turn = 0; turn < 200; ++turn) {
      ++taken[order.next_allowed(cursor, eligibility.allowed).candidate];
      int least = 1 << 30;
      int most = 0;
      for (std::size_t i = 0; i < count; ++i) {
        if (eligibility.allowed[i] == 0) {
          REQUIRE(taken[i] == 0);
          continue;
        }
        least = std::min(least, taken[i]);
        most = std::max(most, taken[i]);
      }
      REQUIRE(most - least <= 1);
    }
  }
}

TEST_CASE("unequal brokers: each queue once in each round, none starved") {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const std::size_t count = 1 + random.below(8);
    std::vector<std::uint32_t> queues;
    for (std::size_t i = 0; i < count; ++i) {
      queues.push_back(1 + static_cast<std::uint32_t>(random.below(12)));
    }
    const TurnOrder order(queues);
    const auto states = random_states(random, count);
    const auto eligibility = decide_eligibility(states, 50, kNow);
    // From round 0, so that no wrap of the round's number falls in between.
    TurnCursor cursor{static_cast<std::uint32_t>(random.next()), 0};

    std::size_t allowed_queues = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (eligibility.allowed[i] != 0) allowed_queues += queues[i];
    }
    std::map<std::pair<std::uint32_t, std::uint32_t>, int> taken;
    constexpr int kRounds = 5;
    for (std::size_t turn = 0; turn < allowed_queues * kRounds; ++turn) {
      const Turn next = order.next_allowed(cursor, eligibility.allowed);
      REQUIRE(next.queue < queues[next.candidate]);
      ++taken[{next.candidate, next.queue}];
    }
    REQUIRE(taken.size() == allowed_queues);
    for (const auto& [queue, times] : taken) REQUIRE(times == kRounds);
  }
}

TEST_CASE("unequal brokers: never more than one message from the fair share") {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const std::size_t count = 2 + random.below(6);
    std::vector<std::uint32_t> queues;
    double total = 0;
    for (std::size_t i = 0; i < count; ++i) {
      queues.push_back(1 + static_cast<std::uint32_t>(random.below(12)));
      total += queues.back();
    }
    const TurnOrder order(queues);
    TurnCursor cursor;
    std::vector<int> taken(count, 0);
    for (int turn = 1; turn <= 500; ++turn) {
      ++taken[order.next(cursor).candidate];
      for (std::size_t i = 0; i < count; ++i) {
        const double fair = turn * static_cast<double>(queues[i]) / total;
        // Half a turn for each broker, from rounding each to its place.
        REQUIRE(std::abs(taken[i] - fair) <=
                1.0 + static_cast<double>(count) / 2);
      }
    }
  }
}

TEST_CASE("the avoided share is capped, somebody always takes turns") {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const auto states = random_states(random, 1 + random.below(20));
    const auto percent = static_cast<std::int64_t>(random.below(100));
    const auto result = decide_eligibility(states, percent, kNow);

    std::uint8_t best = 255;
    for (const auto& state : states) best = std::min(best, state.health);
    std::size_t present = 0;
    std::size_t left_out = 0;
    bool kept_is_worse = false;
    for (std::size_t i = 0; i < states.size(); ++i) {
      if (states[i].health != best) {
        REQUIRE(result.allowed[i] == 0);
        continue;
      }
      ++present;
      if (result.allowed[i] != 0) continue;
      ++left_out;
      REQUIRE(states[i].fault.avoided_at(kNow));
      for (std::size_t j = 0; j < states.size(); ++j) {
        kept_is_worse |=
            result.allowed[j] != 0 && is_worse(states[j], states[i], kNow);
      }
    }
    REQUIRE(left_out < present);
    REQUIRE(left_out * 100 <= present * static_cast<std::size_t>(percent));
    REQUIRE_FALSE(kept_is_worse);
  }
}

TEST_CASE("retries do not disturb the turns of first attempts") {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const std::size_t count = 2 + random.below(6);
    const std::vector<std::uint32_t> queues(count, 4);
    const TurnOrder order(queues);
    const std::vector<CandidateState> states(count);
    const std::vector<std::uint8_t> allowed(count, 1);
    TurnCursor first;
    TurnCursor retry;
    std::vector<int> firsts(count, 0);
    for (std::size_t turn = 0; turn < 100 * count; ++turn) {
      const Turn turn_taken = order.next_allowed(first, allowed);
      ++firsts[turn_taken.candidate];
      if (!random.chance(0.3)) continue;
      std::vector<std::uint8_t> excluded(count, 0);
      excluded[turn_taken.candidate] = 1;
      const Turn other =
          choose_for_retry(order, retry, states, allowed, excluded, kNow);
      REQUIRE(other.candidate != turn_taken.candidate);
    }
    for (const int times : firsts) REQUIRE(times == 100);
  }
}

}  // namespace
}  // namespace waypost::client
