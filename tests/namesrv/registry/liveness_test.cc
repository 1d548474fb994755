#include "namesrv/registry/liveness.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "base/random.h"
#include "namesrv/registry/awake_clock.h"

namespace waypost::registry {
namespace {

using namespace std::chrono_literals;
using Ids = std::vector<Liveness::Id>;

constexpr base::Instant kStart{1000h};

base::Instant at(base::Duration since_start) { return kStart + since_start; }

LivenessSettings brake_off() {
  return {.suspect_after = 5s, .expiry_brake = false};
}

struct Fleet {
  Fleet(std::size_t count, LivenessSettings settings = {},
        base::Duration expiry = 120s, bool native = false)
      : liveness(settings) {
    for (std::size_t i = 0; i < count; ++i) {
      ids.push_back(liveness.add(expiry, native, at(0s)));
    }
  }
  void heard(std::size_t first, std::size_t last, base::Instant now) {
    for (std::size_t i = first; i < last; ++i) liveness.heard(ids[i], now);
  }
  Liveness::Outcome scan(base::Duration since_start) {
    auto outcome = liveness.scan(at(since_start), false);
    for (const auto id : outcome.expired) liveness.remove(id);
    return outcome;
  }
  Liveness liveness;
  Ids ids;
};

TEST_CASE("silence of exactly the expiry stays, anything longer goes") {
  Fleet one(1);
  CHECK(one.scan(119900ms).expired.empty());
  CHECK(one.scan(120s).expired.empty());
  CHECK(one.scan(120s + 1ns).expired == one.ids);
  CHECK(one.liveness.size() == 0);
}

TEST_CASE("each broker expires by its own time, the longest silent first") {
  Liveness liveness(brake_off());
  const auto slow = liveness.add(300s, false, at(0s));
  const auto quick = liveness.add(3s, false, at(0s));
  const auto middle = liveness.add(120s, false, at(0s));
  CHECK(liveness.smallest_expiry() == 3s);
  CHECK(liveness.scan(at(4s), false).expired == Ids{quick});
  liveness.remove(quick);
  CHECK(liveness.smallest_expiry() == 120s);
  CHECK(liveness.scan(at(301s), false).expired == Ids{middle, slow});
}

TEST_CASE("a sign of life starts the time again") {
  Fleet one(1);
  one.heard(0, 1, at(100s));
  CHECK(one.scan(220s).expired.empty());
  CHECK(one.scan(221s).expired == one.ids);
}

TEST_CASE("a changed expiry counts from the last sign of life") {
  Fleet one(1);
  one.heard(0, 1, at(10s));
  one.liveness.set_expiry(one.ids[0], 3s, false);
  CHECK(one.scan(13s).expired.empty());
  CHECK(one.scan(14s).expired == one.ids);
}

TEST_CASE("suspended removals remove nobody but go on raising suspicion") {
  Fleet fleet(4, {}, 10s, true);
  fleet.heard(1, 4, at(100s));
  const auto outcome = fleet.liveness.scan(at(100s), true);
  CHECK(outcome.expired.empty());
  CHECK(outcome.suspected == Ids{fleet.ids[0]});
  CHECK(fleet.scan(100s).expired == Ids{fleet.ids[0]});
}

TEST_CASE("a silent broker becomes suspect once and any word clears it") {
  Fleet fleet(3, {}, 120s, true);
  fleet.heard(1, 3, at(5s));
  CHECK(fleet.scan(5s).suspected.empty());
  CHECK(fleet.scan(5100ms).suspected == Ids{fleet.ids[0]});
  CHECK(fleet.liveness.is_suspect(fleet.ids[0]));
  CHECK(fleet.liveness.suspect_count() == 1);
  CHECK(fleet.scan(5200ms).suspected.empty());
  CHECK(fleet.liveness.heard(fleet.ids[0], at(6s)));
  CHECK_FALSE(fleet.liveness.heard(fleet.ids[0], at(6s)));
  CHECK(fleet.liveness.suspect_count() == 0);
  fleet.heard(1, 3, at(11s));
  CHECK(fleet.scan(11100ms).suspected == Ids{fleet.ids[0]});
}

TEST_CASE("brokers that send no heartbeats never become suspect") {
  Fleet fleet(3, {}, 120s, false);
  CHECK(fleet.scan(60s).suspected.empty());
}

TEST_CASE("suspicion can be switched off") {
  Fleet fleet(3, {.suspect_after = 0s}, 120s, true);
  fleet.heard(1, 3, at(60s));
  CHECK(fleet.scan(60s).suspected.empty());
}

TEST_CASE("when more than half would become suspect at once, nobody does") {
  Fleet fleet(10, {}, 120s, true);
  fleet.heard(6, 10, at(10s));
  CHECK(fleet.scan(10s).suspected.empty());
  // One of the six speaks: five of ten are not more than half.
  fleet.heard(0, 1, at(10s));
  CHECK(fleet.scan(11s).suspected.size() == 5);
}

TEST_CASE("cut off together counts as at once, although spread over a beat") {
  // Ten brokers whose last heartbeats lie 100 ms apart, scanned each 200 ms.
  Fleet fleet(10, {}, 120s, true);
  for (std::size_t i = 0; i < 10; ++i) {
    fleet.heard(i, i + 1, at(1s + 100ms * static_cast<int>(i)));
  }
  for (base::Duration t = 6s; t < 9s; t += 200ms) fleet.scan(t);
  CHECK(fleet.liveness.suspect_count() <= 5);
}

TEST_CASE("brokers that fall silent one after another all become suspect") {
  Fleet fleet(4, {}, 300s, true);
  for (int i = 0; i < 3; ++i) {
    const base::Duration t = 20s * (i + 1);
    fleet.heard(static_cast<std::size_t>(i) + 1, 4, at(t));
    CHECK(fleet.scan(t).suspected ==
          Ids{fleet.ids[static_cast<std::size_t>(i)]});
  }
  CHECK(fleet.liveness.suspect_count() == 3);
}

TEST_CASE("the brake stays off up to three brokers and up to one in five") {
  Fleet few(3);
  CHECK(few.scan(121s).expired.size() == 3);
  Fleet fleet(100);
  fleet.heard(20, 100, at(100s));
  const auto outcome = fleet.scan(121s);
  CHECK(outcome.expired.size() == 20);
  CHECK_FALSE(outcome.brake_engaged);
}

TEST_CASE("the brake holds those above one in five for one further expiry") {
  Fleet fleet(100);
  fleet.heard(21, 100, at(100s));
  auto outcome = fleet.scan(130s);
  CHECK(outcome.expired.empty());
  CHECK(outcome.brake_engaged);
  CHECK(outcome.held == 21);
  CHECK(fleet.liveness.brake_releases_in(at(130s)) == 120s);
  fleet.heard(21, 100, at(200s));
  outcome = fleet.scan(200s);
  CHECK(outcome.held == 21);
  CHECK_FALSE(outcome.brake_engaged);
  CHECK(fleet.liveness.brake_releases_in(at(200s)) == 50s);
  fleet.heard(21, 100, at(250s));
  CHECK(fleet.scan(250s).expired.empty());
  outcome = fleet.scan(251s);
  CHECK(outcome.expired.size() == 21);
  CHECK(outcome.brake_released);
  CHECK_FALSE(fleet.liveness.brake_releases_in(at(251s)).has_value());
}

TEST_CASE("who speaks while the brake holds is saved") {
  Fleet fleet(10);
  fleet.heard(5, 10, at(100s));
  CHECK(fleet.scan(125s).held == 5);
  fleet.heard(0, 2, at(126s));
  // Three are left: no more than always may go at once.
  const auto outcome = fleet.scan(130s);
  CHECK(outcome.expired == Ids{fleet.ids[2], fleet.ids[3], fleet.ids[4]});
  CHECK(outcome.brake_released);
  CHECK(fleet.liveness.size() == 7);
}

TEST_CASE("when all held brokers speak, the brake releases and nobody goes") {
  Fleet fleet(10);
  CHECK(fleet.scan(125s).brake_engaged);
  fleet.heard(0, 10, at(126s));
  const auto outcome = fleet.scan(130s);
  CHECK(outcome.brake_released);
  CHECK(outcome.expired.empty());
  // Held again later, each has a full further expiry again.
  CHECK(fleet.scan(250s).brake_engaged);
  CHECK(fleet.scan(370s).expired.empty());
  CHECK(fleet.scan(371s).expired.size() == 10);
}

TEST_CASE("brokers that join a brake late have their own further expiry") {
  Fleet fleet(10);
  fleet.heard(5, 10, at(60s));
  CHECK(fleet.scan(121s).held == 5);
  CHECK(fleet.scan(181s).held == 10);
  CHECK(fleet.liveness.brake_releases_in(at(181s)) == 120s);
  CHECK(fleet.scan(242s).expired.size() == 5);
  CHECK(fleet.scan(302s).expired.size() == 5);
}

TEST_CASE("with the brake off all go at the first scan") {
  Fleet fleet(10, brake_off());
  const auto outcome = fleet.scan(121s);
  CHECK(outcome.expired.size() == 10);
  CHECK_FALSE(outcome.brake_engaged);
}

TEST_CASE("an announced departure goes at its time, not by expiry or brake") {
  Fleet fleet(6, {}, 3s);
  fleet.heard(0, 6, at(1s));
  for (const auto id : fleet.ids) fleet.liveness.depart_at(id, at(30s));
  fleet.liveness.heard(fleet.ids[0], at(10s));  // it came back
  fleet.liveness.set_expiry(fleet.ids[0], 120s, false);
  CHECK(fleet.scan(30s).expired.empty());
  const auto outcome = fleet.scan(31s);
  CHECK(outcome.expired.size() == 5);
  CHECK_FALSE(outcome.brake_engaged);
  CHECK(fleet.liveness.size() == 1);
}

TEST_CASE("ids are reused and carry nothing over") {
  Liveness liveness({});
  const auto first = liveness.add(3s, true, at(0s));
  liveness.add(100s, true, at(6s));
  CHECK(liveness.scan(at(6s), true).suspected == Ids{first});
  liveness.remove(first);
  CHECK(liveness.suspect_count() == 0);
  const auto second = liveness.add(120s, true, at(7s));
  CHECK(second == first);
  CHECK_FALSE(liveness.is_suspect(second));
  CHECK(liveness.last_heard(second) == at(7s));
}

TEST_CASE("time asleep is taken out of the awake clock, once and no more") {
  AwakeClock clock;
  const base::Instant before = clock.read(at(10s));
  clock.skip(60s, at(70s));
  CHECK(clock.read(at(70s)) == before);
  CHECK(clock.read(at(75s)) == before + 5s);
  CHECK(clock.outside(before) == at(70s));
  // The monotonic clock stood still while the machine slept.
  clock.skip(3600s, at(76s));
  CHECK(clock.read(at(76s)) == before + 5s);
  // A nonsense gap moves nothing.
  clock.skip(-10s, at(80s));
  CHECK(clock.read(at(80s)) == before + 9s);
}

// Brake and suspicion off: then the rule is simply "silent for longer".
TEST_CASE("scans agree with a plain walk over all brokers") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    CAPTURE(seed);
    base::Random random(seed);
    Liveness liveness({.suspect_after = 0s, .expiry_brake = false});
    struct Plain {
      Liveness::Id id;
      base::Instant heard;
      base::Duration expiry;
    };
    std::vector<Plain> plain;
    base::Instant now = kStart;
    for (int i = 0; i < 5000; ++i) {
      now += std::chrono::milliseconds(random.below(400));
      const auto pick = random.below(plain.size());
      if (plain.empty() || random.chance(0.1)) {
        const base::Duration expiry = 1s * (1 + random.below(30));
        plain.push_back({liveness.add(expiry, false, now), now, expiry});
      } else if (random.chance(0.7)) {
        liveness.heard(plain[pick].id, now);
        plain[pick].heard = now;
      } else if (random.chance(0.3)) {
        plain[pick].expiry = 1s * (1 + random.below(30));
        liveness.set_expiry(plain[pick].id, plain[pick].expiry, false);
      } else {
        Ids wanted;
        std::erase_if(plain, [&](const Plain& p) {
          const bool gone = now - p.heard > p.expiry;
          if (gone) wanted.push_back(p.id);
          return gone;
        });
        auto expired = liveness.scan(now, false).expired;
        for (const auto id : expired) liveness.remove(id);
        std::sort(expired.begin(), expired.end());
        std::sort(wanted.begin(), wanted.end());
        REQUIRE(expired == wanted);
      }
    }
  }
}

}  // namespace
}  // namespace waypost::registry
