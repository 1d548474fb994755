#include "wire/rpc/remoting_stream.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"
#include "tests/wire/rpc/rpc_world.h"
#include "wire/codec/remoting/command.h"

namespace waypost::rpc {
namespace {

std::string request(std::int32_t opaque, std::string_view body = {},
                    std::int32_t code = 105) {
  remoting::Command command;
  command.code = code;
  command.opaque = opaque;
  return remoting::encode_frame(command, body);
}

// A server whose remoting handlers do what `answer` says.
class RemotingWorld : public RpcWorld {
 public:
  struct Handled {
    std::uint64_t session = 0;
    std::string header;
    std::string body;
  };

  explicit RemotingWorld(sim::WorldOptions options = {}) : RpcWorld(options) {}
  // Its handlers write into this.
  ~RemotingWorld() { acceptor.reset(); }

  void serve_remoting(AcceptorOptions options = {}) {
    acceptor = std::make_unique<Acceptor>(
        server.executor(), server.network(), options,
        [this](ServerSession& session) {
          return std::make_unique<TestHandler>(session, log);
        },
        base::Logger(),
        [this](RemotingSession& session) {
          return std::make_unique<Handler>(session, *this);
        });
    REQUIRE(acceptor->listen(endpoint()));
  }

  std::vector<Handled> handled;
  std::vector<transport::CloseReason> closed;
  int idle = 0;
  std::function<void(RemotingSession&, const Handled&)> respond =
      [](RemotingSession& session, const Handled& frame) {
        session.write(frame.header + "|");
      };
  std::function<void(RemotingSession&)> on_idle = [](RemotingSession&) {};

 private:
  class Handler : public RemotingHandler {
   public:
    Handler(RemotingSession& session, RemotingWorld& world)
        : session_(session), world_(world) {}
    void on_frame(const remoting::FrameView& frame) override {
      const Handled handled{session_.id(), std::string(frame.header),
                            std::string(frame.body)};
      world_.handled.push_back(handled);
      world_.respond(session_, handled);
    }
    void on_idle() override {
      ++world_.idle;
      world_.on_idle(session_);
    }
    void on_closed(transport::CloseReason reason) override {
      world_.closed.push_back(reason);
    }

   private:
    RemotingSession& session_;
    RemotingWorld& world_;
  };
};

TEST_CASE("frames reach the handler however the bytes are cut") {
  for (const std::size_t piece : {1U, 3U, 7U, 1000U}) {
    CAPTURE(piece);
    RemotingWorld world({.segment_max_bytes = piece});
    world.serve_remoting();
    RawEnd& client = world.connect_raw();
    std::string bytes;
    for (std::int32_t i = 0; i < 20; ++i) {
      bytes += request(i, std::string(static_cast<std::size_t>(i), 'x'));
    }
    client.say(bytes);
    world.world.run_for(10s);
    REQUIRE(world.handled.size() == 20);
    CHECK(world.handled[19].body == std::string(19, 'x'));
    std::string expected;
    for (const auto& each : world.handled) expected += each.header + "|";
    CHECK(client.heard == expected);
    CHECK_FALSE(client.closed);
  }
}

TEST_CASE("what cannot be a frame closes without an answer, after the others") {
  const std::pair<const char*, std::string> cases[] = {
      {"length 0", std::string("\0\0\0\0", 4)},
      {"length 3", std::string("\0\0\0\3\0\0\0", 7)},
      {"empty header", std::string("\0\0\0\4\0\0\0\0", 8)},
      {"header beyond the frame", std::string("\0\0\0\6\0\0\0\7{}", 10)},
      {"negative", std::string("\xff\xff\xff\xff\0\0\0\0", 8)},
      {"above the limit", std::string("\1\0\0\0\0\0\0\0", 8)},
      {"serialization 2", std::string("\0\0\0\6\2\0\0\2{}", 10)},
  };
  for (const auto& [name, bytes] : cases) {
    CAPTURE(std::string(name));
    RemotingWorld world;
    world.serve_remoting();
    RawEnd& client = world.connect_raw();
    RawEnd& other = world.connect_raw();
    client.say(request(1) + bytes + request(2));
    world.world.run_for(1s);
    other.say(request(3));
    world.world.run_for(2s);
    REQUIRE(client.closed);
    CHECK(*client.closed == transport::CloseReason::kPeerClosed);
    REQUIRE(world.handled.size() == 2);
    CHECK(client.heard == world.handled[0].header + "|");
    CHECK(other.heard == world.handled[1].header + "|");
    CHECK_FALSE(other.closed);
  }
}

TEST_CASE("a frame of exactly the limit passes, one byte more closes") {
  AcceptorOptions options;
  options.remoting_frame_max_bytes = 20'000;
  const std::size_t empty = request(1).size();
  for (const std::size_t extra : {0U, 1U}) {
    RemotingWorld world;
    world.serve_remoting(options);
    RawEnd& client = world.connect_raw();
    client.say(request(1, std::string(20'000 - empty + extra, 'x')));
    world.world.run_for(3s);
    CHECK(world.handled.size() == 1 - extra);
    CHECK(client.closed.has_value() == (extra == 1));
  }
}

TEST_CASE("a limit above the default lets larger frames in") {
  AcceptorOptions options;
  options.remoting_frame_max_bytes = 20UL * 1024 * 1024;
  RemotingWorld world;
  world.serve_remoting(options);
  RawEnd& client = world.connect_raw();
  client.say(request(1, std::string(18UL * 1024 * 1024, 'x')));
  world.world.run_until([&] { return !world.handled.empty(); }, 120s);
  REQUIRE(world.handled.size() == 1);
  CHECK(world.handled[0].body.size() == 18UL * 1024 * 1024);
}

TEST_CASE("a peer that breaks the protocol has ended its connection itself") {
  RemotingWorld world;
  world.serve_remoting();
  RawEnd& broken = world.connect_raw();
  broken.say(request(1) + std::string("\0\0\0\0", 4));
  world.world.run_for(3s);
  REQUIRE(world.closed.size() == 1);
  CHECK(world.closed[0] == transport::CloseReason::kPeerClosed);
  // A frame that is merely too large is no reason to forget a broker at once.
  RawEnd& large = world.connect_raw();
  large.say(request(1) + std::string("\1\0\0\0\0\0\0\0", 8));
  world.world.run_for(3s);
  REQUIRE(world.closed.size() == 2);
  CHECK(world.closed[1] == transport::CloseReason::kLocal);
}

TEST_CASE("a request that is alone holds back those that follow it") {
  RemotingWorld world;
  world.serve_remoting();
  RemotingSession* waiting = nullptr;
  world.respond = [&](RemotingSession& session, const auto& frame) {
    if (frame.body == "wait") {
      session.expect(true);
      waiting = &session;
      return;
    }
    session.write(frame.body + ".");
  };
  RawEnd& client = world.connect_raw();
  client.say(request(1, "a") + request(2, "wait") + request(3, "b"));
  client.say(request(4, "c"));
  world.world.run_for(1s);
  CHECK(client.heard == "a.");
  REQUIRE(waiting != nullptr);
  waiting->write("late.");
  waiting->settle();
  world.world.run_for(1s);
  CHECK(client.heard == "a.late.b.c.");
}

TEST_CASE("no more than a bounded number of requests wait for other threads") {
  RemotingWorld world;
  world.serve_remoting();
  std::vector<RemotingSession*> waiting;
  world.respond = [&](RemotingSession& session, const auto&) {
    session.expect(false);
    waiting.push_back(&session);
  };
  RawEnd& client = world.connect_raw();
  std::string bytes;
  for (std::int32_t i = 0; i < 1000; ++i) bytes += request(i);
  client.say(bytes);
  world.world.run_for(1s);
  CHECK(waiting.size() == RequestGate::kPendingMax);
  std::size_t answered = 0;
  while (answered < waiting.size()) {
    RemotingSession* session = waiting[answered++];
    session->write("x");
    session->settle();
    world.world.run_for(1ms);
    CHECK(waiting.size() - answered <= RequestGate::kPendingMax);
  }
  world.world.run_for(1s);
  CHECK(client.heard == std::string(1000, 'x'));
}

TEST_CASE("a connection that is idle is told so, a busy one is not") {
  AcceptorOptions options;
  options.remoting_idle = 120s;
  RemotingWorld world;
  world.serve_remoting(options);
  world.on_idle = [](RemotingSession& session) { session.close(); };
  RawEnd& silent = world.connect_raw();
  RawEnd& busy = world.connect_raw();
  silent.say(request(1));
  for (int i = 0; i < 10; ++i) {
    busy.say(request(2));
    world.world.run_for(30s);
    // Closed at 120 s, to the second.
    CHECK(silent.closed.has_value() == (i >= 4 || (i == 3 && silent.closed)));
    if (i == 2) {
      world.world.run_for(29s);
      CHECK_FALSE(silent.closed);
      busy.say(request(2));
    }
  }
  CHECK(silent.closed);
  CHECK_FALSE(busy.closed);
  CHECK(world.idle == 1);
  // What we write is traffic, too, as for the Java server.
  const std::uint64_t busy_id = world.handled.back().session;
  for (int i = 0; i < 10; ++i) {
    world.world.run_for(60s);
    if (RemotingSession* session = world.acceptor->find_remoting(busy_id)) {
      session->write("push");
    }
  }
  CHECK_FALSE(busy.closed);
  world.world.run_for(121s);
  CHECK(busy.closed);
  CHECK(world.acceptor->find_remoting(busy_id) == nullptr);
}

TEST_CASE("a handler that does not close an idle connection is told again") {
  AcceptorOptions options;
  options.remoting_idle = 10s;
  RemotingWorld world;
  world.serve_remoting(options);
  RawEnd& client = world.connect_raw();
  client.say(request(1));
  world.world.run_for(35s);
  CHECK(world.idle == 3);
  CHECK_FALSE(client.closed);
}

TEST_CASE("one byte of TLS waits for more, until the newcomers' time is over") {
  RemotingWorld world;
  world.serve_remoting();
  RawEnd& one = world.connect_raw();
  RawEnd& more = world.connect_raw();
  one.say("\x16");
  more.say("\x16\x03\x01");
  world.world.run_for(2s);
  CHECK_FALSE(one.closed);
  CHECK(more.closed);
  world.world.run_for(10s);
  CHECK(one.closed);
}

TEST_CASE("a large first frame may take longer than a newcomer is given") {
  RemotingWorld world;
  world.serve_remoting();
  RawEnd& client = world.connect_raw();
  RawEnd& idler = world.connect_raw();
  const std::string frame = request(1, std::string(300'000, 'x'));
  client.say(frame.substr(0, 100'000));
  idler.say(frame.substr(0, 100));
  world.world.run_for(20s);
  CHECK(idler.closed);
  REQUIRE_FALSE(client.closed);
  client.say(frame.substr(100'000));
  world.world.run_for(5s);
  CHECK(world.handled.size() == 1);
}

TEST_CASE("native and remoting peers share the port") {
  RemotingWorld world;
  world.serve_remoting();
  RawEnd& remoting = world.connect_raw();
  remoting.say(request(1));
  REQUIRE(world.connect());
  world.world.run_for(1s);
  CHECK(world.handled.size() == 1);
  CHECK(world.acceptor->find(world.handled[0].session) == nullptr);
  CHECK(world.acceptor->find_remoting(world.log.sessions.at(0)) == nullptr);
}

TEST_CASE("random bytes on a remoting connection hurt nobody else") {
  RemotingWorld world;
  world.serve_remoting();
  base::Random random(7);
  RawEnd& good = world.connect_raw();
  for (int round = 0; round < 200; ++round) {
    RawEnd& bad = world.connect_raw();
    std::string bytes(1 + random.below(300), '\0');
    for (char& each : bytes) each = static_cast<char>(random.below(256));
    bytes[0] = static_cast<char>(random.below(2));
    if (bytes.size() > 4) bytes[1] = 0;
    bad.say((round % 2 == 0 ? request(1) : std::string()) + bytes);
    world.world.run_for(20ms);
  }
  const std::size_t before = world.handled.size();
  good.say(request(9, "still here"));
  world.world.run_for(1s);
  REQUIRE(world.handled.size() > before);
  CHECK(world.handled.back().body == "still here");
}

// --- Large frames ---

// Clients that each send a frame of 300 KB at once; its answers wait for the
// test.
class LargeWorld : public RemotingWorld {
 public:
  explicit LargeWorld(std::size_t clients)
      : RemotingWorld({.segment_max_bytes = 8 * 1024}) {
    respond = [this](RemotingSession& session, const Handled& frame) {
      if (frame.body.size() < kBodyBytes) return session.write("small|");
      session.expect(true);
      at_work.push_back(session.id());
    };
    serve_remoting();
    for (std::size_t i = 0; i < clients; ++i) peers.push_back(&connect_raw());
  }

  void say_large(std::size_t number) {
    peers[number]->say(request(1, std::string(kBodyBytes, 'x')));
  }
  // Answers the frame that was handed out first.
  void settle_one() {
    RemotingSession* session = acceptor->find_remoting(at_work.front());
    at_work.erase(at_work.begin());
    REQUIRE(session != nullptr);
    session->write("large|");
    session->settle();
  }

  static constexpr std::size_t kBodyBytes = 300'000;
  std::vector<RawEnd*> peers;
  std::vector<std::uint64_t> at_work;
};

TEST_CASE("a few large frames are at work, the others wait their turn") {
  constexpr std::size_t kClients = 4 * LargeFrameGate::kAtWorkMax;
  LargeWorld world(kClients);
  for (std::size_t i = 0; i < kClients; ++i) world.say_large(i);
  world.world.run_for(5s);
  // As they come at the same moment, some more may be complete already.
  const std::size_t at_first = world.at_work.size();
  CHECK(at_first >= LargeFrameGate::kAtWorkMax);
  CHECK(at_first < kClients);
  std::size_t answered = 0;
  while (!world.at_work.empty()) {
    world.settle_one();
    ++answered;
    world.world.run_for(1s);
    CHECK(world.at_work.size() <=
          std::max(at_first, LargeFrameGate::kAtWorkMax));
  }
  CHECK(answered == kClients);
  for (const RawEnd* peer : world.peers) {
    CHECK(peer->heard == "large|");
    CHECK_FALSE(peer->closed);
  }
}

TEST_CASE("small frames do not wait for large ones") {
  constexpr std::size_t kLarge = 2 * LargeFrameGate::kAtWorkMax;
  LargeWorld world(kLarge + 1);
  for (std::size_t i = 0; i < kLarge; ++i) world.say_large(i);
  world.world.run_for(2s);
  world.peers[kLarge]->say(request(2));
  world.world.run_for(1s);
  CHECK(world.peers[kLarge]->heard == "small|");
}

TEST_CASE("a peer that stalls in its turn holds nobody up") {
  constexpr std::size_t kAtWork = LargeFrameGate::kAtWorkMax;
  constexpr std::size_t kStalling = 2 * kAtWork;
  LargeWorld world(kAtWork + kStalling + 1);
  for (std::size_t i = 0; i < kAtWork; ++i) world.say_large(i);
  world.world.run_for(1s);
  REQUIRE(world.at_work.size() == kAtWork);
  // Many begin and stop in the middle; the last one is honest.
  const std::string frame = request(1, std::string(world.kBodyBytes, 'x'));
  for (std::size_t i = 0; i < kStalling; ++i) {
    world.peers[kAtWork + i]->say(frame.substr(0, 100'000));
  }
  world.world.run_for(1s);
  world.say_large(kAtWork + kStalling);
  world.world.run_for(1s);
  CHECK(world.handled.size() == kAtWork);
  world.settle_one();
  world.world.run_for(1s);
  CHECK(world.handled.size() == kAtWork + 1);
  // And they are served when they go on.
  for (std::size_t i = 0; i < kStalling; ++i) {
    world.peers[kAtWork + i]->say(frame.substr(100'000));
  }
  while (!world.at_work.empty()) {
    world.settle_one();
    world.world.run_for(1s);
  }
  for (const RawEnd* peer : world.peers) CHECK(peer->heard == "large|");
}

TEST_CASE("peers that went while they waited hold nobody up") {
  constexpr std::size_t kClients = 3 * LargeFrameGate::kAtWorkMax;
  LargeWorld world(kClients);
  for (std::size_t i = 0; i < kClients; ++i) world.say_large(i);
  world.world.run_for(2s);
  for (std::size_t i = 0; i + 1 < kClients; ++i) world.peers[i]->hang_up();
  world.world.run_for(2s);
  // A connection that is not read from does not hear of it; these are.
  while (!world.at_work.empty()) {
    world.settle_one();
    world.world.run_for(1s);
  }
  CHECK(world.peers.back()->heard == "large|");
  CHECK(world.acceptor->connection_count() == 1);
}

}  // namespace
}  // namespace waypost::rpc
