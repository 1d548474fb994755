#include "client_sdk/core/adaptive_policy.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"
#include "client_sdk/core/eligibility.h"
#include "client_sdk/core/turn_order.h"

namespace waypost::client {
namespace {

using base::Duration;
using base::Instant;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

using Mask = std::vector<std::uint8_t>;

constexpr Instant kNow{seconds(1000)};

TEST_CASE(
    "each ejection lasts twice as long as the one before, up to a bound") {
  const AdaptiveFaults rules;
  Strikes strikes;
  Instant now = kNow;
  std::vector<std::int64_t> lasted;
  for (int i = 0; i < 9; ++i) {
    const FaultState state = eject(rules, strikes, milliseconds(1), now);
    lasted.push_back(base::to_ms(state.avoid_until - now) / 1000);
    now = state.avoid_until;
  }
  CHECK(lasted ==
        std::vector<std::int64_t>{5, 10, 20, 40, 80, 160, 300, 300, 300});
}

TEST_CASE("good standing lets strikes fade, by half for each half-life") {
  const AdaptiveFaults rules;
  Strikes strikes;
  Instant now = kNow;
  for (int i = 0; i < 4; ++i) {
    now = eject(rules, strikes, milliseconds(1), now).avoid_until;
  }
  // Nothing fades while it is out.
  CHECK(strikes_at(rules, strikes, now - seconds(30)) == 4);
  CHECK(strikes_at(rules, strikes, now) == 4);
  CHECK(strikes_at(rules, strikes, now + minutes(2)) == doctest::Approx(2));
  CHECK(strikes_at(rules, strikes, now + minutes(4)) == doctest::Approx(1));
  const Instant later = now + minutes(60);
  const FaultState state = eject(rules, strikes, milliseconds(1), later);
  CHECK(state.avoid_until - later < milliseconds(5001));
}

TEST_CASE("a broker comes back with a trickle that grows") {
  AdaptiveFaults rules;
  rules.trickle = seconds(9);
  Strikes strikes;
  const FaultState state = eject(rules, strikes, milliseconds(1), kNow);
  const Instant back = kNow + seconds(5);
  CHECK(state.avoid_until == back);
  CHECK(state.one_turn_in(back) == 11);
  CHECK(state.one_turn_in(back + seconds(3)) == 5);
  CHECK(state.one_turn_in(back + seconds(6)) == 3);
  CHECK(state.one_turn_in(back + seconds(9)) == 1);
  CHECK(state.next_change(kNow) == back);
  CHECK(state.next_change(back) == back + seconds(3));
  CHECK(state.next_change(back + seconds(4)) == back + seconds(6));
  CHECK(state.next_change(back + seconds(8)) == back + seconds(9));
  CHECK(state.next_change(back + seconds(9)) == Instant::max());
}

TEST_CASE("without a trickle it comes back in full") {
  AdaptiveFaults rules;
  rules.trickle = seconds(0);
  Strikes strikes;
  const FaultState state = eject(rules, strikes, milliseconds(1), kNow);
  CHECK(state.one_turn_in(state.avoid_until) == 1);
  CHECK(state.next_change(state.avoid_until) == Instant::max());
  CHECK(FaultState{}.one_turn_in(kNow) == 1);
  CHECK(FaultState{}.next_change(kNow) == Instant::max());
}

TEST_CASE("a trickle takes its share of turns, and reaches every queue") {
  const std::vector<std::uint32_t> queues = {4, 4, 4};
  const TurnOrder order(queues);
  for (const std::uint8_t one_in : Mask{11, 5, 3}) {
    CAPTURE(static_cast<int>(one_in));
    const std::vector<std::uint8_t> allowed = {1, one_in, 1};
    TurnCursor cursor;
    int taken = 0;
    std::vector<int> of_queue(4, 0);
    const int turns = one_in * 4 * 10 * 2;
    for (int i = 0; taken < 40; ++i) {
      REQUIRE(i < 2 * turns);
      const Turn turn = order.next_allowed(cursor, allowed);
      if (turn.candidate != 1) continue;
      ++taken;
      ++of_queue[turn.queue];
    }
    CHECK(of_queue == std::vector<int>{10, 10, 10, 10});
    // 40 of the rounds in which the others took one turn each.
    CHECK(cursor.round / one_in == doctest::Approx(40).epsilon(0.05));
  }
}

TEST_CASE("nobody is left but a trickle: it takes all turns") {
  CandidateState recovering;
  recovering.fault.avoid_until = kNow - seconds(1);
  recovering.fault.full_from = kNow + seconds(9);
  const std::vector<CandidateState> two = {recovering, recovering};
  CHECK(decide_eligibility(two, 50, kNow).all);
  const std::vector<CandidateState> one_well = {recovering, {}};
  const auto result = decide_eligibility(one_well, 50, kNow);
  CHECK(result.allowed == std::vector<std::uint8_t>{11, 1});
  CHECK(result.valid_until < kNow + seconds(9));
}

std::vector<std::size_t> slow_of(const std::vector<int>& latencies_ms,
                                 AdaptiveFaults rules = {}) {
  std::vector<LatencySample> samples;
  for (const int each : latencies_ms) {
    samples.push_back({milliseconds(each), kReportsMin});
  }
  return slow_ones(rules, samples);
}

using Indices = std::vector<std::size_t>;

TEST_CASE("slow is who is far above the median of the others") {
  CHECK(slow_of({10, 11, 9, 200}) == Indices{3});
  CHECK(slow_of({200, 10}) == Indices{0});
  CHECK(slow_of({10, 200, 11, 9, 300}) == Indices{1, 4});
  CHECK(slow_of({10, 10, 500, 500}) == Indices{2, 3});
  // Most of them: then that is what is usual here.
  CHECK(slow_of({10, 500, 500}).empty());
  CHECK(slow_of({500, 510, 490}).empty());
  CHECK(slow_of({200}).empty());
  CHECK(slow_of({}).empty());
}

TEST_CASE("slow is neither a small factor nor a small difference") {
  CHECK(slow_of({100, 499}).empty());
  CHECK(slow_of({100, 500}) == Indices{1});
  CHECK(slow_of({1, 50}).empty());  // 50 times, but 49 ms
  CHECK(slow_of({1, 51}) == Indices{1});
  AdaptiveFaults never;
  never.latency_factor = 0;
  CHECK(slow_of({1, 10'000}, never).empty());
}

TEST_CASE("few reports say nothing, neither of a broker nor of the others") {
  const AdaptiveFaults rules;
  const std::vector<LatencySample> samples = {
      {milliseconds(10), kReportsMin},
      {milliseconds(900), kReportsMin - 1},
      {milliseconds(10), kReportsMin}};
  CHECK(slow_ones(rules, samples).empty());
}

// The plain definition, for comparison.
Indices slow_by_definition(const AdaptiveFaults& rules,
                           const std::vector<LatencySample>& samples) {
  Indices slow;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (samples[i].reports < kReportsMin) continue;
    std::vector<Duration> others;
    for (std::size_t j = 0; j < samples.size(); ++j) {
      if (j != i && samples[j].reports >= kReportsMin) {
        others.push_back(samples[j].latency);
      }
    }
    if (others.empty()) continue;
    std::sort(others.begin(), others.end());
    const Duration usual = others[others.size() / 2];
    if (samples[i].latency >= usual * rules.latency_factor &&
        samples[i].latency - usual >= rules.latency_excess_min) {
      slow.push_back(i);
    }
  }
  return slow;
}

TEST_CASE("slow ones are those of the definition, whatever the latencies") {
  AdaptiveFaults rules;
  rules.latency_factor = 3;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    CAPTURE(seed);
    base::Random random(seed);
    std::vector<LatencySample> samples(random.below(12));
    for (auto& sample : samples) {
      sample.latency = milliseconds(1 + random.below(400));
      sample.reports = random.chance(0.2) ? 3 : kReportsMin;
    }
    const Indices slow = slow_ones(rules, samples);
    REQUIRE(slow == slow_by_definition(rules, samples));
    REQUIRE(slow.size() * 2 <= samples.size());
  }
}

TEST_CASE("a latency is smoothed: the first counts in full") {
  CHECK(smoothed(Duration(0), milliseconds(80)) == milliseconds(80));
  CHECK(smoothed(milliseconds(80), milliseconds(160)) == milliseconds(90));
  CHECK(smoothed(milliseconds(80), milliseconds(0)) == milliseconds(70));
}

}  // namespace
}  // namespace waypost::client
