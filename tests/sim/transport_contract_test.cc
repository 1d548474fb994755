// The contract of wire/transport/connection.h and network.h, on both of its
// bodies: TCP on libuv and the simulated network. What holds on one holds on
// the other, so that what the simulator shows is true of the real thing.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/sim/sim_world.h"
#include "tests/support/wait.h"
#include "wire/transport/loop.h"

namespace waypost::transport {
namespace {

using namespace std::chrono_literals;

class SimBody {
 public:
  // More than what the machines between two connections hold.
  static constexpr std::size_t kMoreThanBuffers = 2 * 1024 * 1024;

  Network& server_network() { return server_.network(); }
  Network& client_network() { return client_.network(); }
  base::Executor& client_executor() { return client_.executor(); }
  std::string host() const { return server_.address(); }
  bool run_until(const std::function<bool()>& done, base::Duration limit) {
    return world_.run_until(done, limit);
  }

 private:
  sim::SimWorld world_;
  sim::SimNode& server_ = world_.add_node("server", "10.0.0.1");
  sim::SimNode& client_ = world_.add_node("client", "10.0.0.2");
};

class UvBody {
 public:
  static constexpr std::size_t kMoreThanBuffers = 32 * 1024 * 1024;

  Network& server_network() { return loop_->network(); }
  Network& client_network() { return loop_->network(); }
  base::Executor& client_executor() { return *loop_; }
  std::string host() const { return "127.0.0.1"; }
  bool run_until(const std::function<bool()>& done, base::Duration limit) {
    bool reached = done();
    if (reached) return true;
    loop_->set_turn_hook([&] {
      if (!done()) return;
      reached = true;
      loop_->stop();
    });
    const auto give_up = loop_->run_after(limit * support::time_factor(),
                                          [this] { loop_->stop(); });
    loop_->run();
    loop_->set_turn_hook(nullptr);
    return reached;
  }

 private:
  std::unique_ptr<Loop> loop_ = Loop::create();
};

// One end of a connection that remembers what happened to it.
class End : public ConnectionHandler {
 public:
  void take(std::unique_ptr<Connection> connection) {
    connection_ = std::move(connection);
    connection_->start(this);
  }
  void say(const std::string& text) {
    connection_->write(std::as_bytes(std::span(text)));
  }
  Connection& connection() { return *connection_; }
  bool connected() const { return connection_ != nullptr; }
  void drop() { connection_.reset(); }

  std::size_t on_bytes(std::span<const std::byte> bytes) override {
    CHECK(reinterpret_cast<std::uintptr_t>(bytes.data()) % 8 == 0);
    const std::size_t consumed = bytes.size() / unit * unit;
    offered = bytes.size();
    heard.append(reinterpret_cast<const char*>(bytes.data()), consumed);
    if (echo) connection_->write(bytes.first(consumed));
    if (close_when_heard) connection_->close();
    return consumed;
  }
  void on_closed(CloseReason reason, const base::Error& error) override {
    CHECK_FALSE(in_call);
    CHECK_FALSE(closed.has_value());
    CHECK_FALSE(error.message.empty());
    closed = reason;
    if (drop_when_closed) drop();
  }

  std::size_t unit = 1;  // whole multiples of this are consumed
  bool echo = false;
  bool close_when_heard = false;
  bool drop_when_closed = false;
  bool in_call = false;
  std::string heard;
  std::size_t offered = 0;
  std::optional<CloseReason> closed;

 private:
  std::unique_ptr<Connection> connection_;
};

// Answers each byte with a kilobyte times `answer_kb`, as long as not too much
// output waits.
class Answerer : public ConnectionHandler {
 public:
  void take(std::unique_ptr<Connection> connection) {
    connection_ = std::move(connection);
    connection_->start(this);
  }
  std::size_t on_bytes(std::span<const std::byte> bytes) override {
    std::size_t used = 0;
    while (used < bytes.size() && !connection_->output_is_high()) {
      const std::string answer(answer_kb * 1024,
                               static_cast<char>(bytes[used]));
      connection_->write(std::as_bytes(std::span(answer)));
      ++used;
      most_unsent = std::max(most_unsent, connection_->unsent_bytes());
    }
    answered += used;
    return used;
  }
  void on_closed(CloseReason reason, const base::Error&) override {
    closed = reason;
  }

  std::size_t answer_kb = 1;
  std::size_t answered = 0;
  std::size_t most_unsent = 0;
  std::optional<CloseReason> closed;

 private:
  std::unique_ptr<Connection> connection_;
};

template <typename Body>
struct Pair {
  explicit Pair(const ConnectionOptions& server_options = {},
                const ConnectionOptions& client_options = {}) {
    ListenOptions options;
    options.connection = server_options;
    auto listening = body.server_network().listen(
        {body.host(), 0}, options,
        [this](auto connection) { server.take(std::move(connection)); });
    REQUIRE(listening.has_value());
    listener = std::move(*listening);
    REQUIRE(listener->local().port != 0);
    operation = body.client_network().connect(
        listener->local(), 60s, client_options, [this](auto result) {
          REQUIRE(result.has_value());
          client.take(std::move(*result));
        });
    REQUIRE_FALSE(client.connected());
    REQUIRE(
        run_until([this] { return client.connected() && server.connected(); }));
  }
  bool run_until(const std::function<bool()>& done,
                 base::Duration limit = 30s) {
    return body.run_until(done, limit);
  }
  void settle() {
    run_until([] { return false; }, 50ms);
  }

  Body body;
  End server;
  End client;
  std::unique_ptr<Listener> listener;
  std::unique_ptr<Operation> operation;
};

#define CONTRACT(name) TEST_CASE_TEMPLATE(name, Body, SimBody, UvBody)

CONTRACT("bytes arrive complete and in order, both ways") {
  Pair<Body> pair;
  pair.server.echo = true;
  std::string said;
  for (int i = 0; i < 50'000; ++i) said += std::to_string(i) + ",";
  pair.client.say(said.substr(0, 1));
  pair.client.say(said.substr(1));
  CHECK(
      pair.run_until([&] { return pair.client.heard.size() == said.size(); }));
  CHECK(pair.server.heard == said);
  CHECK(pair.client.heard == said);
  CHECK(pair.client.connection().peer() == pair.listener->local());
  CHECK(pair.client.connection().local() == pair.server.connection().peer());
}

CONTRACT("what is not consumed comes again in front of what follows") {
  Pair<Body> pair;
  pair.server.unit = 8;
  pair.client.say("0123456789");
  CHECK(pair.run_until([&] { return pair.server.heard == "01234567"; }));
  pair.client.say("abcdefgh");
  CHECK(
      pair.run_until([&] { return pair.server.heard == "0123456789abcdef"; }));
}

CONTRACT("a close delivers what was sent before it, then the reason") {
  Pair<Body> pair;
  const std::string said(20'000, 'x');
  pair.client.say(said);
  pair.client.in_call = true;
  pair.client.connection().close();
  pair.client.in_call = false;
  CHECK_FALSE(pair.client.connection().is_open());
  CHECK(
      pair.run_until([&] { return pair.client.closed && pair.server.closed; }));
  CHECK(pair.client.closed == CloseReason::kLocal);
  CHECK(pair.server.closed == CloseReason::kPeerClosed);
  CHECK(pair.server.heard == said);
}

CONTRACT("a connection may be destroyed from its last event") {
  Pair<Body> pair;
  pair.server.drop_when_closed = true;
  pair.client.drop_when_closed = true;
  pair.client.connection().close();
  CHECK(
      pair.run_until([&] { return pair.client.closed && pair.server.closed; }));
  CHECK_FALSE(pair.server.connected());
}

CONTRACT("closing from within on_bytes ends it there") {
  Pair<Body> pair;
  pair.server.close_when_heard = true;
  pair.client.say("hello");
  CHECK(
      pair.run_until([&] { return pair.client.closed && pair.server.closed; }));
  CHECK(pair.server.closed == CloseReason::kLocal);
  CHECK(pair.server.heard == "hello");
}

CONTRACT("no event follows the destruction of a connection") {
  Pair<Body> pair;
  pair.client.say("hello");
  pair.client.drop();
  CHECK(pair.run_until([&] { return pair.server.closed.has_value(); }));
  CHECK(pair.server.heard == "hello");
  CHECK_FALSE(pair.client.closed);
}

CONTRACT("closing with input unread resets the connection") {
  Pair<Body> pair;
  pair.server.connection().pause_reading();
  pair.client.say("unread");
  pair.settle();
  pair.server.connection().close();
  CHECK(pair.run_until([&] { return pair.client.closed.has_value(); }));
  CHECK(pair.client.closed == CloseReason::kPeerReset);
}

CONTRACT("reading stops while paused; what was held comes again after") {
  Pair<Body> pair;
  pair.server.unit = 100;
  pair.client.say("0123456789");
  CHECK(pair.run_until([&] { return pair.server.offered == 10; }));
  pair.server.connection().pause_reading();
  pair.client.say("more");
  pair.settle();
  CHECK(pair.server.offered == 10);
  pair.server.unit = 1;
  pair.server.connection().resume_reading();
  CHECK(pair.run_until([&] { return pair.server.heard == "0123456789more"; }));
}

CONTRACT(
    "output that the peer leaves unread ends the connection at the limit") {
  ConnectionOptions options;
  options.write_high_water_bytes = 64 * 1024;
  options.write_limit_bytes = 1024 * 1024;
  Pair<Body> pair({}, options);
  pair.server.connection().pause_reading();
  for (int i = 0; i < 500 && pair.client.connection().is_open(); ++i) {
    pair.client.say(std::string(64 * 1024, 'x'));
  }
  CHECK(pair.run_until([&] { return pair.client.closed.has_value(); }));
  CHECK(pair.client.closed == CloseReason::kSlowReader);
}

CONTRACT("who asks more than it reads is not read from any more") {
  ConnectionOptions options;
  options.write_high_water_bytes = 64 * 1024;
  // The other end must not do the same, or both wait for ever.
  ConnectionOptions patient;
  patient.write_high_water_bytes = 64 * 1024 * 1024;
  Pair<Body> pair(options, patient);
  pair.server.echo = true;
  pair.client.connection().pause_reading();
  constexpr std::size_t kMuch = Body::kMoreThanBuffers;
  pair.client.say(std::string(kMuch, 'x'));
  pair.run_until([] { return false; }, 500ms);
  CHECK(pair.server.heard.size() < kMuch);
  CHECK(pair.server.connection().is_open());
  pair.client.connection().resume_reading();
  CHECK(pair.run_until([&] { return pair.client.heard.size() == kMuch; }, 60s));
}

CONTRACT("requests of one read wait while output is high, and come again") {
  for (const std::size_t answer_kb : {1U, 40U, 700U}) {
    CAPTURE(answer_kb);
    Body body;
    Answerer server;
    server.answer_kb = answer_kb;
    ListenOptions options;
    options.connection.write_high_water_bytes = 256 * 1024;
    options.connection.write_limit_bytes = 1024 * 1024;
    const auto listener = *body.server_network().listen(
        {body.host(), 0}, options,
        [&](auto connection) { server.take(std::move(connection)); });
    End client;
    const auto operation = body.client_network().connect(
        listener->local(), 60s, {}, [&](auto result) {
          REQUIRE(result.has_value());
          client.take(std::move(*result));
        });
    REQUIRE(body.run_until([&] { return client.connected(); }, 60s));
    client.connection().pause_reading();
    // All in one read, and no more input after it.
    const std::size_t asked = Body::kMoreThanBuffers / 1024 / answer_kb;
    client.say(std::string(asked, 'x'));
    CHECK(body.run_until([&] { return server.answered > 0; }, 30s));
    body.run_until([] { return false; }, 300ms);
    CHECK(server.answered < asked);
    client.connection().resume_reading();
    CHECK(body.run_until(
        [&] { return client.heard.size() == asked * answer_kb * 1024; }, 60s));
    CHECK(server.answered == asked);
    CHECK(server.most_unsent <= (256 + answer_kb) * 1024);
    CHECK_FALSE(server.closed);
  }
}

// A peer closes its side while its requests wait; how many of 300 are answered.
template <typename Body>
std::size_t answered_after_half_close() {
  Body body;
  Answerer server;
  server.answer_kb = 100;
  ListenOptions options;
  options.connection.write_high_water_bytes = 256 * 1024;
  const auto listener = *body.server_network().listen(
      {body.host(), 0}, options,
      [&](auto connection) { server.take(std::move(connection)); });
  End client;
  const auto operation = body.client_network().connect(
      listener->local(), 60s, {}, [&](auto result) {
        REQUIRE(result.has_value());
        client.take(std::move(*result));
      });
  REQUIRE(body.run_until([&] { return client.connected(); }, 60s));
  client.connection().pause_reading();
  client.say(std::string(300, 'x'));
  body.run_until([] { return false; }, 300ms);
  REQUIRE(server.answered < 300);
  client.connection().close_after_flush(60s);
  CHECK(body.run_until([&] { return server.closed.has_value(); }, 30s));
  return server.answered;
}

CONTRACT("requests that wait are answered though the peer closed its side") {
  std::size_t answered = answered_after_half_close<Body>();
  // The peer stays for a second, in which a busy machine may stand still.
  for (int more = 0; more < 4 && answered < 300; ++more) {
    answered = answered_after_half_close<Body>();
  }
  CHECK(answered == 300);
}

CONTRACT("input held beyond the limit ends the connection") {
  ConnectionOptions options;
  options.read_limit_bytes = 10'000;
  Pair<Body> pair(options);
  pair.server.unit = 1'000'000;
  pair.client.say(std::string(300'000, 'x'));
  CHECK(pair.run_until([&] { return pair.server.closed.has_value(); }));
  CHECK(pair.server.closed == CloseReason::kInputTooLarge);
}

CONTRACT("input held is charged to the budget and given back") {
  base::ByteBudget budget(1'000'000);
  ConnectionOptions options;
  options.input_budget = &budget;
  Pair<Body> pair(options);
  pair.server.unit = 300'000;
  pair.client.say(std::string(9'000, 'x'));
  CHECK(pair.run_until([&] { return pair.server.offered == 9'000; }));
  CHECK(budget.used() >= 9'000);
  pair.client.say(std::string(600'000, 'x'));
  CHECK(pair.run_until([&] { return pair.server.heard.size() == 600'000; }));
  pair.server.drop();
  CHECK(budget.used() == 0);
}

CONTRACT("close after flush delivers all, whatever comes in meanwhile") {
  Pair<Body> pair;
  constexpr std::size_t kMuch = 5'000'000;
  pair.server.say(std::string(kMuch, 'x'));
  pair.server.connection().close_after_flush(20s);
  pair.client.say("not read any more");
  CHECK(
      pair.run_until([&] { return pair.client.closed && pair.server.closed; }));
  CHECK(pair.client.heard.size() == kMuch);
  CHECK(pair.client.closed == CloseReason::kPeerClosed);
  CHECK(pair.server.closed == CloseReason::kLocal);
  CHECK(pair.server.heard.empty());
}

CONTRACT("close after flush waits no longer than its deadline") {
  Pair<Body> pair;
  pair.client.connection().pause_reading();
  pair.server.say(std::string(30'000'000, 'x'));
  pair.server.connection().close_after_flush(200ms);
  CHECK(pair.run_until([&] { return pair.server.closed.has_value(); }, 30s));
  CHECK(pair.server.closed == CloseReason::kLocal);
}

CONTRACT("nobody listening is told as unavailable, with the address") {
  Body body;
  auto listener =
      *body.server_network().listen({body.host(), 0}, {}, [](auto) {});
  const base::Endpoint endpoint = listener->local();
  CHECK_FALSE(body.server_network().listen(endpoint, {}, nullptr).has_value());
  listener.reset();
  std::optional<base::Error> error;
  const auto operation = body.client_network().connect(
      endpoint, 60s, {}, [&](auto result) { error = result.error(); });
  CHECK(body.run_until([&] { return error.has_value(); }, 60s));
  CHECK(error->code == base::ErrorCode::kUnavailable);
  CHECK(error->message.find(endpoint.to_string()) != std::string::npos);
}

CONTRACT("a cancelled connect is not answered") {
  Body body;
  const auto listener =
      *body.server_network().listen({body.host(), 0}, {}, [](auto) {});
  bool answered = false;
  auto operation = body.client_network().connect(
      listener->local(), 60s, {}, [&](auto) { answered = true; });
  operation.reset();
  body.run_until([] { return false; }, 50ms);
  CHECK_FALSE(answered);
}

CONTRACT("numeric hosts resolve to themselves, not within the call") {
  Body body;
  std::optional<std::vector<std::string>> addresses;
  const auto operation = body.client_network().resolve(
      "127.0.0.1", 60s, [&](auto result) { addresses = result->addresses; });
  CHECK_FALSE(addresses.has_value());
  CHECK(body.run_until([&] { return addresses.has_value(); }, 60s));
  CHECK(*addresses == std::vector<std::string>{"127.0.0.1"});
}

CONTRACT("tasks run in order, timers at their time, time stands still within") {
  Body body;
  base::Executor& executor = body.client_executor();
  std::string trace;
  const auto start = executor.now();
  std::unique_ptr<base::Timer> cancelled;
  const auto later = executor.run_after(20ms, [&] {
    trace += "t";
    CHECK(executor.now() == executor.now());
    CHECK(executor.now() - start >= 20ms);
  });
  cancelled = executor.run_after(5ms, [&] { trace += "x"; });
  executor.post([&] {
    trace += "1";
    executor.post([&] { trace += "3"; });
    cancelled.reset();
  });
  executor.post([&] { trace += "2"; });
  CHECK(trace.empty());
  CHECK(body.run_until([&] { return trace.size() == 4; }, 60s));
  CHECK(trace == "123t");
}

}  // namespace
}  // namespace waypost::transport
