// The path of a request through a server's session takes no memory, and what
// arrives in one read is answered before the read returns.

#include <cstdlib>
#include <new>

#include <doctest/doctest.h>

#include "tests/wire/rpc/rpc_world.h"
#include "wire/rpc/native_stream.h"

namespace {
std::size_t allocations = 0;  // NOLINT: counted by operator new
}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace waypost::rpc {
namespace {

class CountingConnection : public transport::Connection {
 public:
  void start(transport::ConnectionHandler*) override {}
  void write(std::span<const std::byte> bytes) override {
    ++writes;
    written += bytes.size();
  }
  void close() override { open = false; }
  void close_after_flush(base::Duration) override { open = false; }
  void pause_reading() override {}
  void resume_reading() override {}
  bool output_is_high() override { return false; }
  bool is_open() const override { return open; }
  std::size_t unsent_bytes() const override { return 0; }
  const base::Endpoint& peer() const override { return endpoint_; }
  const base::Endpoint& local() const override { return endpoint_; }

  std::size_t writes = 0;
  std::size_t written = 0;
  bool open = true;

 private:
  base::Endpoint endpoint_;
};

class EchoHandler : public SessionHandler {
 public:
  explicit EchoHandler(ServerSession& session) : session_(session) {}
  void on_request(const codec::FrameView& frame) override {
    session_.reply(frame.header.kind, 0, frame.header.correlation_id,
                   {reinterpret_cast<const char*>(frame.payload.data()),
                    frame.payload.size()});
  }
  void on_closed(transport::CloseReason) override {}

 private:
  ServerSession& session_;
};

class NoClock : public base::Clock {
 public:
  base::Instant now() const override { return {}; }
  base::WallTime wall_now() const override { return {}; }
};

std::unique_ptr<SessionHandler> echo(ServerSession& session) {
  return std::make_unique<EchoHandler>(session);
}

TEST_CASE("a thousand requests of one read are answered without memory") {
  CountingConnection connection;
  NoClock clock;
  NativeStream::Settings settings{.clock = clock, .factory = echo};
  NativeStream stream(1, connection, settings);
  const std::string frame =
      codec::make_frame(FrameKind::kQueryRoutes, 0, 7, std::string(64, 'x'));
  std::string opening = preface_text() + frame;
  std::string requests;
  for (int i = 0; i < 1000; ++i) requests += frame;
  REQUIRE(stream.on_bytes(bytes_of(opening)) == opening.size());

  const std::size_t before = allocations;
  const std::size_t consumed = stream.on_bytes(bytes_of(requests));
  const std::size_t taken = allocations - before;
  CHECK(taken == 0);
  CHECK(consumed == requests.size());
  CHECK(connection.writes == 1001);
  CHECK(connection.written == frame.size() * 1001);
}

TEST_CASE("an incomplete frame is left in the connection's buffer") {
  CountingConnection connection;
  NoClock clock;
  NativeStream::Settings settings{.clock = clock, .factory = echo};
  NativeStream stream(1, connection, settings);
  const std::string bytes =
      preface_text() + codec::make_frame(FrameKind::kPing, 0, 7, "12345678");
  for (std::size_t cut = 0; cut < codec::kPrefaceBytes; ++cut) {
    CHECK(stream.on_bytes(bytes_of(bytes).first(cut)) == 0);
  }
  CHECK(stream.on_bytes(bytes_of(bytes).first(20)) == codec::kPrefaceBytes);
  const auto rest = bytes_of(bytes).subspan(codec::kPrefaceBytes);
  for (std::size_t cut = 0; cut < rest.size(); ++cut) {
    CHECK(stream.on_bytes(rest.first(cut)) == 0);
    CHECK_FALSE(stream.established());
  }
  CHECK(stream.on_bytes(rest) == rest.size());
  CHECK(stream.established());
}

}  // namespace
}  // namespace waypost::rpc
