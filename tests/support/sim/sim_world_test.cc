#include "tests/support/sim/sim_world.h"

#include <string>

#include <doctest/doctest.h>

namespace waypost::sim {
namespace {

using namespace std::chrono_literals;
using transport::CloseReason;

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// One end of a connection that remembers what happened to it. Consumes whole
// multiples of `unit` bytes only; echoes them when asked to.
class Peer : public transport::ConnectionHandler {
 public:
  explicit Peer(std::size_t unit_bytes = 1, bool echoes = false)
      : echo(echoes), unit(unit_bytes) {}

  void take(std::unique_ptr<transport::Connection> connection) {
    connection_ = std::move(connection);
    connection_->start(this);
  }
  void say(const std::string& text) {
    connection_->write(std::as_bytes(std::span(text)));
  }

  std::size_t on_bytes(std::span<const std::byte> bytes) override {
    CHECK(reinterpret_cast<std::uintptr_t>(bytes.data()) % 8 == 0);
    ++calls;
    const std::size_t consumed = bytes.size() / unit * unit;
    heard += text_of(bytes.first(consumed));
    if (echo) connection_->write(bytes.first(consumed));
    return consumed;
  }
  void on_closed(CloseReason reason, const base::Error& error) override {
    CHECK_FALSE(closed.has_value());
    CHECK_FALSE(error.message.empty());
    closed = reason;
  }

  transport::Connection& connection() { return *connection_; }
  void drop() { connection_.reset(); }
  bool connected() const { return connection_ != nullptr; }

  bool echo;
  std::size_t unit;
  std::string heard;
  int calls = 0;
  std::optional<CloseReason> closed;

 private:
  std::unique_ptr<transport::Connection> connection_;
};

transport::ListenOptions listening(
    const transport::ConnectionOptions& connection, bool reuse_port = false) {
  transport::ListenOptions options;
  options.connection = connection;
  options.reuse_port = reuse_port;
  return options;
}

// A server that accepts one connection and a client that connects to it.
struct Pair {
  explicit Pair(WorldOptions options = {},
                transport::ConnectionOptions connection = {})
      : world(options),
        a(world.add_node("a", "10.0.0.1")),
        b(world.add_node("b", "10.0.0.2")) {
    listener = *a.network().listen(
        {"10.0.0.1", 80}, listening(connection),
        [this](auto accepted) { server.take(std::move(accepted)); });
    operation = b.network().connect({"a", 80}, 20s, connection, [this](auto r) {
      REQUIRE(r.has_value());
      client.take(std::move(*r));
    });
    REQUIRE(world.run_until(
        [this] { return client.connected() && server.connected(); }, 20s));
  }

  SimWorld world;
  SimNode& a;
  SimNode& b;
  Peer server{1, true};
  Peer client;
  std::unique_ptr<transport::Listener> listener;
  std::unique_ptr<transport::Operation> operation;
};

TEST_CASE("tasks run in order of time, equals in order of asking") {
  SimWorld world;
  auto& executor = world.add_node("a", "10.0.0.1").executor();
  std::string trace;
  const auto late = executor.run_after(2s, [&] { trace += "c"; });
  const auto early = executor.run_after(1s, [&] { trace += "a"; });
  const auto same = executor.run_after(1s, [&] { trace += "b"; });
  auto cancelled = executor.run_after(1s, [&] { trace += "x"; });
  executor.post([&] { trace += "1"; });
  executor.post([&] { trace += "2"; });
  cancelled.reset();
  const auto start = executor.now();
  world.run_for(3s);
  CHECK(trace == "12abc");
  CHECK(executor.now() - start == 3s);
}

TEST_CASE("a timer may be destroyed within its own function") {
  SimWorld world;
  auto& executor = world.add_node("a", "10.0.0.1").executor();
  std::unique_ptr<base::Timer> timer;
  int runs = 0;
  timer = executor.run_after(1s, [&] {
    timer.reset();
    ++runs;
  });
  world.run_for(5s);
  CHECK(runs == 1);
}

TEST_CASE("bytes arrive complete and in order, in pieces, despite losses") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    Pair pair({.seed = seed, .loss = seed % 2 == 0 ? 0.1 : 0.0});
    std::string said;
    for (int i = 0; i < 2000; ++i) {
      const std::string line = "line " + std::to_string(i) + "\n";
      said += line;
      pair.client.say(line);
    }
    CHECK(
        pair.world.run_until([&] { return pair.client.heard == said; }, 5min));
    CHECK(pair.server.calls > 1);
    pair.client.connection().close();
    pair.world.run_for(10min);
    CHECK(pair.client.closed == CloseReason::kLocal);
    CHECK(pair.server.closed == CloseReason::kPeerClosed);
  }
}

TEST_CASE("what is not consumed comes again in front of the rest") {
  SimWorld world({.seed = 3, .segment_max_bytes = 5});
  auto& a = world.add_node("a", "10.0.0.1");
  auto& b = world.add_node("b", "10.0.0.2");
  Peer server(8);
  const auto listener = *a.network().listen(
      {"0.0.0.0", 0}, {}, [&](auto c) { server.take(std::move(c)); });
  Peer client;
  const auto operation = b.network().connect(
      {"10.0.0.1", listener->local().port}, 1s, {}, [&](auto r) {
        client.take(std::move(*r));
        client.say("0123456789abcdefghijklmnopqrstuvwxyz");
      });
  world.run_for(1s);
  CHECK(server.heard == "0123456789abcdefghijklmnopqrstuv");
}

TEST_CASE("the same seed gives the same run, another seed another") {
  const auto run = [](std::uint64_t seed) {
    Pair pair({.seed = seed, .loss = 0.05});
    for (int i = 0; i < 100; ++i) pair.client.say(std::string(1000, 'x'));
    pair.world.run_for(10s);
    return pair.world.fingerprint();
  };
  CHECK(run(5) == run(5));
  CHECK(run(5) != run(6));
}

TEST_CASE("a frozen node accepts and acknowledges but does not answer") {
  Pair pair;
  pair.a.freeze();
  pair.client.say("anybody there?");
  bool connected = false;
  Peer second;
  const auto operation =
      pair.b.network().connect({"a", 80}, 1s, {}, [&](auto r) {
        connected = r.has_value();
        if (r) second.take(std::move(*r));
      });
  pair.world.run_for(10min);
  CHECK(connected);
  CHECK(pair.server.heard.empty());
  CHECK_FALSE(pair.client.closed);
  CHECK_FALSE(second.closed);
  pair.a.thaw();
  pair.world.run_for(1s);
  CHECK(pair.client.heard == "anybody there?");
}

TEST_CASE("after a thaw, timers that came due run before queued input") {
  Pair pair;
  std::string seen_by_timer = "never ran";
  const auto timer = pair.a.executor().run_after(
      5s, [&] { seen_by_timer = pair.server.heard; });
  pair.a.freeze();
  pair.client.say("early");
  pair.world.run_for(10s);
  CHECK(seen_by_timer == "never ran");
  pair.a.thaw();
  pair.world.run_for(1s);
  CHECK(seen_by_timer.empty());
  CHECK(pair.server.heard == "early");
}

TEST_CASE("a suspended machine's clock stands still, its boot time does not") {
  SimWorld world;
  auto& node = world.add_node("a", "10.0.0.1");
  const auto start = node.executor().now();
  const auto boot = node.boot_time();
  int ran = 0;
  const auto timer = node.executor().run_after(5s, [&] { ++ran; });
  world.run_for(1s);
  node.suspend();
  world.run_for(1h);
  node.resume();
  world.run_for(3s);
  CHECK(ran == 0);
  CHECK(node.executor().now() - start == 4s);
  CHECK(node.boot_time() - boot == 1h + 4s);
  world.run_for(1s);
  CHECK(ran == 1);
}

TEST_CASE("over a cut nothing passes, and unacknowledged output times out") {
  Pair pair({}, {.user_timeout = 20s});
  pair.world.cut("a", "b");
  pair.world.run_for(1h);
  CHECK_FALSE(pair.client.closed);  // idle: nobody notices
  pair.client.say("hello");
  pair.world.run_for(19s);
  CHECK_FALSE(pair.client.closed);
  pair.world.run_for(2s);
  CHECK(pair.client.closed == CloseReason::kTimedOut);
  CHECK_FALSE(pair.server.closed);
  // Once the way is free again, what is left of it is reset.
  pair.world.heal("a", "b");
  pair.server.say("still here");
  pair.world.run_for(1min);
  CHECK(pair.server.closed == CloseReason::kPeerReset);
}

TEST_CASE("a short cut only delays") {
  Pair pair({}, {.user_timeout = 20s});
  pair.world.cut_one_way("b", "a");
  pair.client.say("hello");
  pair.world.run_for(5s);
  CHECK(pair.server.heard.empty());
  pair.world.heal("a", "b");
  CHECK(
      pair.world.run_until([&] { return pair.client.heard == "hello"; }, 20s));
  CHECK_FALSE(pair.client.closed);
}

TEST_CASE("a lost way back is noticed by the sender alone") {
  Pair pair({}, {.user_timeout = 20s});
  pair.world.cut_one_way("a", "b");
  pair.client.say("hello");
  pair.world.run_for(1s);
  CHECK(pair.server.heard == "hello");  // once, however often it is sent again
  pair.world.run_for(30s);
  CHECK(pair.server.heard == "hello");
  CHECK(pair.client.closed == CloseReason::kTimedOut);
}

TEST_CASE("keepalive notices a cut on an idle connection, not a freeze") {
  Pair pair({}, {.keepalive = 30s});
  pair.a.freeze();
  pair.world.run_for(10min);
  CHECK_FALSE(pair.client.closed);
  pair.a.thaw();
  pair.world.cut("a", "b");
  pair.world.run_for(2min);
  CHECK(pair.client.closed == CloseReason::kTimedOut);
  CHECK(pair.server.closed == CloseReason::kTimedOut);
}

TEST_CASE("a crash resets the peers, a kill closes, both refuse connects") {
  for (const bool crash : {true, false}) {
    CAPTURE(crash);
    Pair pair;
    int ran = 0;
    const auto timer = pair.a.executor().run_after(1s, [&] { ++ran; });
    crash ? pair.a.crash() : pair.a.kill();
    pair.server.drop();
    pair.listener.reset();
    pair.world.run_for(10s);
    CHECK(pair.client.closed ==
          (crash ? CloseReason::kPeerReset : CloseReason::kPeerClosed));
    CHECK(ran == 0);

    std::optional<base::ErrorCode> refused;
    const auto operation = pair.b.network().connect(
        {"a", 80}, 1s, {}, [&](auto r) { refused = r.error().code; });
    pair.world.run_for(500ms);
    CHECK(refused == base::ErrorCode::kUnavailable);

    pair.a.restart();
    Peer reborn;
    pair.listener = *pair.a.network().listen(
        {"10.0.0.1", 80}, {}, [&](auto c) { reborn.take(std::move(c)); });
    Peer again;
    const auto second = pair.b.network().connect(
        {"a", 80}, 1s, {}, [&](auto r) { again.take(std::move(*r)); });
    pair.world.run_for(1s);
    CHECK(reborn.connected());
  }
}

TEST_CASE("connecting over a cut or to nobody times out at the deadline") {
  SimWorld world;
  auto& b = world.add_node("b", "10.0.0.2");
  world.add_node("a", "10.0.0.1");
  world.cut("a", "b");
  for (const char* host : {"10.0.0.1", "10.9.9.9"}) {
    CAPTURE(host);
    std::optional<base::ErrorCode> outcome;
    const auto operation = b.network().connect(
        {host, 80}, 3s, {}, [&](auto r) { outcome = r.error().code; });
    world.run_for(2900ms);
    CHECK_FALSE(outcome);
    world.run_for(200ms);
    CHECK(outcome == base::ErrorCode::kTimedOut);
  }
}

TEST_CASE("a cancelled connect is never answered and leaves nothing behind") {
  SimWorld world;
  auto& a = world.add_node("a", "10.0.0.1");
  auto& b = world.add_node("b", "10.0.0.2");
  Peer server;
  const auto listener = *a.network().listen(
      {"10.0.0.1", 80}, {}, [&](auto c) { server.take(std::move(c)); });
  auto operation = b.network().connect(
      {"a", 80}, 3s, {}, [](auto) { FAIL("called after it was cancelled"); });
  world.run_for(1ms);
  operation.reset();
  world.run_for(1min);
  server.drop();
  world.run_for(1min);
  CHECK(a.kernel().socket_count() == 0);
  CHECK(b.kernel().socket_count() == 0);
}

TEST_CASE("names resolve, fail or hang as told; their addresses are tried") {
  SimWorld world;
  auto& a = world.add_node("a", "10.0.0.1");
  auto& b = world.add_node("b", "10.0.0.2");
  world.add_host("ns.example", {"10.0.0.7", "10.0.0.1"});
  Peer server;
  const auto listener = *a.network().listen(
      {"10.0.0.1", 80}, {}, [&](auto c) { server.take(std::move(c)); });
  Peer client;
  const auto connecting = b.network().connect(
      {"ns.example", 80}, 2s, {}, [&](auto r) { client.take(std::move(*r)); });
  CHECK(world.run_until([&] { return client.connected(); }, 2s));

  std::optional<base::ErrorCode> outcome;
  const auto note = [&](auto r) {
    outcome = r ? base::ErrorCode::kInternal : r.error().code;
  };
  world.set_lookup("ns.example", SimWorld::Lookup::kFails);
  const auto failing = b.network().resolve("ns.example", 2s, note);
  world.run_for(100ms);
  CHECK(outcome == base::ErrorCode::kUnavailable);
  outcome.reset();
  world.set_lookup("ns.example", SimWorld::Lookup::kHangs);
  const auto hanging = b.network().resolve("ns.example", 2s, note);
  world.run_for(1900ms);
  CHECK_FALSE(outcome);
  world.run_for(200ms);
  CHECK(outcome == base::ErrorCode::kTimedOut);
}

TEST_CASE("a reader that never reads ends at the writer's limit") {
  Pair pair({}, {.write_high_water_bytes = 64 * 1024,
                 .write_limit_bytes = 1024 * 1024});
  pair.server.connection().pause_reading();
  for (int i = 0; i < 100 && !pair.client.closed; ++i) {
    pair.client.say(std::string(64 * 1024, 'x'));
    pair.world.run_for(100ms);
  }
  CHECK(pair.client.closed == CloseReason::kSlowReader);
}

TEST_CASE("a paused reader holds the writer back and gets all in the end") {
  Pair pair;
  pair.server.connection().pause_reading();
  pair.client.say(std::string(2'000'000, 'x'));
  pair.world.run_for(10s);
  CHECK(pair.server.heard.empty());
  CHECK(pair.client.connection().unsent_bytes() > 1'000'000);
  pair.server.connection().resume_reading();
  CHECK(pair.world.run_until(
      [&] { return pair.server.heard.size() == 2'000'000; }, 10min));
}

TEST_CASE("unconsumed input beyond the limit ends the connection") {
  SimWorld world;
  auto& a = world.add_node("a", "10.0.0.1");
  auto& b = world.add_node("b", "10.0.0.2");
  base::ByteBudget budget(1'000'000);
  Peer server(1'000'000);  // consumes nothing below that
  transport::ListenOptions options;
  options.connection.read_limit_bytes = 10'000;
  options.connection.input_budget = &budget;
  const auto listener = *a.network().listen(
      {"10.0.0.1", 80}, options, [&](auto c) { server.take(std::move(c)); });
  Peer client;
  const auto operation = b.network().connect({"a", 80}, 1s, {}, [&](auto r) {
    client.take(std::move(*r));
    client.say(std::string(9'000, 'x'));
  });
  world.run_for(1s);
  CHECK_FALSE(server.closed);
  CHECK(budget.used() == 9'000);
  client.say(std::string(2'000, 'x'));
  world.run_for(1s);
  CHECK(server.closed == CloseReason::kInputTooLarge);
  server.drop();
  CHECK(budget.used() == 0);
}

TEST_CASE("close after flush delivers everything first, within its deadline") {
  Pair pair;
  pair.server.echo = false;
  pair.client.say(std::string(3'000'000, 'x'));
  pair.client.connection().close_after_flush(1min);
  CHECK(pair.world.run_until([&] { return pair.client.closed.has_value(); },
                             1min));
  pair.world.run_for(1min);
  CHECK(pair.server.heard.size() == 3'000'000);

  Pair stuck;
  stuck.server.connection().pause_reading();
  stuck.client.say(std::string(3'000'000, 'x'));
  stuck.client.connection().close_after_flush(5s);
  stuck.world.run_for(4900ms);
  CHECK_FALSE(stuck.client.closed);
  stuck.world.run_for(200ms);
  CHECK(stuck.client.closed == CloseReason::kLocal);
}

TEST_CASE("what was held while reading was paused comes again on resume") {
  Pair pair;
  pair.server.unit = 1'000'000;
  pair.client.say("0123456789");
  pair.world.run_for(1s);
  pair.server.connection().pause_reading();
  pair.server.unit = 5;
  pair.world.run_for(1s);
  CHECK(pair.server.heard.empty());
  pair.server.connection().resume_reading();
  pair.world.run_for(1s);
  CHECK(pair.server.heard == "0123456789");
}

TEST_CASE("several loops of one node share a port and post to each other") {
  SimWorld world;
  auto& a = world.add_node("a", "10.0.0.1");
  auto& b = world.add_node("b", "10.0.0.2");
  std::vector<std::unique_ptr<transport::Listener>> listeners;
  std::vector<int> accepted(2);
  std::vector<std::unique_ptr<Peer>> servers;
  std::string trace;
  for (std::size_t loop = 0; loop < 2; ++loop) {
    listeners.push_back(*a.network(loop).listen(
        {"10.0.0.1", 80}, listening({}, true), [&, loop](auto c) {
          CHECK(a.executor(loop).in_executor_thread());
          CHECK_FALSE(a.executor(1 - loop).in_executor_thread());
          ++accepted[loop];
          servers.push_back(std::make_unique<Peer>());
          servers.back()->take(std::move(c));
          a.executor(1 - loop).post([&] { trace += "."; });
        }));
  }
  CHECK_FALSE(a.network(0).listen({"10.0.0.1", 80}, {}, nullptr).has_value());
  std::vector<std::unique_ptr<transport::Operation>> operations;
  std::vector<std::unique_ptr<Peer>> clients;
  for (int i = 0; i < 20; ++i) {
    operations.push_back(b.network().connect({"a", 80}, 1s, {}, [&](auto r) {
      clients.push_back(std::make_unique<Peer>());
      clients.back()->take(std::move(*r));
    }));
  }
  world.run_for(1s);
  CHECK(accepted[0] > 0);
  CHECK(accepted[1] > 0);
  CHECK(trace.size() == 20);
}

}  // namespace
}  // namespace waypost::sim
