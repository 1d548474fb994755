#include "namesrv/partition/autoheal.h"

#include <algorithm>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"
#include "namesrv/partition/autoheal_plan.h"
#include "namesrv/partition/separated_peers.h"

namespace waypost::partition {
namespace {

using Names = std::vector<model::PeerName>;

Names list(const std::string& letters) {
  Names names;
  for (const char each : letters) names.emplace_back(std::string(1, each));
  return names;
}
model::PeerNames set(const std::string& letters) {
  const Names names = list(letters);
  return {names.begin(), names.end()};
}
model::PeerName peer(const char* name) { return model::PeerName(name); }

TEST_CASE("the winner waits for all losers and then lets them go") {
  Autoheal heal(peer("b"), set("abc"));
  const auto told = heal.step(BecomeWinner{list("ac"), {}});
  REQUIRE(told.size() == 2);
  CHECK(std::get<SendWinnerIs>(told[0]).to == peer("a"));
  CHECK(heal.step(PeerStopped{peer("a")}).empty());
  const auto done = heal.step(PeerStopped{peer("c")});
  REQUIRE(done.size() == 2);
  CHECK(std::get<SendSafeToStart>(done[0]).losers == list("ac"));
  CHECK(std::get<SendHealFinished>(done[1]).to == peer("a"));
  CHECK_FALSE(heal.healing());
}

TEST_CASE("a winner whose loser does not serve gives up at once") {
  Autoheal heal(peer("b"), set("abc"));
  const auto effects = heal.step(BecomeWinner{list("ac"), set("c")});
  CHECK(std::get<SendSafeToStart>(effects.at(0)).losers == list("ac"));
  CHECK(std::get<SendHealFinished>(effects.at(1)).winner == peer("b"));
  CHECK_FALSE(heal.healing());
}

TEST_CASE("a winner with nobody to stop is done") {
  Autoheal heal(peer("a"), set("ab"));
  const auto effects = heal.step(WinnerChosen{peer("a"), {}});
  CHECK(std::holds_alternative<SendHealFinished>(effects.back()));
  CHECK_FALSE(heal.healing());
}

TEST_CASE("a leader whose winner stops releases the losers itself") {
  Autoheal heal(peer("a"), set("abc"));
  heal.step(WinnerChosen{peer("b"), list("ac")});
  const auto effects = heal.step(PeerStopped{peer("b")});
  CHECK(std::get<SendSafeToStart>(effects.at(0)).losers == list("c"));
  CHECK_FALSE(heal.healing());
}

TEST_CASE("what means nothing in a state is ignored") {
  Autoheal leading(peer("a"), set("abc"));
  leading.step(WinnerChosen{peer("b"), list("ac")});
  const HealState before = leading.state();
  CHECK(leading.step(BecomeWinner{list("c"), {}}).empty());
  CHECK(leading.step(WinnerIs{peer("c")}).empty());
  CHECK(leading.step(HealFinished{peer("c")}).empty());
  CHECK(leading.step(WinnerChosen{peer("c"), list("ab")}).empty());
  CHECK(leading.state() == before);
  Autoheal winning(peer("b"), set("abc"));
  winning.step(BecomeWinner{list("ac"), {}});
  const HealState waiting = winning.state();
  CHECK(winning.step(HealFinished{peer("b")}).empty());
  CHECK(winning.state() == waiting);
}

TEST_CASE("who was separated is forgotten once all of them have restarted") {
  SeparatedPeers separated;
  separated.on_restarted(peer("b"));  // before, for another reason
  separated.on_met_again(peer("b"));
  separated.on_met_again(peer("c"));
  separated.on_restarted(peer("b"));
  separated.on_restarted(peer("d"));
  CHECK(separated.names() == set("bc"));
  // Separated again meanwhile: what it took then says nothing now.
  separated.on_met_again(peer("b"));
  separated.on_restarted(peer("c"));
  CHECK(separated.names() == set("bc"));
  separated.on_restarted(peer("b"));
  CHECK(separated.empty());
}

TEST_CASE("parts and winner cover all members, and nobody beats the winner") {
  base::Random random(11);
  for (int run = 0; run < 5000; ++run) {
    const std::string all =
        std::string("abcdefg").substr(0, 2 + random.below(6));
    std::vector<HealView> views;
    std::map<model::PeerName, std::uint64_t> connections;
    for (const auto& node : list(all)) {
      HealView view{node, {}};
      for (const auto& other : list(all)) {
        if (other != node && random.chance(0.3)) view.cannot_see.insert(other);
      }
      views.push_back(view);
      if (random.chance(0.8)) connections[node] = random.below(4);
    }
    const auto parts = find_parts(list(all), views);
    Names seen;
    for (const Part& part : parts) {
      REQUIRE_FALSE(part.empty());
      seen.insert(seen.end(), part.begin(), part.end());
    }
    std::sort(seen.begin(), seen.end());
    REQUIRE(seen == list(all));
    const auto winner = choose_winner(parts, connections);
    const auto value = [&](const Part& part) {
      std::uint64_t sum = 0;
      for (const auto& name : part) {
        if (connections.contains(name)) sum += connections.at(name);
      }
      return std::pair(sum, part.size());
    };
    const auto won = std::find_if(
        parts.begin(), parts.end(),
        [&](const Part& part) { return part.front() == winner.winner; });
    REQUIRE(won != parts.end());
    std::size_t losers = 0;
    for (const Part& part : parts) {
      REQUIRE(value(part) <= value(*won));
      if (&part != &*won) losers += part.size();
    }
    REQUIRE(winner.losers.size() == losers);
  }
}

// A group that heals while its members die at random moments. Messages arrive
// in order between two members unless one of them is gone; everybody learns of
// a death.
class HealingGroup {
 public:
  explicit HealingGroup(const std::string& letters) : members_(set(letters)) {
    for (const auto& name : members_) {
      nodes_.emplace(name, Autoheal(name, members_));
    }
  }

  void start(const model::PeerName& winner, const Names& losers) {
    perform(*members_.begin(),
            nodes_.at(*members_.begin()).step(WinnerChosen{winner, losers}));
  }

  void kill(const model::PeerName& name) {
    if (!nodes_.erase(name)) return;
    stopped_.erase(name);
    for (const auto& [other, node] : nodes_) {
      queue_.push_back({other, PeerLost{name}});
    }
  }

  // Delivers one event that may come next; false when there is none.
  bool deliver() {
    if (queue_.empty()) return false;
    auto [to, event] = queue_.front();
    queue_.pop_front();
    const auto node = nodes_.find(to);
    if (node != nodes_.end()) perform(to, node->second.step(event));
    return true;
  }

  // The restart's own limits: the word did not come.
  void time_out() {
    for (const auto& name : std::exchange(stopped_, {})) {
      nodes_.at(name) =
          Autoheal(name, members_,
                   after_restart(resume_.at(name), RestartSignal::kTimeout));
    }
  }

  bool anybody_waits() const {
    return std::any_of(nodes_.begin(), nodes_.end(),
                       [](const auto& each) { return each.second.healing(); });
  }
  model::PeerNames alive() const {
    model::PeerNames names;
    for (const auto& [name, node] : nodes_) names.insert(name);
    return names;
  }

 private:
  void perform(const model::PeerName& from, const HealEffects& effects) {
    for (const HealEffect& effect : effects) {
      if (const auto* become = std::get_if<SendBecomeWinner>(&effect)) {
        queue_.push_back({become->to, BecomeWinner{become->losers, {}}});
      } else if (const auto* is = std::get_if<SendWinnerIs>(&effect)) {
        queue_.push_back({is->to, WinnerIs{is->winner}});
      } else if (const auto* done = std::get_if<SendHealFinished>(&effect)) {
        queue_.push_back({done->to, HealFinished{done->winner}});
      } else if (const auto* ask = std::get_if<SendReportStatus>(&effect)) {
        queue_.push_back({ask->to, ReportHealStatus{}});
      } else if (const auto* restart = std::get_if<RestartSelf>(&effect)) {
        stopped_.insert(from);
        resume_[from] = restart->resume;
        for (const auto& [other, node] : nodes_) {
          if (other != from) queue_.push_back({other, PeerStopped{from}});
        }
      } else if (const auto* safe = std::get_if<SendSafeToStart>(&effect)) {
        for (const auto& loser : safe->losers) release(loser);
      }
    }
  }

  void release(const model::PeerName& name) {
    if (stopped_.erase(name) == 0) return;
    const HealBoot start =
        boot(after_restart(resume_.at(name), RestartSignal::kSafeToStart));
    nodes_.at(name) = Autoheal(name, members_, start.state);
    perform(name, start.effects);
  }

  model::PeerNames members_;
  std::map<model::PeerName, Autoheal> nodes_;
  std::deque<std::pair<model::PeerName, HealEvent>> queue_;
  model::PeerNames stopped_;
  std::map<model::PeerName, HealState> resume_;
};

TEST_CASE("a heal whose participants die at any moment leaves nobody waiting") {
  base::Random random(12);
  int without_death = 0;
  for (int run = 0; run < 20'000; ++run) {
    const std::string all = std::string("abcde").substr(0, 2 + random.below(4));
    HealingGroup group(all);
    const Names members = list(all);
    const auto winner = members[random.below(members.size())];
    Names losers;
    for (const auto& name : members) {
      if (name != winner && random.chance(0.7)) losers.push_back(name);
    }
    group.start(winner, losers);
    int deaths = 0;
    while (group.deliver()) {
      if (!random.chance(0.08)) continue;
      group.kill(members[random.below(members.size())]);
      ++deaths;
    }
    CAPTURE(run);
    // Without a death everybody is through by messages alone.
    if (deaths == 0) {
      ++without_death;
      REQUIRE_FALSE(group.anybody_waits());
    }
    group.time_out();
    while (group.deliver()) {
    }
    REQUIRE_FALSE(group.anybody_waits());
  }
  CHECK(without_death > 1000);
}

}  // namespace
}  // namespace waypost::partition
