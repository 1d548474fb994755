#ifndef WAYPOST_TESTS_WIRE_RPC_RPC_WORLD_H_
#define WAYPOST_TESTS_WIRE_RPC_RPC_WORLD_H_

// A server and a client on the simulated network, and raw ends of connections
// for bytes that no honest peer sends.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/sim/sim_world.h"
#include "wire/codec/native.h"
#include "wire/rpc/acceptor.h"
#include "wire/rpc/channel.h"

namespace waypost::rpc {

using namespace std::chrono_literals;
using codec::FrameKind;

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

inline model::HelloReply hello_reply() {
  model::HelloReply reply;
  reply.server_name = "ns";
  reply.incarnation = model::Incarnation(7);
  return reply;
}

// --- The server's side ---

struct Request {
  FrameKind kind{};
  std::uint64_t id = 0;
  std::string payload;
};

// What all sessions of an acceptor did.
struct ServerLog {
  std::function<void(ServerSession&, const Request&)> answer =
      [](ServerSession& session, const Request& request) {
        session.reply(request.kind, 0, request.id, request.payload);
      };
  bool answers_hello = true;
  std::vector<Request> requests;  // but hello
  std::vector<std::uint64_t> sessions;
  std::vector<transport::CloseReason> closed;
};

class TestHandler : public SessionHandler {
 public:
  TestHandler(ServerSession& session, ServerLog& log)
      : session_(session), log_(log) {
    log.sessions.push_back(session.id());
  }

  void on_request(const codec::FrameView& frame) override {
    const Request request{
        frame.header.kind, frame.header.correlation_id,
        std::string(reinterpret_cast<const char*>(frame.payload.data()),
                    frame.payload.size())};
    if (request.kind == FrameKind::kHello) {
      if (!log_.answers_hello) return;
      return session_.reply(FrameKind::kHello, 0, request.id,
                            codec::encode(hello_reply()));
    }
    log_.requests.push_back(request);
    log_.answer(session_, request);
  }
  void on_closed(transport::CloseReason reason) override {
    log_.closed.push_back(reason);
  }

 private:
  ServerSession& session_;
  ServerLog& log_;
};

// --- The client's side ---

struct ObserverLog : ChannelObserver {
  void on_connected(const model::HelloReply& reply) override {
    connected.push_back(reply);
    if (then_connected) then_connected();
  }
  void on_disconnected(const base::Error& error) override {
    disconnected.push_back(error);
    if (then_disconnected) then_disconnected();
  }
  void on_push(FrameKind kind, std::span<const std::byte>) override {
    pushed.push_back(kind);
    if (then_pushed) then_pushed();
  }

  std::vector<model::HelloReply> connected;
  std::vector<base::Error> disconnected;
  std::vector<FrameKind> pushed;
  std::function<void()> then_connected;
  std::function<void()> then_disconnected;
  std::function<void()> then_pushed;
};

// How one call went.
struct Outcome {
  std::vector<std::string> parts;  // payloads
  std::optional<base::Error> error;
  bool done = false;
  int calls = 0;
  std::function<void()> then;  // after each part

  AnswerCallback callback() {
    return [this](base::Result<AnswerPart> part) {
      CHECK_FALSE(done);
      ++calls;
      done = !part || part->last;
      if (part) {
        parts.emplace_back(reinterpret_cast<const char*>(part->payload.data()),
                           part->payload.size());
      } else {
        error = part.error();
      }
      if (then) then();
    };
  }
};

// --- Raw ends ---

// One end of a connection that says what it is told to and remembers.
class RawEnd : public transport::ConnectionHandler {
 public:
  void take(std::unique_ptr<transport::Connection> connection) {
    connection_ = std::move(connection);
    connection_->start(this);
  }
  void say(std::string_view text) { connection_->write(bytes_of(text)); }
  void hang_up() { connection_->close(); }
  bool connected() const { return connection_ != nullptr; }

  // The complete frames heard so far, after `skip` bytes.
  std::vector<Request> frames(std::size_t skip = 0) const {
    std::vector<Request> found;
    std::vector<std::byte> rest(bytes_of(heard).begin(), bytes_of(heard).end());
    std::size_t used = std::min(skip, rest.size());
    while (true) {
      const auto scan = codec::scan_frame(std::span(rest).subspan(used),
                                          codec::kPayloadMaxBytesDefault);
      if (scan.outcome != codec::FrameScan::Outcome::kFrame) return found;
      used += scan.consumed;
      found.push_back(
          {scan.frame.header.kind, scan.frame.header.correlation_id,
           std::string(reinterpret_cast<const char*>(scan.frame.payload.data()),
                       scan.frame.payload.size())});
    }
  }

  std::size_t on_bytes(std::span<const std::byte> bytes) override {
    heard.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (then_heard) then_heard();
    return bytes.size();
  }
  void on_closed(transport::CloseReason reason, const base::Error&) override {
    closed = reason;
  }

  std::string heard;
  std::optional<transport::CloseReason> closed;
  std::function<void()> then_heard;

 private:
  std::unique_ptr<transport::Connection> connection_;
};

inline base::Error error_in(const Request& frame) {
  REQUIRE(frame.kind == FrameKind::kError);
  const auto error = codec::decode<base::Error>(bytes_of(frame.payload));
  REQUIRE(error.has_value());
  return *error;
}

// --- Everything together ---

class RpcWorld {
 public:
  static constexpr const char* kServerAddress = "10.0.0.1";

  explicit RpcWorld(sim::WorldOptions options = {})
      : world(options),
        server(world.add_node("ns", kServerAddress)),
        client(world.add_node("app", "10.0.0.2")) {}

  base::Endpoint endpoint() const { return {kServerAddress, 9876}; }

  void serve(AcceptorOptions options = {}, base::Logger logger = {}) {
    acceptor = std::make_unique<Acceptor>(
        server.executor(), server.network(), options,
        [this](ServerSession& session) {
          return std::make_unique<TestHandler>(session, log);
        },
        logger);
    REQUIRE(acceptor->listen(endpoint()));
  }

  // A server that is a script: takes connections, one after another.
  void serve_raw() {
    auto listening = server.network().listen(
        endpoint(), {},
        [this](std::unique_ptr<transport::Connection> connection) {
          raw_servers.push_back(std::make_unique<RawEnd>());
          raw_servers.back()->take(std::move(connection));
          if (then_raw_accepted) then_raw_accepted(*raw_servers.back());
        });
    REQUIRE(listening);
    raw_listener = std::move(*listening);
  }

  void open_channel(ChannelOptions options = {}) {
    channel = std::make_unique<Channel>(client.executor(), client.network(),
                                        endpoint(), options, &observer,
                                        base::Logger());
  }
  bool connect(ChannelOptions options = {}) {
    open_channel(options);
    channel->connect();
    return world.run_until([&] { return !observer.connected.empty(); }, 5s);
  }

  RawEnd& connect_raw() {
    raw_clients.push_back(std::make_unique<RawEnd>());
    RawEnd& end = *raw_clients.back();
    operations.push_back(
        client.network().connect(endpoint(), 5s, {}, [&end](auto connection) {
          REQUIRE(connection);
          end.take(std::move(*connection));
        }));
    REQUIRE(world.run_until([&] { return end.connected(); }, 5s));
    return end;
  }

  sim::SimWorld world;
  sim::SimNode& server;
  sim::SimNode& client;
  ServerLog log;
  ObserverLog observer;
  std::unique_ptr<transport::Listener> raw_listener;
  std::vector<std::unique_ptr<RawEnd>> raw_servers;
  std::function<void(RawEnd&)> then_raw_accepted;
  std::vector<std::unique_ptr<RawEnd>> raw_clients;
  std::vector<std::unique_ptr<transport::Operation>> operations;
  std::unique_ptr<Acceptor> acceptor;
  std::unique_ptr<Channel> channel;
};

inline std::string preface_text() {
  const codec::Preface preface = codec::encode_preface();
  return {reinterpret_cast<const char*>(preface.data()), preface.size()};
}

inline std::string hello_frame(std::uint64_t id = 1) {
  return codec::make_frame(FrameKind::kHello, 0, id,
                           codec::encode(model::HelloRequest{}));
}

}  // namespace waypost::rpc

#endif  // WAYPOST_TESTS_WIRE_RPC_RPC_WORLD_H_
