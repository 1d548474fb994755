#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"
#include "namesrv/partition/pause_keeper.h"

namespace waypost::partition {
namespace {

using namespace std::chrono_literals;

constexpr base::Instant kStart{1000h};

model::PeerNames names(const std::string& letters) {
  model::PeerNames made;
  for (const char each : letters) made.insert(model::PeerName({each}));
  return made;
}

model::PeerName peer(const char* name) { return model::PeerName(name); }

PausePolicy minority() { return {Mode::kPauseMinority, {}, {}}; }

Reach reach(const std::string& members, const std::string& reachable) {
  return {model::PeerName({reachable[0]}), names(members), names(reachable)};
}

template <typename T>
bool has(const PauseEffects& effects) {
  return std::any_of(effects.begin(), effects.end(), [](const auto& each) {
    return std::holds_alternative<T>(each);
  });
}

TEST_CASE("a minority pauses, looks each second, and resumes by itself") {
  PauseKeeper keeper(minority());
  const auto effects = keeper.on_lost(peer("b"), reach("abc", "ab"), kStart);
  REQUIRE(has<Pause>(effects));
  CHECK(has<PingAll>(effects));
  CHECK(keeper.reason() ==
        "reaches 1 of 3 members, missing: b, c (pause-minority)");
  // At once, then each second.
  CHECK(has<PingAll>(keeper.on_tick(reach("abc", "a"), kStart)));
  CHECK(keeper.on_tick(reach("abc", "ab"), kStart + 999ms).empty());
  CHECK(keeper.paused());
  CHECK(has<Resume>(keeper.on_tick(reach("abc", "ab"), kStart + 1s)));
  CHECK_FALSE(keeper.paused());
  CHECK(keeper.reason().empty());
}

TEST_CASE("a majority goes on, and one pause is not a second one") {
  PauseKeeper keeper(minority());
  CHECK(keeper.on_lost(peer("c"), reach("abc", "ab"), kStart).empty());
  CHECK_FALSE(keeper.paused());
  CHECK(has<Pause>(keeper.on_lost(peer("b"), reach("abc", "a"), kStart)));
  CHECK(keeper.on_lost(peer("c"), reach("abc", "a"), kStart).empty());
}

TEST_CASE("a start in a minority does not pause; only a loss does") {
  PauseKeeper keeper(minority());
  CHECK(keeper.on_tick(reach("abc", "a"), kStart).empty());
  CHECK_FALSE(keeper.paused());
  CHECK(evaluates_pause(PeerEvent::kLost));
  CHECK_FALSE(evaluates_pause(PeerEvent::kOwnStart));
  CHECK_FALSE(evaluates_pause(PeerEvent::kStoppedServing));
  CHECK_FALSE(evaluates_pause(PeerEvent::kMembershipChanged));
  CHECK_FALSE(evaluates_pause(PeerEvent::kHeartbeatMissed));
}

TEST_CASE("after a partial partition a pause lasts until all are back") {
  PauseKeeper keeper(minority());
  const auto effects =
      keeper.on_partial_partition(peer("b"), peer("c"), kStart);
  REQUIRE(has<Pause>(effects));
  CHECK(keeper.reason() == "cannot reach b, but c can: partial partition");
  CHECK_FALSE(has<Resume>(keeper.on_tick(reach("abc", "ac"), kStart)));
  CHECK(has<Resume>(keeper.on_tick(reach("abc", "abc"), kStart + 1s)));
}

TEST_CASE("a partial partition found in a minority hardens the condition") {
  PauseKeeper keeper(minority());
  keeper.on_lost(peer("b"), reach("abc", "a"), kStart);
  CHECK(keeper.on_partial_partition(peer("b"), peer("c"), kStart).empty());
  CHECK_FALSE(has<Resume>(keeper.on_tick(reach("abc", "ac"), kStart)));
}

TEST_CASE("a gap in the own clock is as if all peers were lost") {
  PauseKeeper keeper(minority());
  const auto effects =
      keeper.on_own_gap(12000001us, reach("abc", "abc"), kStart);
  REQUIRE(has<Pause>(effects));
  CHECK(keeper.reason() ==
        "did not run for 12s: the others may have written us off");
  // Fresh pings show that they are there.
  CHECK(has<Resume>(keeper.on_tick(reach("abc", "abc"), kStart)));

  PauseKeeper listed({Mode::kPauseIfAllDown, names("a"), Recover::kIgnore});
  CHECK(listed.on_own_gap(60s, reach("abc", "abc"), kStart).empty());
  PauseKeeper ignoring({Mode::kIgnore, {}, {}});
  CHECK(ignoring.on_own_gap(60s, reach("abc", "abc"), kStart).empty());
}

TEST_CASE("pause-if-all-down: the listed never pause, nor do all without any") {
  const PausePolicy policy{Mode::kPauseIfAllDown, names("ab"),
                           Recover::kIgnore};
  CHECK_FALSE(must_pause(policy, reach("abcd", "ac"), peer("b")));
  CHECK(must_pause(policy, reach("abcd", "cdb"), peer("b")));
  CHECK_FALSE(must_pause(policy, reach("cd", "c"), peer("d")));
  PauseKeeper keeper(policy);
  REQUIRE(has<Pause>(keeper.on_lost(peer("b"), reach("abcd", "cd"), kStart)));
  CHECK(keeper.reason() == "none of a, b is reachable (pause-if-all-down)");
}

TEST_CASE("pause-minority: of a cut at most one part goes on") {
  base::Random random(7);
  int one_went_on = 0;
  for (int run = 0; run < 5000; ++run) {
    const std::size_t size = 2 + random.below(8);
    std::vector<std::string> parts(2 + random.below(3));
    std::string members;
    for (std::size_t i = 0; i < size; ++i) {
      const char name = static_cast<char>('a' + i);
      members += name;
      parts[random.below(parts.size())] += name;
    }
    int going_on = 0;
    for (const std::string& part : parts) {
      if (part.empty() || part == members) continue;
      if (!must_withhold(minority(), reach(members, part))) ++going_on;
    }
    REQUIRE(going_on <= 1);
    one_went_on += going_on;
  }
  CHECK(one_went_on > 1000);
}

}  // namespace
}  // namespace waypost::partition
