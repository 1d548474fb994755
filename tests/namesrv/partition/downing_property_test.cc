// What the downing modes promise, over random groups and random cuts.

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"
#include "namesrv/partition/downing_plan.h"
#include "namesrv/partition/population.h"

namespace waypost::partition {
namespace {

constexpr int kRuns = 20'000;

struct Group {
  std::vector<Member> members;
  std::vector<std::size_t> side_of;  // index of members -> side
  std::size_t sides = 0;
};

MemberStatus draw_status(base::Random& random) {
  if (random.chance(0.75)) return MemberStatus::kUp;
  return static_cast<MemberStatus>(random.below(6));
}

Group draw_group(base::Random& random, std::size_t sides) {
  Group group;
  group.sides = sides;
  const std::size_t size = 2 + random.below(8);
  for (std::size_t i = 0; i < size; ++i) {
    Member member;
    member.name = model::PeerName(std::string(1, static_cast<char>('a' + i)));
    member.status = draw_status(random);
    if (member.status != MemberStatus::kJoining &&
        member.status != MemberStatus::kWeaklyUp) {
      member.up_number = static_cast<std::int64_t>(random.below(5));
    }
    if (random.chance(0.5)) member.roles.insert("r");
    group.members.push_back(std::move(member));
    group.side_of.push_back(random.below(sides));
  }
  return group;
}

DowningView view_of(const Group& group, std::size_t side) {
  DowningView view;
  view.members = group.members;
  for (std::size_t i = 0; i < group.members.size(); ++i) {
    const model::PeerName& name = group.members[i].name;
    (group.side_of[i] == side ? view.seen_by : view.unreachable).insert(name);
  }
  for (const auto& observer : view.seen_by) {
    for (const auto& subject : view.unreachable) {
      view.observations.push_back({observer, subject});
    }
  }
  return view;
}

// Members of the side that count and are not downed by its own decision.
std::size_t survivors(const DowningStrategy& strategy, const DowningView& view,
                      bool lease) {
  Decision decision = decide(strategy, view);
  if (needs_lease(decision.kind) && !lease) {
    decision.kind = reverse_of(decision.kind);
  }
  const auto plan =
      plan_downing(strategy, view, decision.kind, model::PeerName());
  const Population all = count(view, {});
  return static_cast<std::size_t>(std::count_if(
      all.reachable.begin(), all.reachable.end(),
      [&](const Member* each) { return !plan.down.contains(each->name); }));
}

std::size_t sides_that_survive(const DowningStrategy& strategy,
                               const Group& group, std::size_t lease_holder) {
  std::size_t surviving = 0;
  for (std::size_t side = 0; side < group.sides; ++side) {
    const DowningView view = view_of(group, side);
    if (view.seen_by.empty() || view.unreachable.empty()) continue;
    if (survivors(strategy, view, side == lease_holder) > 0) ++surviving;
  }
  return surviving;
}

DowningStrategy draw_strategy(base::Random& random) {
  static constexpr Mode kModes[] = {Mode::kStaticQuorum, Mode::kKeepMajority,
                                    Mode::kKeepOldest, Mode::kLeaseMajority};
  DowningStrategy strategy;
  strategy.mode = kModes[random.below(4)];
  strategy.quorum_size = 1 + static_cast<std::int64_t>(random.below(6));
  strategy.down_if_alone = random.chance(0.5);
  if (random.chance(0.3)) strategy.role.assign(1, 'r');
  return strategy;
}

TEST_CASE("of a clean cut at most one side survives, into however many parts") {
  base::Random random(1);
  int one_survived = 0;
  for (int run = 0; run < kRuns; ++run) {
    const DowningStrategy strategy = draw_strategy(random);
    const std::size_t sides = 2 + random.below(3);
    const Group group = draw_group(random, sides);
    const std::size_t left =
        sides_that_survive(strategy, group, random.below(sides));
    CAPTURE(run);
    CAPTURE(mode_name(strategy.mode));
    REQUIRE(left <= 1);
    if (left == 1) ++one_survived;
  }
  // The promise is worth something only where somebody does survive.
  CHECK(one_survived > kRuns / 4);
}

TEST_CASE("keep-majority: also where one side has moved its joiners up") {
  base::Random random(2);
  DowningStrategy strategy;
  strategy.mode = Mode::kKeepMajority;
  int both_looked = 0;
  for (int run = 0; run < kRuns; ++run) {
    const Group before = draw_group(random, 2);
    Group after = before;
    for (std::size_t i = 0; i < after.members.size(); ++i) {
      Member& member = after.members[i];
      // Addresses decide ties, and a joiner with the lowest of them would be
      // one that the other side cannot know of.
      const bool joiner = member.status == MemberStatus::kJoining;
      if (joiner) member.order = 1;
      if (after.side_of[i] != 0) continue;
      if (joiner) member.status = MemberStatus::kUp;
      if (member.status == MemberStatus::kLeaving && random.chance(0.5)) {
        member.status = MemberStatus::kExiting;
      }
    }
    Group others = before;
    for (std::size_t i = 0; i < others.members.size(); ++i) {
      others.members[i].order = after.members[i].order;
    }
    const DowningView ahead = view_of(after, 0);
    const DowningView behind = view_of(others, 1);
    if (ahead.seen_by.empty() || behind.seen_by.empty()) continue;
    ++both_looked;
    CAPTURE(run);
    const bool first = survivors(strategy, ahead, false) > 0;
    const bool second = survivors(strategy, behind, false) > 0;
    REQUIRE_FALSE((first && second));
  }
  CHECK(both_looked > kRuns / 2);
}

TEST_CASE("down-all leaves nobody; exiting and down are never in a plan") {
  base::Random random(3);
  for (int run = 0; run < kRuns / 10; ++run) {
    const Group group = draw_group(random, 2);
    DowningView view = view_of(group, 0);
    // Whatever the observations say: they need not fit together.
    for (std::uint64_t n = random.below(4); n > 0; --n) {
      view.observations.push_back(
          {group.members[random.below(group.members.size())].name,
           group.members[random.below(group.members.size())].name});
    }
    const DowningStrategy strategy =
        random.chance(0.2) ? DowningStrategy{Mode::kDownAll, "", 1, true, {}}
                           : draw_strategy(random);
    const auto decision = decide(strategy, view);
    const auto plan =
        plan_downing(strategy, view, decision.kind, group.members[0].name);
    const auto may = downable(view);
    REQUIRE(std::includes(may.begin(), may.end(), plan.down.begin(),
                          plan.down.end()));
    if (strategy.mode == Mode::kDownAll) REQUIRE(plan.down == may);
  }
}

TEST_CASE("a decision depends neither on the order of members nor of reports") {
  base::Random random(4);
  for (int run = 0; run < kRuns / 10; ++run) {
    const Group group = draw_group(random, 3);
    const DowningStrategy strategy = draw_strategy(random);
    DowningView view = view_of(group, 0);
    const auto decision = decide(strategy, view);
    const auto plan =
        plan_downing(strategy, view, decision.kind, model::PeerName());
    std::reverse(view.members.begin(), view.members.end());
    std::reverse(view.observations.begin(), view.observations.end());
    REQUIRE(decide(strategy, view) == decision);
    REQUIRE(plan_downing(strategy, view, decision.kind, model::PeerName()) ==
            plan);
  }
}

}  // namespace
}  // namespace waypost::partition
