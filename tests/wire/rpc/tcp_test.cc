// Channel and acceptor over real sockets, on one libuv loop.

#include <doctest/doctest.h>

#include "tests/wire/rpc/rpc_world.h"
#include "wire/rpc/call.h"
#include "wire/transport/loop.h"

namespace waypost::rpc {
namespace {

class TcpWorld {
 public:
  TcpWorld() : loop(transport::Loop::create()) {
    acceptor = std::make_unique<Acceptor>(
        *loop, loop->network(), AcceptorOptions{},
        [this](ServerSession& session) {
          return std::make_unique<TestHandler>(session, log);
        },
        base::Logger());
    REQUIRE(acceptor->listen({"127.0.0.1", 0}));
    channel =
        std::make_unique<Channel>(*loop, loop->network(), acceptor->local(),
                                  ChannelOptions{}, &observer, base::Logger());
  }

  // Runs the loop until `done()`, which is looked at every millisecond.
  bool run_until(std::function<bool()> done) {
    const base::Instant give_up_at = loop->now() + 60s;
    bool reached = false;
    std::function<void()> look = [&] {
      reached = done();
      if (reached || loop->now() >= give_up_at) return loop->stop();
      timer_ = loop->run_after(1ms, look);
    };
    timer_ = loop->run_after(0ms, look);
    loop->run();
    timer_.reset();
    return reached;
  }

  std::unique_ptr<transport::Loop> loop;
  ServerLog log;
  ObserverLog observer;
  std::unique_ptr<Acceptor> acceptor;
  std::unique_ptr<Channel> channel;

 private:
  std::unique_ptr<base::Timer> timer_;
};

TEST_CASE("calls over TCP are answered, small and large") {
  TcpWorld world;
  std::vector<Outcome> outcomes(101);
  for (std::size_t i = 0; i < 100; ++i) {
    world.channel->call(FrameKind::kPing, std::string(8 * i, 'x'), 30s,
                        outcomes[i].callback());
  }
  world.channel->call(FrameKind::kRegister, std::string(8 << 20U, 'y'), 30s,
                      outcomes[100].callback());
  REQUIRE(world.run_until([&] {
    return std::all_of(outcomes.begin(), outcomes.end(),
                       [](const Outcome& each) { return each.done; });
  }));
  CHECK(outcomes[99].parts == std::vector{std::string(8 * 99, 'x')});
  CHECK(outcomes[100].parts == std::vector{std::string(8 << 20U, 'y')});
}

TEST_CASE("over TCP a call to a silent server fails, and the next is served") {
  TcpWorld world;
  const auto answer =
      std::exchange(world.log.answer, [](ServerSession&, const Request&) {});
  Outcome silent;
  world.channel->call(FrameKind::kPing, {}, 50ms, silent.callback());
  REQUIRE(world.run_until([&] { return silent.done; }));
  CHECK(silent.error->code == base::ErrorCode::kTimedOut);
  world.log.answer = answer;
  Outcome served;
  world.channel->call(FrameKind::kPing, {}, 30s, served.callback());
  REQUIRE(world.run_until([&] { return served.done; }));
  CHECK_FALSE(served.error);
}

TEST_CASE("over TCP a refusal arrives before the close") {
  TcpWorld world;
  std::unique_ptr<transport::Operation> connecting;
  RawEnd end;
  connecting = world.loop->network().connect(
      world.acceptor->local(), 5s, {}, [&](auto connection) {
        REQUIRE(connection);
        end.take(std::move(*connection));
        std::string bytes = preface_text();
        bytes[4] = 2;
        // More than the server will read.
        end.say(bytes + std::string(100'000, 'x'));
      });
  REQUIRE(world.run_until([&] { return end.closed.has_value(); }));
  REQUIRE(end.frames().size() == 1);
  CHECK(error_in(end.frames()[0]).code == base::ErrorCode::kUnsupported);
}

TEST_CASE("over TCP a drain notice arrives before the close") {
  TcpWorld world;
  world.channel->connect();
  REQUIRE(world.run_until([&] { return !world.observer.connected.empty(); }));
  world.acceptor->for_each([](ServerSession& session) {
    session.push(FrameKind::kDrainNotice, {});
  });
  world.acceptor->close_all();
  REQUIRE(
      world.run_until([&] { return !world.observer.disconnected.empty(); }));
  CHECK(world.observer.pushed == std::vector{FrameKind::kDrainNotice});
  CHECK(world.run_until([&] { return !world.log.closed.empty(); }));
  CHECK(world.log.closed == std::vector{transport::CloseReason::kLocal});
}

TEST_CASE("over TCP a channel may be destroyed in its own callback") {
  TcpWorld world;
  bool answered = false;
  world.channel->call(FrameKind::kPing, {}, 30s, [&](auto) {
    answered = true;
    world.channel.reset();
  });
  REQUIRE(world.run_until([&] { return answered; }));
  CHECK(world.run_until([&] { return !world.log.closed.empty(); }));
}

}  // namespace
}  // namespace waypost::rpc
