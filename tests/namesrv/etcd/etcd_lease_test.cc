#include "namesrv/etcd/etcd_lease.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/namesrv/etcd/fake_etcd.h"

namespace waypost::etcd {
namespace {

using namespace std::chrono_literals;
using Manner = FakeEtcd::Manner;

constexpr const char* kKey = "waypost/lease/test";

struct World {
  explicit World(int members = 1) : store(world) {
    for (int i = 1; i <= members; ++i) {
      etcd.push_back(std::make_unique<FakeEtcd>(world, store, i));
    }
    world.run_for(10ms);
  }
  void all(Manner manner) {
    for (auto& each : etcd) each->manner = manner;
  }

  sim::SimWorld world;
  FakeEtcdStore store;
  std::vector<std::unique_ptr<FakeEtcd>> etcd;
};

// A nameserver's lease, asked on its own thread.
class Contender {
 public:
  Contender(World& world, int number, EtcdUser user = {})
      : world_(world),
        node(world.world.add_node("ns-" + std::to_string(number),
                                  "10.0.0." + std::to_string(number))) {
    EtcdLeaseSettings settings;
    for (auto& each : world.etcd)
      settings.servers.endpoints.push_back(each->endpoint);
    settings.key = kKey;
    settings.user = std::move(user);
    settings.owner = node.name() + "/1";
    node.executor().post([this, settings] {
      lease = std::make_unique<EtcdLease>(
          node.executor(), node.network(), [this] { return node.boot_time(); },
          settings, base::Logger{});
    });
    world.world.run_for(1ms);
  }

  void start_acquire() {
    answer.reset();
    node.executor().post(
        [this] { lease->acquire([this](bool held) { answer = held; }); });
  }
  // The answer and how long it took.
  bool acquire() {
    start_acquire();
    return wait();
  }
  bool release() {
    answer.reset();
    node.executor().post([this] {
      lease->release([this](bool released) { answer = released; });
    });
    return wait();
  }
  bool wait() {
    const base::Instant before = world_.world.now();
    REQUIRE(world_.world.run_until([&] { return answer.has_value(); }, 60s));
    took = world_.world.now() - before;
    return *answer;
  }

  World& world_;
  sim::SimNode& node;
  std::unique_ptr<EtcdLease> lease;
  std::optional<bool> answer;
  base::Duration took{0};
};

TEST_CASE("of two that ask at once exactly one gets the lease") {
  World world(3);
  Contender one(world, 1);
  Contender two(world, 2);
  one.start_acquire();
  two.start_acquire();
  world.world.run_for(6s);
  REQUIRE(one.answer);
  REQUIRE(two.answer);
  CHECK(*one.answer != *two.answer);
  CHECK(one.lease->held() == *one.answer);
  CHECK(two.lease->held() == *two.answer);
  CHECK(world.store.holder(kKey) == (*one.answer ? "ns-1/1" : "ns-2/1"));
  // Who was refused knows by whom.
  CHECK((*one.answer ? two : one).lease->holder() == world.store.holder(kKey));
  // What the other asked for is gone.
  CHECK(world.store.lease_count() == 1);
  // Asked for again it is still theirs, and nobody is asked.
  const std::size_t asked = world.store.asked.size();
  CHECK((*one.answer ? one : two).acquire());
  CHECK(world.store.asked.size() == asked);
}

TEST_CASE("a lease is kept alive until it is given back") {
  World world;
  Contender one(world, 1);
  Contender two(world, 2);
  CHECK(one.acquire());
  world.world.run_for(10min);
  CHECK(one.lease->held());
  CHECK_FALSE(two.acquire());
  CHECK(one.release());
  CHECK_FALSE(one.lease->held());
  CHECK(world.store.lease_count() == 0);
  CHECK(two.acquire());
}

TEST_CASE("the lease of one that died or hangs lapses") {
  World world;
  Contender one(world, 1);
  Contender two(world, 2);
  CHECK(one.acquire());
  SUBCASE("dies") { one.node.crash(); }
  SUBCASE("hangs") { one.node.freeze(); }
  SUBCASE("sleeps") { one.node.suspend(); }
  world.world.run_for(100s);
  CHECK_FALSE(two.acquire());
  world.world.run_for(25s);
  CHECK(two.acquire());
  if (one.node.asleep()) one.node.resume();
  if (!one.node.running()) one.node.thaw();
  // It knows before it has asked anybody.
  CHECK_FALSE(one.lease->held());
  if (one.node.life() == 1) {
    world.world.run_for(60s);
    CHECK_FALSE(one.lease->held());
    CHECK_FALSE(one.acquire());
  }
  CHECK(two.lease->held());
}

TEST_CASE("who cannot reach etcd has it for as long as others do not get it") {
  World world;
  Contender one(world, 1);
  Contender two(world, 2);
  CHECK(one.acquire());
  world.world.cut("ns-1", "etcd-1");
  bool both = false;
  bool second = false;
  for (int i = 0; i < 200 && !second; ++i) {
    world.world.run_for(1s);
    second = two.acquire();
    both = both || (second && one.lease->held());
  }
  CHECK(second);
  CHECK_FALSE(both);
}

TEST_CASE("whatever is no clear yes is a no, in time") {
  for (const Manner manner :
       {Manner::kSilent, Manner::kUnavailable, Manner::kGarbage, Manner::kHuge,
        Manner::kDrips, Manner::kDeaf}) {
    CAPTURE(static_cast<int>(manner));
    World world(3);
    Contender one(world, 1);
    world.all(manner);
    CHECK_FALSE(one.acquire());
    CHECK(one.took <= 5s);
    CHECK_FALSE(one.lease->held());
    // And it is of use again once etcd is.
    world.all(Manner::kWell);
    world.world.run_for(10s);
    CHECK(one.acquire());
  }
}

TEST_CASE("one member of etcd that works is enough, wherever it is") {
  for (const Manner manner :
       {Manner::kSilent, Manner::kUnavailable, Manner::kGarbage, Manner::kHuge,
        Manner::kDrips}) {
    for (std::size_t good = 0; good < 3; ++good) {
      CAPTURE(static_cast<int>(manner));
      CAPTURE(good);
      World world(3);
      Contender one(world, 1);
      world.all(manner);
      world.etcd[good]->manner = Manner::kWell;
      // Two slow ones take most of the time; then it is known who answers.
      if (!one.acquire()) CHECK(one.acquire());
      CHECK(one.lease->held());
      CHECK(one.release());
    }
  }
}

TEST_CASE("etcd that is gone answers no at once") {
  World world(3);
  Contender one(world, 1);
  for (auto& each : world.etcd) each->node.crash();
  CHECK_FALSE(one.acquire());
  CHECK(one.took < 100ms);
}

TEST_CASE("an answer that was lost does not lose the lease") {
  World world(2);
  Contender one(world, 1);
  // The first member does what it is asked, but nobody hears of it.
  world.etcd[0]->manner = Manner::kDeaf;
  CHECK(one.acquire());
  CHECK(world.store.holder(kKey) == "ns-1/1");
}

TEST_CASE("a lease that etcd gave and nobody heard of keeps nobody out") {
  World world;
  Contender one(world, 1);
  Contender two(world, 2);
  one.start_acquire();
  REQUIRE(
      world.world.run_until([&] { return world.store.asked.size() == 1; }, 1s));
  world.etcd[0]->manner = Manner::kDeaf;
  CHECK_FALSE(one.wait());
  CHECK(world.store.holder(kKey) == "ns-1/1");
  world.etcd[0]->manner = Manner::kWell;
  // Taken back with the next interval, not after two minutes.
  world.world.run_for(13s);
  CHECK(world.store.holder(kKey).empty());
  CHECK(two.acquire());
}

TEST_CASE("a release that fails is not held, and is tried again") {
  World world;
  Contender one(world, 1);
  CHECK(one.acquire());
  world.all(Manner::kUnavailable);
  CHECK_FALSE(one.release());
  CHECK_FALSE(one.lease->held());
  world.all(Manner::kWell);
  SUBCASE("by its owner") { CHECK(one.release()); }
  SUBCASE("by itself") { world.world.run_for(13s); }
  CHECK(world.store.holder(kKey).empty());
  CHECK(one.acquire());
}

TEST_CASE("wishes that overlap are granted one after another") {
  World world;
  Contender one(world, 1);
  std::vector<bool> answers;
  const auto note = [&](bool value) { answers.push_back(value); };
  one.node.executor().post([&] {
    one.lease->acquire(note);
    one.lease->release(note);
    one.lease->acquire(note);
  });
  world.world.run_for(1s);
  CHECK(answers == std::vector<bool>{true, true, true});
  CHECK(one.lease->held());
  // Ending in the middle leaves nobody waiting.
  one.node.executor().post([&] {
    one.lease->release(note);
    one.lease.reset();
  });
  world.world.run_for(30s);
  CHECK(answers.size() == 3);
}

// --- An etcd that has users ---

World& with_users(World& world) {
  world.store.user = "waypost";
  world.store.password = "secret";
  return world;
}

std::size_t asked_for_tokens(const World& world) {
  return static_cast<std::size_t>(std::count(
      world.store.asked.begin(), world.store.asked.end(), kAuthenticatePath));
}

TEST_CASE("with user and password the lease is got, and one token is enough") {
  World world(2);
  Contender one(with_users(world), 1, {"waypost", "secret"});
  Contender two(world, 2, {"waypost", "secret"});
  CHECK(one.acquire());
  CHECK_FALSE(two.acquire());
  world.world.run_for(10min);
  CHECK(one.lease->held());
  CHECK(one.release());
  CHECK(two.acquire());
  CHECK(asked_for_tokens(world) == 2);
}

TEST_CASE("a token that ended is replaced, whatever it is needed for") {
  World world;
  Contender one(with_users(world), 1, {"waypost", "secret"});
  CHECK(one.acquire());
  SUBCASE("to keep the lease alive") {
    world.store.token = "token-2";
    world.world.run_for(5min);
    CHECK(one.lease->held());
  }
  SUBCASE("to give it back") {
    world.store.token = "token-2";
    CHECK(one.release());
    CHECK(world.store.holder(kKey).empty());
  }
  SUBCASE("to get it") {
    CHECK(one.release());
    world.store.token = "token-2";
    CHECK(one.acquire());
  }
  CHECK(asked_for_tokens(world) == 2);
}

TEST_CASE("users that are switched on or off while a lease is held") {
  World world;
  Contender one(world, 1, {"waypost", "secret"});
  CHECK(one.acquire());  // as nobody: there are no users
  with_users(world);
  CHECK(one.release());
  CHECK(one.acquire());
  world.store.user.clear();
  CHECK(one.release());
  CHECK(world.store.holder(kKey).empty());
}

TEST_CASE(
    "who is not let in is refused at once, and asks no more than needed") {
  World world;
  with_users(world);
  EtcdUser user = {"waypost", "secret"};
  std::string why;
  SUBCASE("no user") {
    user = {};
    why = "etcd-user";
  }
  SUBCASE("a wrong password") {
    user.password = "other";
    why = "etcd-password-file";
  }
  SUBCASE("a key that is not its own") {
    world.store.permitted = "elsewhere/";
    why = "grant-permission";
  }
  Contender one(world, 1, user);
  CHECK_FALSE(one.acquire());
  CHECK(one.took < 1s);
  CHECK(world.store.holder(kKey).empty());
  CHECK(world.store.asked.size() < 8);
  // It would have been known before.
  CHECK(one.lease->trouble().empty());
  one.node.executor().post([&] { one.lease->watch_access(); });
  world.world.run_for(1s);
  CHECK(one.lease->trouble().find(why) != std::string::npos);
  // And is over when it is mended.
  world.store.permitted = "waypost/lease/";
  world.store.user = user.name;
  world.store.password = user.password;
  world.world.run_for(61s);
  CHECK(one.lease->trouble().empty());
  CHECK(one.acquire());
}

TEST_CASE("a token that is refused as soon as it was given is no loop") {
  World world;
  Contender one(with_users(world), 1, {"waypost", "secret"});
  CHECK(one.acquire());
  CHECK(one.release());
  world.store.asked.clear();
  world.store.forgets_tokens = true;
  CHECK_FALSE(one.acquire());
  CHECK(one.took < 1s);
  CHECK(world.store.asked.size() < 8);
  world.store.forgets_tokens = false;
  CHECK(one.acquire());
}

TEST_CASE("an etcd that is away is trouble until it is back") {
  World world(2);
  Contender one(world, 1);
  world.all(Manner::kUnavailable);
  one.node.executor().post([&] { one.lease->watch_access(); });
  world.world.run_for(6s);
  CHECK(one.lease->trouble().find("503") != std::string::npos);
  world.all(Manner::kSilent);
  world.world.run_for(70s);
  CHECK(one.lease->trouble().find("no answer") != std::string::npos);
  world.all(Manner::kWell);
  world.world.run_for(70s);
  CHECK(one.lease->trouble().empty());
  // It never touched the lease.
  CHECK(world.store.lease_count() == 0);
  CHECK(world.store.holder(kKey).empty());
}

}  // namespace
}  // namespace waypost::etcd
