// An autoheal among real keepers, each message of which is lost once, and at
// each message of which each of them dies once.

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"
#include "tests/namesrv/cluster/keeper_group.h"

namespace waypost::cluster {
namespace {

using namespace std::chrono_literals;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kSeeds = 2;
constexpr std::size_t kStep = 4;  // not each message, but each fourth
#else
constexpr std::uint64_t kSeeds = 20;
constexpr std::size_t kStep = 1;
#endif

struct Case {
  std::string what;
  std::size_t size;
  std::set<std::size_t> side;  // against the others
  std::size_t winner;          // has the clients
};

// The leader of every heal is the first by name.
const std::vector<Case> kCases = {
    {"two, the leader wins", 2, {0}, 0},
    {"two, the leader loses", 2, {0}, 1},
    {"three, the leader wins with another", 3, {0, 1}, 0},
    {"three, the leader loses alone", 3, {0}, 1},
    {"three, the leader is with the winner", 3, {0, 1}, 1},
    {"five, the leader loses with another", 5, {0, 3}, 2},
    {"five, the leader is with the winner", 5, {0, 1, 3}, 3},
};

struct Healing {
  explicit Healing(const Case& each)
      : group(partition::Mode::kAutoheal, each.size), side(each.side) {
    group.set_clients(each.winner, 10);
    group.start_all();
    group.run(10s);
    REQUIRE(group.all_serve());
  }

  void cut() {
    group.cut_off(side);
    group.run(8s);
  }
  // Nobody has anything to heal and everybody serves.
  bool healed() {
    if (!group.all_serve()) return false;
    for (std::size_t i = 0; i < group.size(); ++i) {
      if (!group.runs(i)) continue;
      const auto status = group.keeper(i).on_heal_status();
      if (!status.separated.empty() || !status.serving) return false;
    }
    return true;
  }
  // For good, not just in between.
  bool heals_within(base::Duration limit) {
    if (!group.run_until([&] { return !healed(); }, limit)) return false;
    if (!group.run_until([&] { return healed(); }, limit)) return false;
    group.run(3s);
    return healed();
  }

  KeeperGroup group;
  const std::set<std::size_t> side;
};

TEST_CASE("an autoheal ends when any one of its messages is lost") {
  for (const Case& each : kCases) {
    std::size_t messages = 1;
    for (std::size_t lost = 0; lost <= messages; lost += kStep) {
      CAPTURE(each.what);
      CAPTURE(lost);  // 0: none
      Healing run(each);
      std::size_t count = 0;
      run.cut();
      run.group.set_hook([&](auto, auto) { return ++count != lost; });
      run.group.heal_links();
      // A call that got no answer takes 5 s, and one more second to be
      // repeated.
      CHECK(run.heals_within(lost == 0 ? 3s : 15s));
      if (lost == 0) messages = count;
      int restarted = 0;
      for (std::size_t i = 0; i < each.size; ++i) {
        if (run.side.contains(i) == run.side.contains(each.winner)) {
          CHECK(run.group.restarts(i) == 0);
        } else if (run.group.restarts(i) > 0) {
          ++restarted;
        }
      }
      CHECK(restarted > 0);
    }
    CHECK(messages > 4);
  }
}

TEST_CASE("an autoheal ends when many of its messages are lost") {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    for (const Case& each : kCases) {
      CAPTURE(each.what);
      CAPTURE(seed);
      Healing run(each);
      base::Random random(seed);
      run.cut();
      run.group.set_hook([&](auto, auto) { return !random.chance(0.4); });
      run.group.heal_links();
      run.group.run(30s);
      run.group.set_hook({});
      // Before the losers' own limit, a minute.
      CHECK(run.group.run_until([&] { return run.healed(); }, 15s));
    }
  }
}

TEST_CASE("an autoheal ends when any of its participants dies at any message") {
  for (const Case& each : kCases) {
    for (std::size_t dies = 0; dies < each.size; ++dies) {
      bool reached = true;
      for (std::size_t at = 1; reached; at += kStep) {
        CAPTURE(each.what);
        CAPTURE(dies);
        CAPTURE(at);
        Healing run(each);
        run.cut();
        std::size_t count = 0;
        run.group.set_hook([&](auto, auto) {
          if (++count == at) run.group.kill(dies);
          return true;
        });
        run.group.heal_links();
        run.group.run(5s);
        reached = count >= at;
        // Long before the loser's own limit, a minute.
        CHECK(run.group.run_until([&] { return run.group.all_serve(); }, 10s));
        // And nobody is left in a state in which the next one cannot go on.
        if (!run.group.runs(dies)) run.group.start(dies);
        run.group.run(5s);
        run.group.set_hook({});
        run.cut();
        run.group.heal_links();
        CHECK(run.heals_within(10s));
      }
    }
  }
}

}  // namespace
}  // namespace waypost::cluster
