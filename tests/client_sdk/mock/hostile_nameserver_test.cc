// Whatever a nameserver does to a client, over real sockets: a question ends
// within its budget with the other nameserver's answer, routes stay in use, and
// picking goes on.

#include <atomic>
#include <fstream>
#include <thread>

#include "base/random.h"
#include "tests/client_sdk/mock/mock_world.h"
#include "tests/support/temp_dir.h"
#include "waypost/testing/mock_nameserver.hpp"
#include "wire/codec/frame.h"
#include "wire/codec/native.h"

namespace waypost::testing {
namespace {

using namespace std::chrono_literals;

// What a busy machine may take beyond a deadline; the simulated client keeps
// its own to the millisecond. Whoever waits for what never comes exceeds it.
constexpr auto kSlice = 20s;

struct Fault {
  std::string name;
  void (*begin)(MockNameserver&);
};

const std::vector<Fault>& faults() {
  static const std::vector<Fault> all{
      {"hang", [](auto& ns) { ns.hang(); }},
      {"partition", [](auto& ns) { ns.partition(); }},
      {"requests lost",
       [](auto& ns) { ns.partition(MockPartition::kRequests); }},
      {"answers lost", [](auto& ns) { ns.partition(MockPartition::kAnswers); }},
      {"far too slow", [](auto& ns) { ns.delay(1h); }},
      {"slow drip", [](auto& ns) { ns.drip(MockWorld::budget() / 4); }},
      {"stopped", [](auto& ns) { ns.stop(); }},
      {"closed", [](auto& ns) { ns.close_connections(); }},
      {"reset", [](auto& ns) { ns.close_connections(MockClose::kReset); }},
      {"half-closed",
       [](auto& ns) { ns.close_connections(MockClose::kHalfOpen); }},
      {"half-closed, then hung",
       [](auto& ns) {
         ns.close_connections(MockClose::kHalfOpen);
         ns.hang();
       }},
      {"not ready", [](auto& ns) { ns.answer(MockAnswers::kNotReady); }},
      {"starting", [](auto& ns) { ns.answer(MockAnswers::kStarting); }},
      {"no answer", [](auto& ns) { ns.answer(MockAnswers::kNoAnswer); }},
      {"no end", [](auto& ns) { ns.answer(MockAnswers::kNoEnd); }},
      {"wrong count", [](auto& ns) { ns.answer(MockAnswers::kWrongCount); }},
      {"wrong topic", [](auto& ns) { ns.answer(MockAnswers::kWrongTopic); }},
      {"garbage", [](auto& ns) { ns.answer(MockAnswers::kGarbage); }},
      {"random bytes", [](auto& ns) { ns.answer(MockAnswers::kRandomBytes); }},
      {"huge frame", [](auto& ns) { ns.answer(MockAnswers::kHugeFrame); }},
      {"endless answer", [](auto& ns) { ns.answer(MockAnswers::kEndless); }},
      {"no brokers", [](auto& ns) { ns.answer(MockAnswers::kNoBrokers); }},
      {"a web server",
       [](auto& ns) { ns.answer(MockAnswers::kWrongProtocol); }},
  };
  return all;
}

TEST_CASE("whatever its nameserver does, a client finds the other in time") {
  for (const Fault& fault : faults()) {
    CAPTURE(fault.name);
    MockWorld world;
    const Topic topic = world.client->topic("orders");
    world.second.set_route("orders", {{"broker-c", "10.0.0.3:10911"}});
    fault.begin(world.first);
    const support::Stopwatch watch;
    const auto asked = world.client->refresh("orders", kPatience);
    // What the first one closes at once may be open again before the question.
    const bool moved =
        world.client->stats().nameserver == world.second.address();
    CHECK_MESSAGE(asked, asked.error().to_string());
    CHECK(watch.elapsed() <= MockWorld::budget() + kSlice);
    if (moved) CHECK(world.brokers() == 1);
    if (!moved) CHECK(world.first.counts().connections > 1);
    CHECK(topic.pick());
  }
}

TEST_CASE("when all nameservers do the same, routes stay and calls end") {
  // Each takes its whole budget; nobody answers in it.
  constexpr auto kBudget = 400ms;
  for (const Fault& fault : faults()) {
    CAPTURE(fault.name);
    MockWorld world(MockWorld::quiet(), kBudget);
    fault.begin(world.first);
    fault.begin(world.second);
    const support::Stopwatch watch;
    const auto asked = world.client->refresh("orders", kPatience);
    CHECK(watch.elapsed() <= kBudget + kSlice);
    CHECK((asked || !asked.error().message.empty()));
    CHECK(world.brokers() == 2);
    CHECK(world.client->pick("orders"));
    const support::Stopwatch closing;
    CHECK(world.client->close(kPatience));
    CHECK(closing.elapsed() <= kSlice);
  }
}

TEST_CASE("a nameserver that knows nobody any more takes no route away") {
  MockWorld world;
  world.first.answer(MockAnswers::kNoTopics);
  CHECK(world.client->refresh("orders", kPatience));
  const auto route = world.client->route("orders", kPatience);
  REQUIRE(route);
  CHECK(route->missing);
  CHECK(route->groups.size() == 2);
  CHECK(world.client->pick("orders"));
  world.first.serve();
  CHECK(world.client->refresh("orders", kPatience));
  CHECK_FALSE(world.client->route("orders", kPatience)->missing);
}

TEST_CASE("a wrong version is put right by the next right answer") {
  MockWorld world;
  world.first.set_route("orders", {{"broker-c", "10.0.0.3:10911"}});
  world.first.answer(MockAnswers::kWrongDigest);
  CHECK(world.client->refresh("orders", kPatience));
  CHECK(world.brokers() == 1);
  world.first.set_route("orders", {{"broker-c", "10.0.0.3:10911"},
                                   {"broker-d", "10.0.0.4:10911"}});
  world.first.serve();
  CHECK(world.client->refresh("orders", kPatience));
  CHECK(world.brokers() == 2);
}

TEST_CASE("a broken hello is left, as is a hello that never comes") {
  for (const bool silent : {false, true}) {
    auto broken = start_mock();
    auto well = start_mock();
    well.set_route("orders", {{"broker-a", "10.0.0.1:10911"}});
    silent ? broken.hang() : broken.answer(MockAnswers::kWrongHello);
    ClientOptions options;
    options.nameservers = {broken.address(), well.address()};
    options.start_nameserver = broken.address();
    options.rpc_timeout = MockWorld::budget();
    auto client = Client::create(options);
    REQUIRE(client);
    CHECK(client->route("orders", kPatience));
    CHECK(client->stats().nameserver == well.address());
  }
}

TEST_CASE("a timeout closes the socket, whoever asked and whoever did not") {
  const auto none_open = [](const MockCounts& counts) {
    return counts.open == 0;
  };
  const auto one_open = [](const MockCounts& counts) {
    return counts.open == 1;
  };
  SUBCASE("a call that waits") {
    MockWorld world;
    world.first.partition(MockPartition::kAnswers);
    CHECK(world.client->refresh("orders", kPatience));
    CHECK(world.first.wait_until(none_open, kPatience));
    CHECK(world.second.counts().open == 1);
  }
  SUBCASE("a call that does not") {
    MockWorld world;
    world.first.partition(MockPartition::kAnswers);
    CHECK_FALSE(world.client->pick("invoices"));
    CHECK(world.first.wait_until(none_open, kPatience));
    CHECK(world.second.wait_until(one_open, kPatience));
  }
  SUBCASE("nobody at all") {
    ClientOptions options;
    options.ping_interval = 50ms;
    MockWorld world(options);
    world.first.partition(MockPartition::kAnswers);
    CHECK(world.first.wait_until(none_open, kPatience));
    CHECK(world.second.wait_until(one_open, kPatience));
  }
}

TEST_CASE("closing one nameserver's link leaves every other link alone") {
  MockWorld hurt;
  ClientOptions options;
  options.nameservers = {hurt.second.address()};
  options.rpc_timeout = kPatience;
  options.ping_interval = 0ns;
  auto other = Client::create(options);
  REQUIRE(other);
  REQUIRE(other->route("orders", kPatience));
  const auto connections = hurt.second.counts().connections;
  // A question of the other client is under way all the while.
  hurt.second.delay(MockWorld::budget() / 20);
  std::thread asking([&] { CHECK(other->refresh("orders", kPatience)); });
  hurt.first.hang();
  CHECK(hurt.client->refresh("orders", kPatience));
  asking.join();
  CHECK(hurt.client->stats().nameserver == hurt.second.address());
  // The hurt client's new one, and no other.
  CHECK(hurt.second.counts().connections == connections + 1);
  CHECK(hurt.second.counts().open == 2);
}

TEST_CASE("a nameserver that drains is left before it closes") {
  MockWorld world;
  world.first.drain("an upgrade");
  CHECK(world.second.wait_until(
      [](const MockCounts& counts) { return counts.hellos >= 1; }, kPatience));
  CHECK(world.first.wait_until(
      [](const MockCounts& counts) { return counts.open == 0; }, kPatience));
  world.first.stop();
  CHECK(world.client->refresh("orders", kPatience));
  CHECK(world.client->stats().switches == 1);
}

std::string frame(codec::FrameKind kind, std::uint64_t id,
                  const std::string& payload, std::uint16_t flags = 0) {
  return codec::make_frame(kind, flags, id, payload);
}

TEST_CASE("what nobody asked for does no harm") {
  const std::string drain =
      frame(codec::FrameKind::kDrainNotice, 0,
            codec::encode(model::DrainNotice{std::string(60'000, 'x')}));
  const std::string noise(64, '\x5a');
  for (const std::string& bytes :
       {frame(codec::FrameKind::kRoute, 0, noise),
        frame(codec::FrameKind::kWatchRoutes, 0, noise),
        frame(codec::FrameKind::kDrainNotice, 0, noise), drain, drain + drain,
        frame(codec::FrameKind::kError, 0, noise),
        frame(static_cast<codec::FrameKind>(999), 0, noise),
        frame(codec::FrameKind::kQueryRoutes, 5, noise),
        frame(codec::FrameKind::kRoute, ~0ULL, noise, codec::kFlagReply),
        frame(codec::FrameKind::kPing, 0, ""), std::string(7, '\0'),
        std::string(1 << 20, '\0')}) {
    CAPTURE(bytes.size());
    MockWorld world;
    world.first.send_bytes(bytes);
    CHECK(world.client->refresh("orders", kPatience));
    CHECK(world.brokers() == 2);
  }
}

TEST_CASE("a flood that nobody asked for ends, and delays no other client") {
  MockWorld flooded;
  MockWorld other;
  const std::string late =
      frame(codec::FrameKind::kPing, ~0ULL, "", codec::kFlagReply);
  std::string flood;
  while (flood.size() < 64'000) flood += late;
  flooded.first.send_bytes(flood, true);
  const support::Stopwatch watch;
  CHECK(other.client->refresh("orders", kPatience));
  CHECK(flooded.client->refresh("orders", kPatience));
  CHECK(watch.elapsed() <= kSlice);
  CHECK(flooded.first.wait_until(
      [](const MockCounts& counts) { return counts.open == 0; }, kPatience));
  CHECK(flooded.client->pick("orders"));
}

TEST_CASE("thousands of topics move to the other nameserver in one question") {
  constexpr int kTopics = 5'000;
  MockWorld world(MockWorld::quiet(), 6s);
  for (int i = 0; i < kTopics; ++i) {
    const std::string topic = "topic-" + std::to_string(i);
    world.first.set_route(topic, {{"broker-a", "10.0.0.1:10911"}});
    world.second.set_route(topic, {{"broker-a", "10.0.0.1:10911"}});
    (void)world.client->topic(topic);
  }
  REQUIRE(world.client->refresh_all(kPatience));
  CHECK(world.client->pick("topic-4999"));
  CHECK(world.client->stats().topics == kTopics + 1);
  world.first.hang();
  const auto told = world.second.counts().routes_told;
  REQUIRE(world.client->refresh_all(kPatience));
  CHECK(world.client->stats().nameserver == world.second.address());
  // Equal everywhere: none of them travels again.
  CHECK(world.second.counts().routes_told == told);
}

TEST_CASE("an application starts and sends with every nameserver down") {
  const support::TempDir dir;
  ClientOptions options;
  options.snapshot_file = (dir.path() / "routes").string();
  std::vector<std::string> nameservers;
  {
    MockWorld before(options);
    nameservers = {before.first.address(), before.second.address()};
    REQUIRE(before.client->close(kPatience));
  }
  options.nameservers = nameservers;
  options.rpc_timeout = MockWorld::budget();
  const auto send = [](Client& client) {
    return client
        .send("orders",
              [](const Pick& pick, std::chrono::nanoseconds) {
                return pick.address() == "10.0.0.1:10911" ||
                               pick.address() == "10.0.0.2:10911"
                           ? AttemptResult::ok()
                           : AttemptResult::failed("where?");
              })
        .ok();
  };
  {
    auto client = Client::create(options);
    REQUIRE(client);
    CHECK(send(*client));
    const auto route = client->route("orders", kPatience);
    REQUIRE_MESSAGE(route, route.error().to_string());
    CHECK(route->origin == RouteOrigin::kSnapshot);
  }
  // A damaged file is a warning, and nothing else.
  std::ofstream(options.snapshot_file, std::ios::app) << "x";
  std::atomic<int> warnings{0};
  options.on_log = [&](LogLevel level, std::string_view) {
    if (level >= LogLevel::kWarn) ++warnings;
  };
  auto client = Client::create(options);
  REQUIRE(client);
  CHECK_FALSE(client->route("orders", 10ms));
  CHECK(warnings > 0);
}

TEST_CASE("a storm of faults while threads pick: calls end, routes stay") {
  MockWorld world;
  const Topic topic = world.client->topic("orders");
  std::atomic<bool> over{false};
  std::atomic<std::uint64_t> failed{0};
  std::vector<std::thread> pickers;
  for (int i = 0; i < 2; ++i) {
    pickers.emplace_back([&] {
      while (!over) {
        const auto pick = topic.pick();
        if (!pick) ++failed;
        if (pick) world.client->report(*pick, Outcome::kOk, 1ms);
        std::this_thread::yield();
      }
    });
  }
  base::Random random(7);
  for (int round = 0; round < 40; ++round) {
    for (MockNameserver* each : {&world.first, &world.second}) {
      each->serve();
      REQUIRE(each->restart());
      faults()[random.below(faults().size())].begin(*each);
    }
    const support::Stopwatch watch;
    (void)world.client->refresh("orders", 50ms);
    CHECK(watch.elapsed() <= kSlice);
  }
  over = true;
  for (auto& each : pickers) each.join();
  CHECK(failed == 0);
  for (MockNameserver* each : {&world.first, &world.second}) {
    each->serve();
    REQUIRE(each->restart());
  }
  CHECK(world.client->refresh("orders", kPatience));
}

}  // namespace
}  // namespace waypost::testing
