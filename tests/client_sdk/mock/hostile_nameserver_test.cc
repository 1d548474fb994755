// Whatever a nameserver does to a client, over real sockets: a question ends
// within its budget with the other nameserver's answer, routes stay in use, and
// picking goes on.

#include <thread>

#include "tests/client_sdk/mock/mock_world.h"
#include "waypost/testing/mock_nameserver.hpp"

namespace waypost::testing {
namespace {

using namespace std::chrono_literals;

struct Fault {
  const char* name;
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
    CHECK(watch.elapsed() <= MockWorld::budget() + support::scaled(200ms));
    if (moved) CHECK(world.brokers() == 1);
    if (!moved) CHECK(world.first.counts().connections > 1);
    CHECK(topic.pick());
  }
}

TEST_CASE("when all nameservers do the same, routes stay and calls end") {
  for (const Fault& fault : faults()) {
    CAPTURE(fault.name);
    MockWorld world;
    fault.begin(world.first);
    fault.begin(world.second);
    const support::Stopwatch watch;
    const auto asked = world.client->refresh("orders", kPatience);
    CHECK(watch.elapsed() <= MockWorld::budget() + support::scaled(200ms));
    CHECK((asked || !asked.error().message.empty()));
    CHECK(world.brokers() == 2);
    CHECK(world.client->pick("orders"));
    const support::Stopwatch closing;
    CHECK(world.client->close(kPatience));
    CHECK(closing.elapsed() <= support::scaled(500ms));
  }
}

}  // namespace
}  // namespace waypost::testing
