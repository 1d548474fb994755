#include "wire/rpc/acceptor.h"

#include <array>
#include <set>

#include <doctest/doctest.h>

#include "base/random.h"
#include "tests/wire/rpc/rpc_world.h"

namespace waypost::rpc {
namespace {

class LogLines : public base::LogSink {
 public:
  void write(base::LogLevel, base::LogComponent, std::string_view message,
             base::LogFields fields) override {
    std::string line(message);
    for (const base::LogField& field : fields) {
      line += " " + std::string(field.key) + "=" + field.value;
    }
    lines.push_back(line);
  }
  base::Logger logger() { return {this, &levels_, base::LogComponent::kRpc}; }
  std::vector<std::string> lines;

 private:
  base::LogLevels levels_;
};

// --- Protocols and prefaces ---

TEST_CASE("other protocols are closed without a word, with a log line") {
  const std::pair<const char*, std::string> others[] = {
      {"TLS", "\x16\x03\x01"},
      {"RocketMQ remoting", std::string("\0\0\1\x20", 4)},
      {"RocketMQ remoting", std::string("\1\0\1\x20", 4)},
      {"unknown", "GET / HTTP/1.1\r\n\r\n"},
      {"unknown", "\xff"},
  };
  for (const auto& [protocol, bytes] : others) {
    CAPTURE(std::string(protocol));
    LogLines log;
    RpcWorld world;
    world.serve({}, log.logger());
    RawEnd& client = world.connect_raw();
    client.say(bytes);
    world.world.run_for(100ms);
    CHECK(client.closed);
    CHECK(client.heard.empty());
    CHECK(world.log.sessions.empty());
    CHECK(world.acceptor->connection_count() == 0);
    REQUIRE(log.lines.size() == 1);
    CHECK(log.lines[0].find("detail=" + std::string(protocol)) !=
          std::string::npos);
  }
}

TEST_CASE("a port scanner does not fill the log") {
  LogLines log;
  RpcWorld world;
  world.serve({}, log.logger());
  for (int i = 0; i < 200; ++i) {
    world.connect_raw().say(i % 2 == 0 ? "GET / HTTP/1.1\r\n" : "WAIT A BIT");
  }
  world.world.run_for(2s);
  CHECK(log.lines.size() == 10);
  world.world.run_for(20s);
  world.connect_raw().say("GET / HTTP/1.1\r\n");
  world.world.run_for(1s);
  REQUIRE(log.lines.size() == 11);
  CHECK(log.lines[10].find("not_logged_before=190") != std::string::npos);
}

TEST_CASE("another preface version is answered with the one we speak") {
  RpcWorld world;
  world.serve();
  RawEnd& client = world.connect_raw();
  std::string preface = preface_text();
  preface[4] = 9;
  client.say(preface + hello_frame());
  world.world.run_for(2s);
  CHECK(client.closed);
  REQUIRE(client.frames().size() == 1);
  const base::Error error = error_in(client.frames()[0]);
  CHECK(error.code == base::ErrorCode::kUnsupported);
  CHECK(error.message == "protocol version 9 is not spoken here; supported: 1");
  CHECK(world.log.sessions.empty());
}

TEST_CASE("what only begins like the preface is refused") {
  RpcWorld world;
  world.serve();
  RawEnd& client = world.connect_raw();
  client.say("WHO ARE YOU");
  world.world.run_for(2s);
  CHECK(client.closed);
  CHECK(error_in(client.frames().at(0)).code == base::ErrorCode::kMalformed);
}

// --- Frames ---

TEST_CASE("requests reach the handler however the bytes are cut") {
  for (const std::size_t piece : {1U, 3U, 16U, 1000U}) {
    CAPTURE(piece);
    RpcWorld world({.segment_max_bytes = piece});
    world.serve();
    RawEnd& client = world.connect_raw();
    std::string bytes = preface_text() + hello_frame(1);
    for (std::uint64_t id = 2; id < 10; ++id) {
      bytes += codec::make_frame(FrameKind{static_cast<std::uint16_t>(id + 70)},
                                 0, id, std::string(8 * id, 'x'));
    }
    client.say(bytes);
    world.world.run_for(5s);
    // Also kinds that nobody knows: they are the handler's business.
    REQUIRE(world.log.requests.size() == 8);
    CHECK(world.log.requests[7].kind == FrameKind{79});
    CHECK(world.log.requests[7].payload == std::string(72, 'x'));
    const auto answers = client.frames();
    REQUIRE(answers.size() == 9);
    CHECK(answers[8].id == 9);
    CHECK(answers[8].payload == std::string(72, 'x'));
  }
}

struct BadFrame {
  const char* name;
  std::string frame;
  std::uint64_t answered_id;
  base::ErrorCode code;
  const char* message;
};

TEST_CASE("a bad frame is answered with an error, and nothing after it") {
  std::string too_large = codec::make_frame(FrameKind::kRegister, 0, 5, {});
  too_large[1] = 0x10;  // 4096 bytes
  std::string off_grid = codec::make_frame(FrameKind::kRegister, 0, 6, {});
  off_grid[0] = 7;
  const BadFrame bad_frames[] = {
      {"too large", too_large, 5, base::ErrorCode::kTooLarge,
       "register of 4096 bytes is above the limit of 1024"},
      {"off the grid", off_grid, 6, base::ErrorCode::kMalformed,
       "register of 7 bytes: a payload's length is a multiple of 8"},
      {"a reply", codec::make_frame(FrameKind::kPing, codec::kFlagReply, 7, {}),
       7, base::ErrorCode::kMalformed, "no reply flag"},
      {"id 0", codec::make_frame(FrameKind::kPing, 0, 0, {}), 0,
       base::ErrorCode::kMalformed, "correlation id other than 0"},
  };
  for (const BadFrame& bad : bad_frames) {
    CAPTURE(std::string(bad.name));
    RpcWorld world;
    AcceptorOptions options;
    options.payload_max_bytes = 1024;
    world.serve(options);
    RawEnd& client = world.connect_raw();
    client.say(preface_text() + hello_frame() + bad.frame +
               codec::make_frame(FrameKind::kPing, 0, 99, {}));
    world.world.run_for(3s);
    CHECK(client.closed);
    const auto answers = client.frames();
    REQUIRE(answers.size() == 2);
    CHECK(answers[1].id == bad.answered_id);
    const base::Error error = error_in(answers[1]);
    CHECK(error.code == bad.code);
    CHECK(error.message.find(bad.message) != std::string::npos);
    CHECK(world.log.requests.empty());
    CHECK(world.log.closed == std::vector{transport::CloseReason::kLocal});
    CHECK(world.acceptor->connection_count() == 0);
  }
}

TEST_CASE("a frame as large as the limit passes") {
  RpcWorld world({.segment_max_bytes = 64 * 1024});
  AcceptorOptions options;
  options.payload_max_bytes = 1024 * 1024;
  world.serve(options);
  REQUIRE(world.connect());
  Outcome outcome;
  world.channel->call(FrameKind::kRegister,
                      std::string(options.payload_max_bytes, 'x'), 10s,
                      outcome.callback());
  REQUIRE(world.world.run_until([&] { return outcome.done; }, 10s));
  CHECK(outcome.parts.at(0).size() == options.payload_max_bytes);
}

TEST_CASE("a handler that refuses gets no more requests of that connection") {
  RpcWorld world;
  world.log.answer = [](ServerSession& session, const Request& request) {
    session.refuse(request.id, {base::ErrorCode::kDenied, "no", ""});
    session.reply(request.kind, 0, request.id, "ignored.");
  };
  world.serve();
  RawEnd& client = world.connect_raw();
  client.say(preface_text() + codec::make_frame(FrameKind::kPing, 0, 1, {}) +
             codec::make_frame(FrameKind::kPing, 0, 2, {}));
  world.world.run_for(3s);
  CHECK(world.log.requests.size() == 1);
  REQUIRE(client.frames().size() == 1);
  CHECK(error_in(client.frames()[0]).message == "no");
  CHECK(client.closed);
}

TEST_CASE("a handler that closes gets no more requests of that connection") {
  RpcWorld world;
  world.log.answer = [](ServerSession& session, const Request&) {
    session.close();
  };
  world.serve();
  RawEnd& client = world.connect_raw();
  client.say(preface_text() + codec::make_frame(FrameKind::kPing, 0, 1, {}) +
             codec::make_frame(FrameKind::kPing, 0, 2, {}));
  world.world.run_for(3s);
  CHECK(world.log.requests.size() == 1);
  CHECK(world.log.closed == std::vector{transport::CloseReason::kLocal});
}

TEST_CASE("random bytes after a preface hurt nobody else") {
  base::Random random(4711);
  RpcWorld world;
  world.serve();
  REQUIRE(world.connect());
  for (int round = 0; round < 300; ++round) {
    RawEnd& client = world.connect_raw();
    std::string bytes = preface_text();
    for (std::uint64_t i = random.below(3000); i > 0; --i) {
      bytes += static_cast<char>(random.below(256));
    }
    client.say(bytes);
  }
  world.world.run_for(30s);
  CHECK(world.acceptor->connection_count() == 1);
  Outcome outcome;
  world.channel->call(FrameKind::kPing, "alive...", 1s, outcome.callback());
  world.world.run_for(1s);
  CHECK(outcome.parts == std::vector<std::string>{"alive..."});
}

// --- Connections ---

TEST_CASE("half-open connections are closed, those that spoke are kept") {
  RpcWorld world;
  world.serve();
  std::vector<RawEnd*> silent;
  for (int i = 0; i < 1000; ++i) {
    RawEnd& client = world.connect_raw();
    const std::string said = preface_text() + hello_frame();
    // Nothing, a part of the preface, the preface, a part of a frame.
    const std::size_t cuts[] = {0, 4, 8, said.size() - 1};
    client.say(said.substr(0, cuts[i % 4]));
    silent.push_back(&client);
  }
  REQUIRE(world.connect());
  CHECK(world.acceptor->connection_count() == 1001);
  world.world.run_for(11s);
  CHECK(world.acceptor->connection_count() == 1);
  for (const RawEnd* client : silent) CHECK(client->closed);
  world.world.run_for(10min);
  CHECK(world.channel->state() == Channel::State::kReady);
}

TEST_CASE("the clock of a half-open connection starts when it is accepted") {
  RpcWorld world;
  world.serve();
  RawEnd& first = world.connect_raw();
  world.world.run_for(5s);
  RawEnd& second = world.connect_raw();
  world.world.run_for(5s);
  CHECK(first.closed);
  CHECK_FALSE(second.closed);
  world.world.run_for(5100ms);
  CHECK(second.closed);
}

TEST_CASE("connections above the maximum are told so, and room counts again") {
  RpcWorld world;
  AcceptorOptions options;
  options.connections_max = 2;
  world.serve(options);
  RawEnd& first = world.connect_raw();
  RawEnd& second = world.connect_raw();
  for (RawEnd* client : {&first, &second}) {
    client->say(preface_text() + hello_frame());
  }
  world.open_channel();
  Outcome outcome;
  world.channel->call(FrameKind::kPing, {}, 1s, outcome.callback());
  world.world.run_for(2s);
  REQUIRE(outcome.error);
  CHECK(outcome.error->code == base::ErrorCode::kBusy);
  CHECK(outcome.error->message ==
        "10.0.0.1:9876 refused: all 2 connections are taken");

  first.hang_up();
  world.world.run_for(100ms);
  Outcome again;
  world.channel->call(FrameKind::kPing, {}, 1s, again.callback());
  world.world.run_for(1s);
  CHECK(again.done);
  CHECK_FALSE(again.error);
}

TEST_CASE("session ids differ across loops, and find knows the living") {
  RpcWorld world;
  ServerLog log;
  std::vector<std::unique_ptr<Acceptor>> acceptors;
  for (const std::uint16_t loop : std::to_array<std::uint16_t>({0, 1, 65535})) {
    AcceptorOptions options;
    options.loop_index = loop;
    acceptors.push_back(std::make_unique<Acceptor>(
        world.server.executor(), world.server.network(), options,
        [&](ServerSession& session) {
          return std::make_unique<TestHandler>(session, log);
        },
        base::Logger()));
    const auto port = static_cast<std::uint16_t>(9876 + acceptors.size() - 1);
    REQUIRE(acceptors.back()->listen({RpcWorld::kServerAddress, port}));
    CHECK(acceptors.back()->local().port == port);
    for (int i = 0; i < 2; ++i) {
      world.raw_clients.push_back(std::make_unique<RawEnd>());
      RawEnd& end = *world.raw_clients.back();
      world.operations.push_back(world.client.network().connect(
          acceptors.back()->local(), 1s, {}, [&end](auto connection) {
            REQUIRE(connection);
            end.take(std::move(*connection));
            end.say(preface_text());
          }));
    }
  }
  world.world.run_for(100ms);
  REQUIRE(log.sessions.size() == 6);
  const std::set<std::uint64_t> ids(log.sessions.begin(), log.sessions.end());
  CHECK(ids.size() == 6);
  CHECK_FALSE(ids.contains(0));

  std::set<std::uint64_t> seen;
  for (const auto& acceptor : acceptors) {
    CHECK(acceptor->connection_count() == 2);
    acceptor->for_each([&](ServerSession& session) {
      CHECK(acceptor->find(session.id()) == &session);
      seen.insert(session.id());
    });
  }
  CHECK(seen == ids);
  const std::uint64_t first = *ids.begin();
  CHECK(acceptors[1]->find(first) == nullptr);
  for (const auto& client : world.raw_clients) client->hang_up();
  world.world.run_for(100ms);
  CHECK(acceptors[0]->find(first) == nullptr);
}

TEST_CASE("close_all sends what was said last, then ends every session") {
  RpcWorld world;
  world.serve();
  REQUIRE(world.connect());
  world.acceptor->stop_listening();
  world.acceptor->for_each([](ServerSession& session) {
    session.push(FrameKind::kDrainNotice,
                 codec::encode(model::DrainNotice{"SIGTERM"}));
  });
  world.acceptor->close_all();
  world.world.run_for(3s);
  CHECK(world.observer.pushed == std::vector{FrameKind::kDrainNotice});
  CHECK(world.observer.disconnected.size() == 1);
  CHECK(world.log.closed == std::vector{transport::CloseReason::kLocal});
  CHECK(world.acceptor->connection_count() == 0);

  Outcome outcome;
  world.channel->call(FrameKind::kPing, {}, 1s, outcome.callback());
  world.world.run_for(1s);
  CHECK(outcome.error->code == base::ErrorCode::kUnavailable);
}

TEST_CASE("a handler hears why its client went") {
  RpcWorld world;
  world.serve();
  REQUIRE(world.connect());
  SUBCASE("it closed") {
    world.channel.reset();
    world.world.run_for(100ms);
    CHECK(world.log.closed == std::vector{transport::CloseReason::kPeerClosed});
  }
  SUBCASE("it crashed") {
    world.client.crash();
    world.world.run_for(100ms);
    CHECK(world.log.closed == std::vector{transport::CloseReason::kPeerReset});
  }
  SUBCASE("the acceptor went first") {
    world.acceptor.reset();
    CHECK(world.log.closed == std::vector{transport::CloseReason::kLocal});
  }
}

TEST_CASE("an address in use is an error with the address") {
  RpcWorld world;
  world.serve();
  Acceptor second(
      world.server.executor(), world.server.network(), {},
      [](ServerSession&) { return nullptr; }, base::Logger());
  const auto listening = second.listen(world.endpoint());
  REQUIRE_FALSE(listening);
  CHECK(listening.error().message.find("10.0.0.1:9876") != std::string::npos);
}

}  // namespace
}  // namespace waypost::rpc
