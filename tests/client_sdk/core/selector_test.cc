// Selectors: by key, by latency, zone first, by order configuration.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "client_sdk/core/key_choice.h"
#include "client_sdk/core/latency_choice.h"
#include "client_sdk/core/order_config.h"
#include "client_sdk/core/zone_preference.h"
#include "wire/model/ids.h"

namespace waypost::client {
namespace {

using base::Instant;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Mask = std::vector<std::uint8_t>;

constexpr Instant kNow{seconds(1000)};
constexpr int kKeys = 20'000;

std::uint64_t key(int number) {
  return model::hash_bytes("customer-" + std::to_string(number));
}

KeyCandidate broker(const std::string& name, std::uint32_t queues = 4) {
  return {model::hash_bytes(name), queues};
}

// --- By key ---

TEST_CASE("keys are spread in proportion to queues") {
  const std::vector<KeyCandidate> brokers = {broker("a", 4), broker("b", 8),
                                             broker("c", 4)};
  const Mask all(3, 1);
  std::vector<int> taken(3, 0);
  std::map<std::pair<std::uint32_t, std::uint32_t>, int> queues;
  for (int i = 0; i < kKeys; ++i) {
    const auto turn = choose_for_key(key(i), brokers, all);
    REQUIRE(turn);
    ++taken[turn->candidate];
    ++queues[{turn->candidate, turn->queue}];
  }
  CHECK(taken[0] == doctest::Approx(kKeys / 4).epsilon(0.05));
  CHECK(taken[1] == doctest::Approx(kKeys / 2).epsilon(0.05));
  CHECK(queues.size() == 16);
  for (const auto& [queue, times] : queues) {
    CHECK(times == doctest::Approx(kKeys / 16).epsilon(0.12));
  }
}

TEST_CASE("a new broker takes keys, no others move") {
  const std::vector<KeyCandidate> before = {broker("a"), broker("b"),
                                            broker("c")};
  // Its place among the others does not matter.
  const std::vector<KeyCandidate> after = {broker("new"), broker("c"),
                                           broker("b"), broker("a")};
  int moved = 0;
  for (int i = 0; i < kKeys; ++i) {
    const auto one = choose_for_key(key(i), before, Mask(3, 1));
    const auto other = choose_for_key(key(i), after, Mask(4, 1));
    const bool same =
        before[one->candidate].name_hash == after[other->candidate].name_hash &&
        one->queue == other->queue;
    if (same) continue;
    REQUIRE(other->candidate == 0);
    ++moved;
  }
  CHECK(moved == doctest::Approx(kKeys / 4).epsilon(0.05));
}

TEST_CASE("while a broker is left out only its keys go elsewhere") {
  const std::vector<KeyCandidate> brokers = {broker("a"), broker("b"),
                                             broker("c")};
  std::vector<int> guests(3, 0);
  for (int i = 0; i < kKeys; ++i) {
    const auto home = choose_for_key(key(i), brokers, Mask{1, 1, 1});
    const auto now = choose_for_key(key(i), brokers, Mask{1, 0, 1});
    if (home->candidate != 1) {
      REQUIRE(now->candidate == home->candidate);
      REQUIRE(now->queue == home->queue);
      continue;
    }
    REQUIRE(now->candidate != 1);
    ++guests[now->candidate];
  }
  // Spread over the others, not heaped on one.
  CHECK(guests[0] == doctest::Approx(guests[2]).epsilon(0.1));
  CHECK_FALSE(choose_for_key(key(1), brokers, Mask{0, 0, 0}));
}

TEST_CASE("a trickle is a part of a broker's own keys, always the same") {
  const std::vector<KeyCandidate> brokers = {broker("a"), broker("b")};
  int home = 0;
  int back = 0;
  for (int i = 0; i < kKeys; ++i) {
    const bool is_home =
        choose_for_key(key(i), brokers, Mask{1, 1})->candidate == 1;
    const bool is_back =
        choose_for_key(key(i), brokers, Mask{1, 5})->candidate == 1;
    if (is_back) REQUIRE(is_home);
    home += is_home ? 1 : 0;
    back += is_back ? 1 : 0;
  }
  CHECK(back == doctest::Approx(home / 5).epsilon(0.1));
}

TEST_CASE("more queues at a broker move keys to the new ones only") {
  int moved = 0;
  for (int i = 0; i < kKeys; ++i) {
    const std::uint32_t before = jump_hash(key(i), 8);
    const std::uint32_t after = jump_hash(key(i), 10);
    REQUIRE(before < 8);
    if (before == after) continue;
    REQUIRE(after >= 8);
    ++moved;
  }
  CHECK(moved == doctest::Approx(kKeys / 5).epsilon(0.05));
  CHECK(jump_hash(key(1), 1) == 0);
}

TEST_CASE("absurd numbers of queues are numbers like others") {
  const std::vector<KeyCandidate> brokers = {broker("a", 65536),
                                             broker("b", 1)};
  for (int i = 0; i < 1000; ++i) {
    const auto turn = choose_for_key(key(i), brokers, Mask{1, 1});
    REQUIRE(turn->queue < brokers[turn->candidate].queues);
  }
}

// --- By latency ---

std::vector<int> choices(const std::vector<KnownLatency>& latencies,
                         const Mask& allowed, Instant now) {
  base::Random random(7);
  std::vector<int> taken(latencies.size(), 0);
  for (int i = 0; i < 12'000; ++i) {
    ++taken[choose_least_latency(random, latencies, allowed, now)];
  }
  return taken;
}

TEST_CASE("the slowest of three gets its trickle and no more") {
  const std::vector<KnownLatency> latencies = {{milliseconds(5), kNow},
                                               {milliseconds(50), kNow},
                                               {milliseconds(10), kNow}};
  const auto taken = choices(latencies, Mask{1, 1, 1}, kNow);
  CHECK(taken[1] ==
        doctest::Approx(12'000.0 / 3 / kLatencyTrickle).epsilon(0.4));
  // Of the three pairs the best is in two, the second best in one.
  CHECK(taken[0] == doctest::Approx(8'000).epsilon(0.05));
  CHECK(taken[2] == doctest::Approx(4'000).epsilon(0.05));
}

TEST_CASE("left out is left out, one alone is chosen") {
  const std::vector<KnownLatency> latencies = {{milliseconds(5), kNow},
                                               {milliseconds(50), kNow},
                                               {milliseconds(10), kNow}};
  CHECK(choices(latencies, Mask{0, 1, 0}, kNow)[1] == 12'000);
  CHECK(choices(latencies, Mask{0, 1, 1}, kNow)[0] == 0);
  // A trickle in one of five draws.
  const auto trickle = choices(latencies, Mask{5, 1, 1}, kNow);
  CHECK(trickle[0] > 1'000);
  CHECK(trickle[0] < 4'000);
}

TEST_CASE("what nobody reports any more fades, and unknown is worth a try") {
  const KnownLatency slow{milliseconds(800), kNow};
  CHECK(faded(slow, kNow) == milliseconds(800));
  CHECK(faded(slow, kNow + seconds(10)) == milliseconds(400));
  CHECK(faded(slow, kNow + seconds(35)) == milliseconds(100));
  CHECK(faded(slow, kNow + std::chrono::hours(100)) == base::Duration(0));
  CHECK(faded(slow, kNow - seconds(1)) == milliseconds(800));
  const std::vector<KnownLatency> latencies = {{milliseconds(5), kNow}, {}};
  CHECK(choices(latencies, Mask{1, 1}, kNow)[1] > 11'700);
}

// --- Zone first ---

Mask zoned(const std::vector<ZoneCandidate>& candidates, const Mask& allowed,
           std::int64_t spill_percent) {
  Eligibility eligibility;
  eligibility.allowed = allowed;
  prefer_zone(eligibility, candidates, spill_percent);
  const bool all =
      std::count(eligibility.allowed.begin(), eligibility.allowed.end(), 1) ==
      static_cast<std::ptrdiff_t>(allowed.size());
  if (!all && allowed == Mask(allowed.size(), 1)) CHECK_FALSE(eligibility.all);
  return eligibility.allowed;
}

TEST_CASE("brokers of our zone take the turns while they can") {
  const std::vector<ZoneCandidate> candidates = {
      {true, 4}, {false, 4}, {true, 4}, {false, 4}};
  CHECK(zoned(candidates, {1, 1, 1, 1}, 50) == Mask{1, 0, 1, 0});
  CHECK(zoned(candidates, {1, 1, 0, 1}, 50) == Mask{1, 0, 0, 0});
  CHECK(zoned(candidates, {1, 1, 0, 1}, 51) == Mask{1, 1, 0, 1});
  CHECK(zoned(candidates, {0, 1, 0, 1}, 1) == Mask{0, 1, 0, 1});
  // Who only gets a trickle carries nobody else's load.
  CHECK(zoned(candidates, {11, 1, 1, 1}, 100) == Mask{11, 1, 1, 1});
  CHECK(zoned(candidates, {11, 1, 1, 1}, 50) == Mask{11, 0, 1, 0});
}

TEST_CASE("queues are what weighs in a zone") {
  const std::vector<ZoneCandidate> candidates = {
      {true, 12}, {true, 4}, {false, 4}};
  CHECK(zoned(candidates, {1, 0, 1}, 75) == Mask{1, 0, 0});
  CHECK(zoned(candidates, {0, 1, 1}, 50) == Mask{0, 1, 1});
}

TEST_CASE("without a broker in our zone all take turns") {
  const std::vector<ZoneCandidate> candidates = {{false, 4}, {false, 4}};
  CHECK(zoned(candidates, {1, 1}, 50) == Mask{1, 1});
}

// --- Order configuration ---

TEST_CASE("an order configuration lists brokers and their queues") {
  const auto order = parse_order_config("broker-a:4;broker-b:2;");
  REQUIRE(order);
  CHECK(order->queues() == 6);
  CHECK(order->place(0).broker == 0);
  CHECK(order->place(3).queue == 3);
  CHECK(order->place(4).broker == 1);
  CHECK(order->place(5).queue == 1);
}

// topicRouteData2TopicPublishInfo lists no queue of it and keeps the others.
TEST_CASE("a broker without queues is left out of an order configuration") {
  const auto order = parse_order_config("broker-a:4;broker-b:0;broker-c:2");
  REQUIRE(order);
  CHECK(order->queues() == 6);
  CHECK(order->brokers.at(order->place(4).broker).name == "broker-c");
}

TEST_CASE("a wrong order configuration says what is wrong") {
  for (const char* text :
       {"", ";", "broker-a", "broker-a:", "broker-a:0", "broker-a:-1",
        "broker-a:4x", ":4", "broker a:4", "broker-a:65537",
        "broker-a:99999999999", "broker-a:4;broker-a:4"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_order_config(text));
  }
  CHECK(parse_order_config("broker-a:4;oops").error().message.find("oops") !=
        std::string::npos);
}

}  // namespace
}  // namespace waypost::client
