// A question that is asked of two nameservers.

#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/client_sdk/runtime/link_world.h"

namespace waypost::client {
namespace {

using namespace std::chrono_literals;
using Behaviour = FakeNameserver::Behaviour;

LinkWorld& hedging(LinkWorld& it) {
  it.options.hedge = Hedge::kAfter;
  it.options.hedge_after = 20ms;
  return it;
}

TEST_CASE("hedge: a slow nameserver's question is answered by another") {
  LinkWorld world(2);
  LinkWorld& it = hedging(world);
  CHECK(it.answered()->ok());
  it.servers[0]->answer_delay = 300ms;
  const auto question = it.answered();
  CHECK(question->ok());
  CHECK(**question->result == "ns-b");
  CHECK(question->told_by == std::vector<std::string>{"ns-b"});
  CHECK(question->parts == 2);
  CHECK(question->took < 40ms);
  CHECK(it.link().hedges() == 1);
  // It is slow, not dead: pinged, and kept.
  it.world.run_for(1s);
  CHECK(it.servers[0]->pings == 1);
  CHECK(it.link().current() == "ns-a");
  CHECK(it.switched.empty());
  CHECK(it.servers[1]->acceptor().connection_count() == 0);
}

TEST_CASE("hedge: a hung nameserver is left after it was helped out once") {
  LinkWorld world(2);
  LinkWorld& it = hedging(world);
  CHECK(it.answered()->ok());
  it.node(0).freeze();
  CHECK(it.answered()->took < 40ms);
  it.world.run_for(600ms);
  REQUIRE(it.switched.size() == 1);
  CHECK(it.switched[0].find("no answer to ping") != std::string::npos);
  CHECK(it.answered()->ok());
  CHECK(it.link().hedges() == 1);
}

TEST_CASE("hedge: the first one answers after all, the second is cancelled") {
  LinkWorld world(2);
  LinkWorld& it = hedging(world);
  CHECK(it.answered()->ok());
  it.servers[0]->answer_delay = 30ms;
  it.servers[1]->answer_delay = 300ms;
  const auto question = it.answered();
  CHECK(**question->result == "ns-a");
  CHECK(question->told_by == std::vector<std::string>{"ns-a"});
  CHECK(it.link().hedges() == 1);
  it.world.run_for(1s);
  CHECK(it.servers[1]->acceptor().connection_count() == 0);
  CHECK(it.servers[0]->pings == 0);
}

TEST_CASE("hedge: the first one fails, the second goes on from where it is") {
  LinkWorld world(2);
  LinkWorld& it = hedging(world);
  CHECK(it.answered()->ok());
  it.servers[0]->behaviour = Behaviour::kSilent;
  it.servers[1]->answer_delay = 100ms;
  const auto question = it.ask();
  it.world.run_for(50ms);
  it.kill_server(0);
  REQUIRE(it.world.run_until([&] { return question->done(); }, 5s));
  CHECK(question->ok());
  CHECK(question->told_by == std::vector<std::string>{"ns-b"});
  CHECK(question->parts == 2);
  CHECK(question->took < 200ms);
}

TEST_CASE(
    "hedge: the first one begins and makes no sense, the second is asked") {
  LinkWorld world(2);
  LinkWorld& it = hedging(world);
  CHECK(it.answered()->ok());
  it.servers[0]->answer_delay = 100ms;
  it.servers[1]->answer_delay = 200ms;
  const auto question = it.ask();
  question->refusal = base::fail(base::ErrorCode::kMalformed, "nonsense");
  REQUIRE(it.world.run_until([&] { return question->parts > 0; }, 5s));
  question->refusal = {};
  REQUIRE(it.world.run_until([&] { return question->done(); }, 5s));
  CHECK(question->ok());
  CHECK(question->told_by.back() == "ns-b");
}

TEST_CASE("hedge: a refused answer of the second leaves the first its turn") {
  LinkWorld world(2);
  LinkWorld& it = hedging(world);
  CHECK(it.answered()->ok());
  it.servers[0]->answer_delay = 200ms;
  it.servers[1]->behaviour = Behaviour::kNotReadyError;
  const auto question = it.answered();
  CHECK(question->ok());
  CHECK(**question->result == "ns-a");
  CHECK(question->took > 200ms);
  CHECK(question->told_by == std::vector<std::string>{"ns-a"});
}

TEST_CASE("hedge: both bring nothing, the error names both") {
  LinkWorld world(2);
  LinkWorld& it = hedging(world);
  for (auto& each : it.servers) each->behaviour = Behaviour::kSilent;
  const auto question = it.answered();
  REQUIRE_FALSE(question->ok());
  CHECK(question->took <= 1010ms);
  const std::string why = question->result->error().message;
  CHECK(why.find("10.0.0.1") != std::string::npos);
  CHECK(why.find("10.0.0.2") != std::string::npos);
}

TEST_CASE("hedge: the extra load stays within its share") {
  LinkWorld world(2);
  LinkWorld& it = hedging(world);
  it.servers[0]->answer_delay = 100ms;  // every question is slow
  for (int i = 0; i < 400; ++i) CHECK(it.answered()->ok());
  CHECK(it.link().hedges() >= 20);
  CHECK(it.link().hedges() <= 23);
  CHECK(it.servers[1]->queries.size() == it.link().hedges());
}

TEST_CASE("hedge: adaptive follows what answers take") {
  LinkWorld it(2);
  it.options.hedge = Hedge::kAdaptive;
  it.servers[0]->answer_delay = 30ms;
  for (int i = 0; i < 30; ++i) CHECK(it.answered()->ok());
  it.servers[0]->answer_delay = 500ms;
  CHECK(it.answered()->took < 100ms);
}

TEST_CASE("hedge: cancelling a question that is asked twice ends both") {
  LinkWorld world(2);
  LinkWorld& it = hedging(world);
  for (auto& each : it.servers) each->answer_delay = 200ms;
  const auto question = it.ask();
  it.world.run_for(100ms);
  CHECK(it.link().hedges() == 1);
  it.link().cancel(question->id);
  it.world.run_for(5s);
  CHECK_FALSE(question->done());
  CHECK(it.servers[1]->acceptor().connection_count() == 0);
}

TEST_CASE("hedges under random faults: one end, in time, a whole answer") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    LinkWorld world(3, seed);
    LinkWorld& it = hedging(world);
    it.options.hedge_extra_load_percent = 100;
    base::Random random(seed);
    for (int step = 0; step < 20; ++step) {
      auto& server = *it.servers[random.below(3)];
      server.behaviour = static_cast<Behaviour>(random.below(8));
      server.answer_delay = std::chrono::milliseconds(random.below(400));
      std::vector<std::unique_ptr<LinkWorld::Question>> questions;
      for (std::size_t i = 0; i <= random.below(4); ++i) {
        questions.push_back(it.ask());
      }
      if (random.chance(0.3)) it.link().cancel(questions[0]->id);
      it.world.run_for(1100ms);
      for (std::size_t i = 0; i < questions.size(); ++i) {
        if (!questions[i]->done()) {
          REQUIRE(i == 0);  // the cancelled one
          continue;
        }
        REQUIRE(questions[i]->took <= 1010ms);
        if (!questions[i]->ok()) continue;
        REQUIRE(questions[i]->told_by.back() == **questions[i]->result);
        REQUIRE(questions[i]->parts >= 1);
      }
    }
  }
}

}  // namespace
}  // namespace waypost::client
