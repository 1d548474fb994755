// The link by itself: pings, reconnects, lists that change.

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/client_sdk/runtime/link_world.h"

namespace waypost::client {
namespace {

using namespace std::chrono_literals;

// --- Pings ---

TEST_CASE("a hung nameserver is left although nobody asks anything") {
  LinkWorld it(2);
  it.options.ping_interval = 5s;
  CHECK(it.answered()->ok());
  it.world.run_for(60s);
  // Quiet, but for a small frame now and then.
  CHECK(it.servers[0]->pings >= 10);
  CHECK(it.servers[0]->pings <= 14);
  CHECK(it.switched.empty());

  it.node(0).freeze();
  it.world.run_for(8s);
  REQUIRE(it.switched.size() == 1);
  CHECK(it.switched[0].find("ns-a -> ns-b") == 0);
  CHECK(it.switched[0].find("no answer to ping") != std::string::npos);
  // And the next one is there already.
  CHECK(it.link().connected());
  CHECK(it.queries() == 1);
  CHECK(it.answered()->took < 50ms);
}

TEST_CASE("who is asked often enough is not pinged") {
  LinkWorld it(1);
  it.options.ping_interval = 5s;
  for (int i = 0; i < 30; ++i) {
    CHECK(it.answered()->ok());
    it.world.run_for(2s);
  }
  CHECK(it.servers[0]->pings == 0);
}

TEST_CASE("a nameserver that does not know pings is alive all the same") {
  LinkWorld it(2);
  it.options.ping_interval = 1s;
  CHECK(it.answered()->ok());
  it.servers[0]->refuses_pings = true;
  it.world.run_for(30s);
  CHECK(it.servers[0]->pings > 20);
  CHECK(it.switched.empty());
}

TEST_CASE("close-on-timeout off: no pings, no leaving") {
  LinkWorld it(2);
  it.options.ping_interval = 1s;
  it.options.close_on_timeout = false;
  CHECK(it.answered()->ok());
  it.node(0).freeze();
  it.world.run_for(10min);
  CHECK(it.switched.empty());
}

// --- Reconnecting ---

TEST_CASE("a lost connection is made again, after a random pause") {
  std::set<base::Duration::rep> pauses;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    LinkWorld it(1, seed);
    CHECK(it.answered()->ok());
    it.kill_server(0);
    it.node(0).restart();
    it.start_server(0);
    const base::Instant died = it.world.now();
    REQUIRE(it.world.run_until([&] { return it.connected.size() == 2; }, 2s));
    pauses.insert((it.world.now() - died).count());
  }
  CHECK(pauses.size() >= 10);
}

TEST_CASE("while nobody can be reached the pauses grow") {
  LinkWorld it(2);
  CHECK(it.answered()->ok());
  it.kill_server(0);
  it.kill_server(1);
  it.world.run_for(10min);
  const std::size_t moves = it.switched.size();
  CHECK(moves > 20);
  CHECK(moves < 70);
}

TEST_CASE("a thousand clients of a nameserver that restarts spread out") {
  LinkWorld it(1);
  std::vector<std::unique_ptr<NameserverLink>> links;
  std::vector<std::unique_ptr<LinkWorld::Question>> questions;
  auto& app = it.world.node("app");
  struct Nobody final : AnswerSink {
    void on_attempt(const std::string&) override {}
    base::Status on_part(const rpc::AnswerPart&) override { return {}; }
    void on_done(const base::Result<std::string>&) override {}
  } nobody;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    links.push_back(std::make_unique<NameserverLink>(
        app.executor(), app.network(), it.options, base::Random(i), nullptr,
        base::Logger()));
    links.back()->call(codec::FrameKind::kQueryRoutes,
                       codec::encode(model::RouteQueryRequest{}), 1s, nobody);
  }
  it.world.run_for(1s);
  REQUIRE(it.servers[0]->acceptor().connection_count() == 1000);
  it.kill_server(0);
  it.node(0).restart();
  it.start_server(0);
  std::size_t before = 0;
  std::size_t most = 0;  // that arrived within 50 ms
  for (int i = 0; i < 40; ++i) {
    it.world.run_for(50ms);
    const std::size_t now = it.servers[0]->hellos.size();
    most = std::max(most, now - before);
    before = now;
  }
  CHECK(it.servers[0]->acceptor().connection_count() == 1000);
  // Spread evenly over a second it would be 55.
  CHECK(most < 90);
}

// --- Lists ---

TEST_CASE("a nameserver that leaves the list is left at once") {
  LinkWorld it(3);
  CHECK(it.answered()->ok());
  it.servers[0]->answer_delay = 10s;
  const auto question = it.ask();
  it.world.run_for(10ms);
  it.link().set_nameservers(
      {it.options.nameservers[1], it.options.nameservers[2]});
  REQUIRE(it.world.run_until([&] { return question->done(); }, 5s));
  CHECK(question->ok());
  CHECK(question->took < 100ms);
  REQUIRE(it.switched.size() == 1);
  CHECK(it.switched[0].find("removed from the list") != std::string::npos);
  CHECK(it.link().current() != "ns-a");
  it.world.run_for(100ms);
  CHECK(it.servers[0]->acceptor().connection_count() == 0);
}

TEST_CASE("a list that only grows disturbs nobody") {
  LinkWorld it(3);
  auto all = it.options.nameservers;
  it.options.nameservers = {all[0]};
  CHECK(it.answered()->ok());
  it.link().set_nameservers(all);
  it.world.run_for(5s);
  CHECK(it.switched.empty());
  CHECK(it.connected.size() == 1);
  // And helps when the first one dies.
  it.kill_server(0);
  CHECK(it.answered()->ok());
}

TEST_CASE("a question waits for the first list, within its budget") {
  LinkWorld it(1);
  const auto list = std::exchange(it.options.nameservers, {});
  const auto patient = it.ask(5s);
  it.world.run_for(2s);
  CHECK_FALSE(patient->done());
  it.link().set_nameservers(list);
  REQUIRE(it.world.run_until([&] { return patient->done(); }, 1s));
  CHECK(patient->ok());

  it.link().set_nameservers({}, "ns.example: no such host");
  const auto hopeless = it.answered(1s);
  REQUIRE_FALSE(hopeless->ok());
  CHECK(hopeless->took >= 1s);
  CHECK(hopeless->took <= 1010ms);
  CHECK(hopeless->result->error().message.find("no such host") !=
        std::string::npos);
  // A cancelled one is not asked when a list comes.
  const auto cancelled = it.ask(5s);
  it.link().cancel(cancelled->id);
  it.link().set_nameservers(list);
  it.world.run_for(10s);
  CHECK_FALSE(cancelled->done());
}

TEST_CASE("a nameserver that says at hello that it drains is left") {
  LinkWorld it(2);
  it.servers[0]->state = model::ServerState::kDraining;
  CHECK(it.answered()->ok());
  it.world.run_for(2s);
  REQUIRE(it.switched.size() == 1);
  CHECK(it.switched[0].find("draining") != std::string::npos);
  CHECK(it.link().current() == "ns-b");
  CHECK(it.link().connected());
}

// --- A connection that ends with the question ---

TEST_CASE("the only nameserver restarts under a question: asked once more") {
  LinkWorld it(1);
  REQUIRE(it.answered()->ok());
  const auto question = it.ask();
  it.kill_server(0);
  it.node(0).restart();
  it.start_server(0);
  REQUIRE(it.world.run_until([&] { return question->done(); }, 1min));
  CHECK(question->ok());
  CHECK(question->took < 100ms);
  // A nameserver that is gone is asked once more, not for ever.
  it.kill_server(0);
  const auto lost = it.answered();
  CHECK_FALSE(lost->ok());
  CHECK(lost->took <= 1s);
  CHECK(lost->result->error().code == base::ErrorCode::kUnavailable);
}

TEST_CASE("a question goes to another nameserver before it comes back") {
  LinkWorld it(2);
  REQUIRE(it.answered()->ok());
  auto question = it.ask();
  it.kill_server(0);
  it.node(0).restart();
  it.start_server(0);
  REQUIRE(it.world.run_until([&] { return question->done(); }, 1min));
  CHECK(question->ok());
  CHECK(question->told_by == std::vector<std::string>{"ns-b"});
  // The other one cannot help: then it may be asked once more.
  it.servers[0]->behaviour = FakeNameserver::Behaviour::kNotReadyError;
  question = it.ask();
  it.kill_server(1);
  it.node(1).restart();
  it.start_server(1);
  REQUIRE(it.world.run_until([&] { return question->done(); }, 1min));
  CHECK(question->ok());
  CHECK(question->told_by == std::vector<std::string>{"ns-b"});
}

}  // namespace
}  // namespace waypost::client
