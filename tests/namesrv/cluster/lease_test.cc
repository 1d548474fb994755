// lease-majority among real keepers that are cut from each other soon after
// they came up, when they do not agree yet on who leads.

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"
#include "tests/namesrv/cluster/keeper_group.h"

namespace waypost::cluster {
namespace {

using namespace std::chrono_literals;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kFirst = 201;  // with the cuts that once went wrong
#else
constexpr std::uint64_t kFirst = 1;
#endif
constexpr std::uint64_t kLast = 300;

// A lease that everybody reaches always.
class Store {
 public:
  class Handle : public Lease {
   public:
    Handle(Store& store, KeeperGroup& group, std::string owner)
        : store_(store), group_(group), owner_(std::move(owner)) {}
    void acquire(Done done) override {
      if (store_.owner_.empty()) store_.owner_ = owner_;
      group_.executor().post([this, done] { done(held()); });
    }
    void release(Done done) override {
      if (held()) store_.owner_.clear();
      group_.executor().post([done] { done(true); });
    }
    bool held() const override { return store_.owner_ == owner_; }
    std::string holder() const override { return store_.owner_; }

   private:
    Store& store_;
    KeeperGroup& group_;
    const std::string owner_;
  };

  // For the process that starts next, the first is 1.
  Lease* handle(KeeperGroup& group, std::size_t i, std::uint64_t process) {
    handles_.push_back(std::make_unique<Handle>(
        *this, group, KeeperGroup::lease_owner_of(i, process)));
    return handles_.back().get();
  }

 private:
  std::string owner_;
  std::vector<std::unique_ptr<Handle>> handles_;
};

struct Sides {
  bool one = false;
  bool other = false;
};

Sides serving(KeeperGroup& group, const std::set<std::size_t>& side) {
  Sides sides;
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (group.state(i) != model::ServerState::kServing) continue;
    (side.contains(i) ? sides.one : sides.other) = true;
  }
  return sides;
}

TEST_CASE("lease-majority: one side stays, however early the cut comes") {
  int cuts = 0;
  int early = 0;
  for (std::uint64_t seed = kFirst; seed <= kLast; ++seed) {
    base::Random random(seed);
    Store store;
    const std::size_t size = 3 + random.below(3);
    KeeperGroup group(partition::Mode::kLeaseMajority, size,
                      [](std::size_t, ClusterSettings& settings) {
                        settings.partition.stable_after = 7s;
                      });
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < size; ++i) order.push_back(i);
    for (std::size_t i = size; i > 1; --i) {
      std::swap(order[i - 1], order[random.below(i)]);
    }
    std::uint64_t process = 0;
    for (const std::size_t i : order) {
      group.set_lease(i, store.handle(group, i, ++process));
      group.start(i);
      group.run(std::chrono::milliseconds(random.below(900)));
    }
    group.run(std::chrono::milliseconds(random.below(2500)));
    std::set<std::size_t> side;
    for (std::size_t i = 0; i < size; ++i) {
      if (random.chance(0.5)) side.insert(i);
    }
    // Who has never met anybody comes up alone: nothing that a lease prevents.
    bool met = true;
    bool seen = true;
    for (std::size_t i = 0; i < size; ++i) {
      const auto& members = group.keeper(i).members();
      met = met && members.members(false).size() == size &&
            members.self().status == model::PeerStatus::kUp;
      seen = seen && members.seen_by().size() == size;
    }
    if (!met || side.empty() || side.size() == size) continue;
    ++cuts;
    if (!seen) ++early;
    group.cut_off(side);
    CAPTURE(seed);
    CAPTURE(size);
    // Noticed, stable or never so, the smaller side's delay.
    group.run(7s + 7s + 5250ms + 2s + 2s);
    for (int second = 0; second < 60; ++second) {
      const Sides sides = serving(group, side);
      REQUIRE_FALSE((sides.one && sides.other));
      group.run(1s);
    }
    const Sides sides = serving(group, side);
    CHECK((sides.one || sides.other));
    group.heal_links();
    group.run(15s);
    CHECK(group.all_serve());
  }
  CHECK(cuts > 50);
  CHECK(early > 10);
}

}  // namespace
}  // namespace waypost::cluster
