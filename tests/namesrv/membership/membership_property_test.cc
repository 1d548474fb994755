// Random groups through random trouble; afterwards everybody agrees.

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"
#include "tests/namesrv/membership/peer_group.h"

namespace waypost::membership {
namespace {

using namespace std::chrono_literals;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
// Ten times as slow; what the seeds find, the fast build finds.
constexpr std::uint64_t kGroups = 80;
#else
constexpr std::uint64_t kGroups = 400;
#endif

class Trouble {
 public:
  explicit Trouble(std::uint64_t seed) : random_(seed) {
    const std::size_t size = 2 + random_.below(5);
    for (std::size_t i = 0; i < size; ++i) {
      names_.push_back(std::string(1, static_cast<char>('a' + i)));
    }
    for (const auto& name : names_) addresses_.push_back("addr-" + name);
    // All configured, or joining through the first alone.
    const bool all = random_.chance(0.5);
    seeds_ = all ? addresses_ : std::vector{addresses_[0]};
    for (std::size_t i = 0; i < size; ++i) {
      group.start(names_[i], addresses_[i], seeds_);
    }
    group.run(5s);
  }

  void something() {
    const std::string& one = names_[random_.below(names_.size())];
    const std::string& other = names_[random_.below(names_.size())];
    switch (random_.below(8)) {
      case 0:
        if (one != other) group.cut(one, other);
        break;
      case 1:
        if (one != other) group.cut_one_way(one, other);
        break;
      case 2:
        group.heal();
        break;
      case 3:
        if (group.runs(one)) group.die(one);
        break;
      case 4:
        if (group.runs(one)) group.kill(one);
        break;
      case 5:
        // Somewhere else, through anybody's address.
        start(one, random_.chance(0.5));
        break;
      case 6:
        if (group.runs(one)) {
          group.sleep(one);
          group.run(1ms * random_.below(20'000));
          if (group.runs(one)) group.wake(one, 10s);
        }
        break;
      case 7:
        if (group.runs(one)) {
          group.step(one, SetDown{{model::PeerName(other)}});
        }
        break;
    }
    group.run(1s * random_.below(12));
  }

  // Ends all trouble.
  void calm() {
    group.heal();
    for (const std::string& name : names_) {
      if (!group.runs(name)) start(name, false);
    }
    group.run(20s);
  }

  const std::vector<std::string>& names() const { return names_; }
  PeerGroup group;

 private:
  void start(const std::string& name, bool elsewhere) {
    const auto index = static_cast<std::size_t>(name[0] - 'a');
    if (elsewhere) {
      addresses_[index] =
          "moved-" + name + "-" + std::to_string(random_.below(1000));
    }
    // Whoever moved is found through somebody who stayed.
    std::vector<std::string> seeds = seeds_;
    seeds.insert(seeds.end(), addresses_.begin(), addresses_.end());
    group.start(name, addresses_[index], seeds);
  }

  base::Random random_;
  std::vector<std::string> names_;
  std::vector<std::string> addresses_;
  std::vector<std::string> seeds_;
};

TEST_CASE("when trouble ends all know, reach and believe the same") {
  for (std::uint64_t seed = 1; seed <= kGroups; ++seed) {
    CAPTURE(seed);
    Trouble trouble(seed);
    for (int i = 0; i < 15; ++i) trouble.something();
    trouble.calm();
    model::PeerNames all;
    for (const auto& name : trouble.names()) {
      all.insert(model::PeerName(name));
    }
    for (const auto& name : trouble.names()) {
      CAPTURE(name);
      const Membership& membership = trouble.group.at(name);
      REQUIRE(membership.members(false) == all);
      REQUIRE(membership.reachable() == all);
      REQUIRE(membership.seen_by() == all);
      REQUIRE(membership.self().status == model::PeerStatus::kUp);
      REQUIRE(membership.observations().empty());
      REQUIRE(membership.leader() == model::PeerName("a"));
    }
  }
}

TEST_CASE("in the midst of trouble a newcomer comes up within its wait") {
  for (std::uint64_t seed = 1; seed <= kGroups / 2; ++seed) {
    CAPTURE(seed);
    Trouble trouble(seed);
    for (int i = 0; i < 10; ++i) trouble.something();
    trouble.group.start("z", "addr-z", {"addr-a", "addr-b"});
    trouble.group.run(4s);
    REQUIRE(trouble.group.at("z").self().status == model::PeerStatus::kUp);
  }
}

TEST_CASE("a table is the same in whatever order it has heard") {
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    base::Random random(seed);
    struct Word {
      model::PeerInfo info;
      model::Generation down = 0;
      model::PeerVerdict verdict;
    };
    std::vector<Word> words;
    for (int i = 0; i < 12; ++i) {
      Word word;
      word.info.name = model::PeerName(
          std::string(1, static_cast<char>('a' + random.below(3))));
      word.info.generation = 1 + random.below(3);
      word.info.version = static_cast<std::uint32_t>(random.below(3));
      word.down = random.chance(0.3) ? random.below(4) : 0;
      word.verdict = {word.info.name, random.chance(0.5), random.below(4)};
      words.push_back(word);
    }
    const auto told = [&](const std::vector<Word>& said) {
      PeerTable table;
      for (const Word& word : said) {
        table.merge(word.info);
        table.merge_down(word.info.name, word.down);
        if (word.verdict.stamp > 0) table.merge(word.verdict);
      }
      return table;
    };
    const PeerTable one = told(words);
    std::vector<Word> shuffled = words;
    for (std::size_t i = shuffled.size(); i > 1; --i) {
      std::swap(shuffled[i - 1], shuffled[random.below(i)]);
    }
    // Some of it twice.
    shuffled.insert(shuffled.end(), words.begin(), words.begin() + 4);
    const PeerTable other = told(shuffled);
    REQUIRE(one.digest() == other.digest());
    REQUIRE(one.members() == other.members());
  }
}

}  // namespace
}  // namespace waypost::membership
