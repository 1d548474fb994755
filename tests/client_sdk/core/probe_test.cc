// When avoided brokers are probed, and what a probe's word is worth.

#include <map>
#include <vector>

#include <doctest/doctest.h>

#include "client_sdk/core/probe_policy.h"
#include "client_sdk/core/probe_schedule.h"

namespace waypost::client {
namespace {

using base::Duration;
using base::Instant;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Instant kStart{std::chrono::hours(1)};

struct Schedule {
  explicit Schedule(BrokerProbing with = {}, std::uint64_t seed = 1)
      : settings(with), schedule(settings, base::Random(seed)) {}

  // Lets time pass until the next probe starts; all fail at once.
  std::vector<const Broker*> next() {
    now = std::max(now, schedule.next_due());
    const auto started = schedule.start(now);
    for (const Broker* each : started) schedule.finished(each, now);
    return started;
  }

  BrokerProbing settings;
  ProbeSchedule schedule;
  Instant now = kStart;
  Broker a, b, c;
};
using Brokers = std::vector<const Broker*>;

TEST_CASE("a probe waits until a success would count, then a random moment") {
  Duration least = Duration::max();
  Duration most{0};
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Schedule it({}, seed);
    it.schedule.avoid(&it.a, kStart + seconds(10), kStart);
    REQUIRE(it.schedule.start(kStart + seconds(10) - milliseconds(1)).empty());
    const Duration late = it.schedule.next_due() - (kStart + seconds(10));
    least = std::min(least, late);
    most = std::max(most, late);
  }
  CHECK(least >= Duration(0));
  CHECK(least < milliseconds(50));
  CHECK(most > milliseconds(950));
  CHECK(most < seconds(1));
}

TEST_CASE("each failed probe doubles the time to the next, up to a bound") {
  Schedule it;
  it.schedule.avoid(&it.a, kStart, kStart);
  it.next();
  for (const int expected : {1, 2, 4, 8, 16, 30, 30}) {
    const Instant before = it.now;
    REQUIRE(it.next() == Brokers{&it.a});
    const auto took = std::chrono::duration<double>(it.now - before).count();
    CHECK(took >= 0.8 * expected);
    CHECK(took <= 1.2 * expected);
  }
}

TEST_CASE("a few probes at a time, who is due longest first") {
  BrokerProbing settings;
  settings.concurrency = 2;
  Schedule it(settings);
  for (const Broker* each : {&it.a, &it.b, &it.c}) {
    it.schedule.avoid(each, kStart, kStart);
  }
  const Instant later = kStart + seconds(1);
  const auto first = it.schedule.start(later);
  REQUIRE(first.size() == 2);
  CHECK(it.schedule.next_due() == Instant::max());
  CHECK(it.schedule.start(later).empty());
  // A slot is freed by an end and by a broker that need not be probed.
  it.schedule.finished(first[0], later);
  const auto second = it.schedule.start(later);
  REQUIRE(second.size() == 1);
  CHECK(second[0] != first[0]);
  CHECK(second[0] != first[1]);
  it.schedule.forget(first[1]);
  it.schedule.forget(second[0]);
  CHECK(it.schedule.under_way() == 0);
  CHECK(it.schedule.size() == 1);
  // What is over twice, or forgotten, is no matter.
  it.schedule.finished(first[1], later);
  it.schedule.forget(first[1]);
  it.now = later;
  CHECK(it.next() == Brokers{first[0]});
}

TEST_CASE("failures that go on do not put a probe off for ever") {
  Schedule it;
  it.schedule.avoid(&it.a, kStart, kStart);
  bool probed = false;
  for (int i = 0; i < 100 && !probed; ++i) {
    it.now += milliseconds(50);
    it.schedule.avoid(&it.a, it.now - milliseconds(50), it.now);
    probed = !it.schedule.start(it.now).empty();
  }
  CHECK(probed);
}

FaultState until(Duration from_start) {
  FaultState state;
  state.avoid_until = kStart + from_start;
  state.held = true;
  return state;
}

TEST_CASE("a connection counts when the time is over, a check before") {
  Probation probation;
  note_avoided(probation, true, kStart);
  const FaultState fault = until(seconds(30));
  const auto from = [&](FaultPolicy policy, Evidence evidence) {
    return counts_from(policy, fault, probation, evidence) - kStart;
  };
  for (const auto policy : {FaultPolicy::kRocketmq4, FaultPolicy::kRocketmq5,
                            FaultPolicy::kAdaptive}) {
    CHECK(from(policy, Evidence::kReachable) == seconds(30));
  }
  CHECK(from(FaultPolicy::kRocketmq4, Evidence::kWorks) == seconds(0));
  CHECK(from(FaultPolicy::kAdaptive, Evidence::kWorks) == seconds(0));
  // Only ever prolonged.
  CHECK(from(FaultPolicy::kRocketmq5, Evidence::kWorks) == seconds(30));
  // That it works does not say that it is quick.
  note_avoided(probation, false, kStart);
  CHECK(from(FaultPolicy::kAdaptive, Evidence::kWorks) == seconds(30));
}

TEST_CASE("a word that misled is not taken for a while, doubling") {
  for (const auto evidence : {Evidence::kReachable, Evidence::kWorks}) {
    Probation probation;
    Instant now = kStart;
    note_avoided(probation, true, now);
    for (const int expected : {10, 20, 40, 80, 160, 300, 300, 300}) {
      probation.on_trust = true;  // it came back on a probe's word
      now += minutes(10);
      note_avoided(probation, true, now);
      FaultState fault;
      fault.avoid_until = now + seconds(2);
      CHECK(counts_from(FaultPolicy::kAdaptive, fault, probation, evidence) ==
            now + seconds(expected));
    }
    // Failures while it is avoided anyway mislead nobody.
    const Instant before = probation.not_before;
    note_avoided(probation, true, now + seconds(1));
    CHECK(probation.not_before == before);
    note_success(probation);
    probation.on_trust = true;
    note_avoided(probation, true, now);
    CHECK(probation.not_before == now + seconds(10));
  }
}

TEST_CASE("what is held is avoided for ever, what is released trickles") {
  const FaultState held = until(seconds(2));
  CHECK(held.avoided_at(kStart + minutes(100)));
  CHECK(held.next_change(kStart) == Instant::max());
  const Instant now = kStart + minutes(1);
  const FaultState after = released(AdaptiveFaults{}, held, now);
  CHECK_FALSE(after.avoided_at(now));
  CHECK(after.one_turn_in(now) == 11);
  CHECK(after.one_turn_in(now + seconds(9)) == 3);
  CHECK(after.one_turn_in(now + seconds(10)) == 1);
}

}  // namespace
}  // namespace waypost::client
