#include <unistd.h>
#include <uv.h>

#include "tests/wire/transport/fixtures.h"
#include "tests/wire/transport/raw_peer.h"
#include "wire/transport/uv_error.h"

namespace waypost::transport::test {
namespace {

struct Served {
  explicit Served(Loop& loop, int peer_buffer = 0) {
    const auto listener = listen_on(loop, [&](auto accepted) {
      end = std::make_unique<End>(std::move(accepted));
    });
    peer = std::make_unique<RawPeer>(listener->local(), peer_buffer);
    run_until(loop, [&] { return end != nullptr; });
  }
  Recorder& recorder() { return end->recorder; }
  Connection& connection() { return *end->connection; }

  std::unique_ptr<End> end;
  std::unique_ptr<RawPeer> peer;
};

void run_some_turns(Loop& loop) {
  int turns = 0;
  std::function<void()> again = [&] {
    if (++turns < 10) loop.post(again);
  };
  again();
  run_until(loop, [&] { return turns == 10; });
}

}  // namespace

TEST_CASE("closing one end tells both, each with its reason") {
  const auto loop = Loop::create();
  Pair pair(*loop);
  pair.server->start();
  pair.client->start();
  pair.client->connection->close();
  CHECK_FALSE(pair.client->connection->is_open());
  CHECK_FALSE(pair.client->recorder.reason.has_value());
  run_until(*loop, [&] {
    return pair.client->recorder.reason && pair.server->recorder.reason;
  });
  CHECK(pair.client->recorder.reason == CloseReason::kLocal);
  CHECK(pair.client->recorder.error.code == base::ErrorCode::kCancelled);
  CHECK(pair.server->recorder.reason == CloseReason::kPeerClosed);
  CHECK(pair.server->recorder.error.code == base::ErrorCode::kUnavailable);
  CHECK(pair.server->recorder.error.message.find(
            pair.server->connection->peer().to_string()) != std::string::npos);
}

TEST_CASE("a half-closed peer gets the answers to all that it sent") {
  const auto loop = Loop::create();
  Served served(*loop, 32 * 1024);
  const std::string answer(400'000, 'a');
  served.recorder().consume = [&](std::span<const std::byte> bytes) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      served.connection().write(bytes_of(answer));
    }
    return bytes.size();
  };
  // Both the questions and the end are there before the server looks.
  served.peer->send("12345678901234567890");
  served.peer->finish_sending();
  served.end->start();
  run_until(*loop, [&] { return served.connection().unsent_bytes() > 0; });
  run_some_turns(*loop);
  CHECK_FALSE(served.recorder().reason.has_value());
  std::size_t got = 0;
  run_until(*loop, [&] {
    got += served.peer->receive().size();
    return got == 20 * answer.size() && served.recorder().reason;
  });
  CHECK(served.recorder().reason == CloseReason::kPeerClosed);
}

TEST_CASE("an unfinished message is given up when the peer closes") {
  const auto loop = Loop::create();
  Served served(*loop);
  served.recorder().consume = [](auto) { return std::size_t{0}; };
  served.end->start();
  served.peer->send("half a mess");
  served.peer->close();
  run_until(*loop, [&] { return served.recorder().reason.has_value(); });
  CHECK(served.recorder().reason == CloseReason::kPeerClosed);
  CHECK(served.recorder().calls == 1);
}

TEST_CASE("a reset is told as a reset") {
  const auto loop = Loop::create();
  Served served(*loop);
  served.end->start();
  served.peer->reset();
  run_until(*loop, [&] { return served.recorder().reason.has_value(); });
  CHECK(served.recorder().reason == CloseReason::kPeerReset);
}

TEST_CASE("what came before a reset is delivered though writing fails first") {
  const auto loop = Loop::create();
  Served served(*loop);
  served.peer->send("last words");
  served.end->start();
  served.peer->reset();
  // Neither the input nor the reset has been seen yet.
  served.connection().write(bytes_of("a push"));
  served.connection().write(bytes_of("another"));
  CHECK_FALSE(served.recorder().reason.has_value());
  run_until(*loop, [&] { return served.recorder().reason.has_value(); });
  CHECK(served.recorder().received == "last words");
  CHECK(served.recorder().reason == CloseReason::kPeerReset);
}

TEST_CASE("writing that fails while reading is paused ends it as well") {
  const auto loop = Loop::create();
  Served served(*loop);
  served.end->start();
  served.connection().pause_reading();
  served.peer->reset();
  served.connection().write(bytes_of("a push"));
  served.connection().write(bytes_of("another"));
  run_until(*loop, [&] { return served.recorder().reason.has_value(); });
  CHECK(served.recorder().reason == CloseReason::kPeerReset);
}

TEST_CASE("a connection that ended before it was started tells it then") {
  const auto loop = Loop::create();
  Served served(*loop);
  served.connection().close();
  run_some_turns(*loop);
  served.end->start();
  CHECK_FALSE(served.recorder().reason.has_value());
  run_until(*loop, [&] { return served.recorder().reason.has_value(); });
  CHECK(served.recorder().reason == CloseReason::kLocal);
}

TEST_CASE("silence is told apart from a close, whatever the kernel calls it") {
  CHECK(close_reason_of(UV_ETIMEDOUT) == CloseReason::kTimedOut);
  CHECK(close_reason_of(UV_EHOSTUNREACH) == CloseReason::kTimedOut);
  CHECK(close_reason_of(UV_ENETUNREACH) == CloseReason::kTimedOut);
  CHECK(close_reason_of(UV_ECONNRESET) == CloseReason::kPeerReset);
  CHECK(close_reason_of(UV_EPIPE) == CloseReason::kPeerReset);
  CHECK(close_reason_of(UV_EOF) == CloseReason::kPeerClosed);
  CHECK(close_reason_of(UV_EIO) == CloseReason::kIoError);
}

TEST_CASE("close after flush sends everything first, then ends locally") {
  const auto loop = Loop::create();
  Served served(*loop, 32 * 1024);
  served.end->start();
  const std::string last(20 << 20, 'l');
  served.connection().write(bytes_of(last));
  served.connection().close_after_flush(kDeadline);
  CHECK_FALSE(served.connection().is_open());
  served.connection().write(bytes_of("ignored"));
  std::size_t got = 0;
  run_until(*loop, [&] {
    got += served.peer->receive().size();
    return got == last.size();
  });
  // Our side is closed; the peer's close completes it.
  run_until(*loop, [&] { return served.peer->ended(); });
  served.peer->close();
  run_until(*loop, [&] { return served.recorder().reason.has_value(); });
  CHECK(served.recorder().reason == CloseReason::kLocal);
}

TEST_CASE("input that nobody reads does not destroy a last answer") {
  const auto loop = Loop::create();
  Served served(*loop, 32 * 1024);
  const std::string refusal(2 << 20, 'r');
  served.recorder().consume = [&](auto bytes) {
    served.connection().write(bytes_of(refusal));
    served.connection().close_after_flush(kDeadline);
    return bytes.size();
  };
  served.end->start();
  served.peer->send("?");
  std::size_t got = 0;
  run_until(*loop, [&] {
    // It goes on talking while it is being refused.
    served.peer->send_some("more and more");
    got += served.peer->receive().size();
    return got == refusal.size();
  });
  CHECK(served.recorder().calls == 1);
}

TEST_CASE(
    "close after flush ends at its deadline when the peer does not read") {
  const auto loop = Loop::create();
  Served served(*loop, 32 * 1024);
  served.end->start();
  served.connection().write(bytes_of(std::string(20 << 20, 'l')));
  served.connection().close_after_flush(50ms);
  run_until(*loop, [&] { return served.recorder().reason.has_value(); });
  CHECK(served.recorder().reason == CloseReason::kLocal);
}

TEST_CASE("close after flush does not wait long for a peer that stays") {
  const auto loop = Loop::create();
  Served served(*loop);
  served.end->start();
  served.connection().write(bytes_of("bye"));
  const auto before = loop->now();
  served.connection().close_after_flush(1h);
  run_until(*loop, [&] { return served.recorder().reason.has_value(); });
  CHECK(loop->now() - before >= 900ms);
  CHECK(served.recorder().reason == CloseReason::kLocal);
}

TEST_CASE("closing within on_bytes still sends what was written before") {
  const auto loop = Loop::create();
  Served served(*loop);
  served.recorder().consume = [&](auto bytes) {
    served.connection().write(bytes_of("answer"));
    served.connection().close();
    served.connection().write(bytes_of("ignored"));
    return bytes.size();
  };
  served.end->start();
  served.peer->send("?");
  std::string got;
  run_until(*loop, [&] {
    got += served.peer->receive();
    return served.recorder().reason && served.peer->ended();
  });
  CHECK(got == "answer");
  CHECK(served.recorder().reason == CloseReason::kLocal);
}

TEST_CASE("a connection may be destroyed in on_bytes, and no event follows") {
  const auto loop = Loop::create();
  for (const bool held : {false, true}) {
    Served served(*loop);
    std::size_t seen = 0;
    served.recorder().consume =
        [&](std::span<const std::byte> bytes) -> std::size_t {
      // Once from the shared buffer, once from the connection's own.
      if (held && bytes.size() < 20'000) return 0;
      served.connection().write(bytes_of("bye"));
      served.end->connection.reset();
      for (const auto byte : bytes) seen += byte == std::byte{'x'} ? 1 : 0;
      return 0;
    };
    served.end->start();
    const std::string part(10'000, 'x');
    std::size_t sent = 0;
    run_until(*loop, [&] {
      if (seen == 0 && sent < 30'000) {
        sent += served.peer->send_some(part);
      }
      return seen > 0;
    });
    CHECK(seen <= sent);
    run_some_turns(*loop);
    CHECK_FALSE(served.recorder().reason.has_value());
  }
}

TEST_CASE("a connection may be destroyed in on_closed") {
  const auto loop = Loop::create();
  Served served(*loop);
  bool closed = false;
  served.recorder().closed = [&] {
    served.end->connection.reset();
    closed = true;
  };
  served.end->start();
  served.peer->close();
  run_until(*loop, [&] { return closed; });
}

TEST_CASE("a connection may be destroyed while resumed input is offered") {
  const auto loop = Loop::create();
  Served served(*loop);
  int offers = 0;
  served.recorder().consume = [&](auto) -> std::size_t {
    if (++offers == 1) {
      served.connection().pause_reading();
      served.connection().resume_reading();
    } else {
      served.end->connection.reset();
    }
    return 0;
  };
  served.end->start();
  served.peer->send("abc");
  // The end of the input is there before the second offer is made, too.
  served.peer->finish_sending();
  run_until(*loop, [&] { return offers == 2; });
  run_some_turns(*loop);
  CHECK(offers == 2);
}

TEST_CASE("destroying a connection with output under way leaks nothing") {
  const auto loop = Loop::create();
  Served served(*loop, 32 * 1024);
  served.end->start();
  served.connection().write(bytes_of(std::string(20 << 20, 'l')));
  served.connection().write(bytes_of("more"));
  CHECK(served.connection().unsent_bytes() > 0);
  served.end->connection.reset();
  run_some_turns(*loop);
  CHECK_FALSE(served.recorder().reason.has_value());
}

TEST_CASE("a close that was asked for is not told once destroyed") {
  const auto loop = Loop::create();
  Served served(*loop);
  served.end->start();
  served.connection().close();
  served.end->connection.reset();
  run_some_turns(*loop);
  CHECK_FALSE(served.recorder().reason.has_value());
}

}  // namespace waypost::transport::test
