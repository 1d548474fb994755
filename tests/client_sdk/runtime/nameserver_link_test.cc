// The link by itself: pings, hedges, reconnects, lists that change.

#include "client_sdk/runtime/nameserver_link.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/client_sdk/runtime/fake_nameserver.h"
#include "tests/support/sim/sim_world.h"
#include "wire/codec/native.h"

namespace waypost::client {
namespace {

using namespace std::chrono_literals;
using Behaviour = FakeNameserver::Behaviour;

// Nameservers "ns-a", "ns-b", ... at 10.0.0.1, 10.0.0.2, ...
class LinkWorld final : public NameserverLinkObserver {
 public:
  explicit LinkWorld(std::size_t count, std::uint64_t seed = 1)
      : world({.seed = seed}) {
    for (std::size_t i = 0; i < count; ++i) {
      const std::string name = std::string("ns-") + static_cast<char>('a' + i);
      world.add_node(name, address(i).host);
      start_server(i);
      options.nameservers.push_back({address(i), name});
    }
    world.add_node("app", "10.0.0.99");
    options.start = "ns-a";
    options.rpc_timeout = 1s;
    options.hello.name = "app";
  }

  static base::Endpoint address(std::size_t i) {
    return {"10.0.0." + std::to_string(i + 1), 9876};
  }
  sim::SimNode& node(std::size_t i) {
    return world.node(std::string("ns-") + static_cast<char>('a' + i));
  }
  void start_server(std::size_t i) {
    if (servers.size() <= i) servers.resize(i + 1);
    servers[i] = std::make_unique<FakeNameserver>(
        node(i).executor(), node(i).network(), node(i).name(), address(i));
    servers[i]->set_route("orders", {"broker-a"});
  }
  void kill_server(std::size_t i) {
    node(i).kill();
    servers[i].reset();
  }

  NameserverLink& link() {
    if (!link_) {
      auto& app = world.node("app");
      link_ = std::make_unique<NameserverLink>(app.executor(), app.network(),
                                               options, base::Random(7), this,
                                               base::Logger());
    }
    return *link_;
  }

  // One question about "orders", as it went.
  class Question final : public AnswerSink {
   public:
    Question(LinkWorld& it, base::Duration budget) : it_(it) {
      model::RouteQueryRequest request;
      request.topics.push_back({model::TopicName("orders"), {}});
      started_ = it.world.now();
      id = it.link().call(codec::FrameKind::kQueryRoutes,
                          codec::encode(request), budget, *this);
    }
    bool done() const { return result.has_value(); }
    bool ok() const { return result && result->has_value(); }

    NameserverLink::CallId id = 0;
    std::optional<base::Result<std::string>> result;
    base::Duration took{0};
    std::vector<std::string> told_by;  // each on_attempt
    std::size_t parts = 0;             // since the last of them
    base::Status refusal;              // of every last part

   private:
    void on_attempt(const std::string& nameserver) override {
      told_by.push_back(nameserver);
      parts = 0;
    }
    base::Status on_part(const rpc::AnswerPart& part) override {
      REQUIRE_FALSE(told_by.empty());
      ++parts;
      if (part.last) return refusal;
      return {};
    }
    void on_done(const base::Result<std::string>& nameserver) override {
      REQUIRE_FALSE(result.has_value());
      result = nameserver;
      took = it_.world.now() - started_;
    }
    LinkWorld& it_;
    base::Instant started_;
  };
  std::unique_ptr<Question> ask(base::Duration budget = 1s) {
    return std::make_unique<Question>(*this, budget);
  }
  std::unique_ptr<Question> answered(base::Duration budget = 1s) {
    auto question = ask(budget);
    REQUIRE(world.run_until([&] { return question->done(); }, 1min));
    return question;
  }

  std::size_t queries() const {
    std::size_t sum = 0;
    for (const auto& each : servers) sum += each ? each->queries.size() : 0;
    return sum;
  }

  void on_nameserver_connected(const std::string& nameserver,
                               const model::HelloReply&) override {
    connected.push_back(nameserver);
  }
  void on_nameserver_switched(const std::string& from, const std::string& to,
                              const std::string& why) override {
    switched.push_back(from + " -> " + to + ": " + why);
  }

  sim::SimWorld world;
  NameserverLinkOptions options;
  std::vector<std::unique_ptr<FakeNameserver>> servers;
  std::vector<std::string> connected;
  std::vector<std::string> switched;

 private:
  std::unique_ptr<NameserverLink> link_;
};

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

// --- Hedges ---

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
  it.servers[0]->behaviour = Behaviour::kNotReadyError;
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
