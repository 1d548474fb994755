#include <cstdint>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "tests/wire/transport/allocation_count.h"
#include "tests/wire/transport/fixtures.h"
#include "tests/wire/transport/raw_peer.h"
#include "wire/transport/uv_connection.h"

namespace waypost::transport::test {
namespace {

// Answers everything with itself.
void echo(End& end) {
  end.recorder.consume = [&](std::span<const std::byte> bytes) {
    end.connection->write(bytes);
    return bytes.size();
  };
}

// A message as the frames above: its length, then as many bytes.
std::string message(std::size_t length) {
  std::string text(8 + length, '\0');
  for (int i = 0; i < 8; ++i) {
    text[static_cast<std::size_t>(i)] = static_cast<char>(length >> (8 * i));
  }
  for (std::size_t i = 0; i < length; ++i) {
    text[8 + i] = static_cast<char>(i * 31 + i / 251);
  }
  return text;
}

// Consumes whole messages only, and checks where each of them lies.
struct MessageReader {
  std::size_t operator()(std::span<const std::byte> bytes) {
    std::size_t consumed = 0;
    while (bytes.size() - consumed >= 8) {
      const auto rest = bytes.subspan(consumed);
      std::size_t length = 0;
      for (int i = 7; i >= 0; --i) {
        length = length << 8U | std::to_integer<std::size_t>(
                                    rest[static_cast<std::size_t>(i)]);
      }
      if (rest.size() - 8 < length) break;
      aligned =
          aligned && reinterpret_cast<std::uintptr_t>(rest.data()) % 8 == 0;
      messages.push_back(text_of(rest.first(8 + length)));
      consumed += 8 + length;
    }
    return consumed;
  }
  std::vector<std::string> messages;
  bool aligned = true;
};

// The same socket option at both ends of a pair, from its descriptor by way of
// its addresses: the interface does not show descriptors.
int option_of_socket(const base::Endpoint& local, const base::Endpoint& peer,
                     int level, int name) {
  for (int descriptor = 0; descriptor < 256; ++descriptor) {
    sockaddr_in own{};
    sockaddr_in other{};
    socklen_t size = sizeof own;
    if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&own), &size) != 0)
      continue;
    size = sizeof other;
    if (getpeername(descriptor, reinterpret_cast<sockaddr*>(&other), &size) !=
        0)
      continue;
    if (ntohs(own.sin_port) != local.port || ntohs(other.sin_port) != peer.port)
      continue;
    int value = -1;
    size = sizeof value;
    REQUIRE(getsockopt(descriptor, level, name, &value, &size) == 0);
    return value;
  }
  FAIL("no such socket");
  return -1;
}

}  // namespace

TEST_CASE("what one end writes arrives at the other, and the answer comes") {
  const auto loop = Loop::create();
  Pair pair(*loop);
  echo(*pair.server);
  pair.server->start();
  pair.client->start();
  pair.client->connection->write(bytes_of("hello"));
  run_until(*loop, [&] { return pair.client->recorder.received == "hello"; });
  CHECK(pair.client->connection->peer() == pair.server->connection->local());
  CHECK(pair.server->connection->peer() == pair.client->connection->local());
}

TEST_CASE("IPv6 works the same") {
  const auto loop = Loop::create();
  Pair pair(*loop, {}, {}, "::1");
  echo(*pair.server);
  pair.server->start();
  pair.client->start();
  pair.client->connection->write(bytes_of("hello"));
  run_until(*loop, [&] { return pair.client->recorder.received == "hello"; });
  CHECK(pair.client->connection->peer().host == "::1");
  CHECK(pair.server->connection->peer().host == "::1");
}

TEST_CASE("an IPv4 client of an IPv6 listener shows by its IPv4 address") {
  const auto loop = Loop::create();
  std::unique_ptr<Connection> accepted;
  const auto listener = listen_on(
      *loop, [&](auto connection) { accepted = std::move(connection); }, {},
      "::");
  const RawPeer peer({"127.0.0.1", listener->local().port});
  run_until(*loop, [&] { return accepted != nullptr; });
  CHECK(accepted->peer().host == "127.0.0.1");
  CHECK(accepted->local().host == "127.0.0.1");
}

TEST_CASE("a message in pieces comes whole, aligned, in every way of cutting") {
  const auto loop = Loop::create();
  for (const std::size_t piece : {1U, 7U, 8U, 100U, 3000U}) {
    Pair pair(*loop);
    MessageReader reader;
    pair.server->recorder.consume = [&](auto bytes) { return reader(bytes); };
    pair.server->start();
    pair.client->start();
    std::vector<std::string> messages;
    std::string stream;
    for (const std::size_t length : {0U, 8U, 40U, 800U, 6000U, 16U}) {
      if (piece == 1 && length > 1000) continue;
      messages.push_back(message(length));
      stream += messages.back();
    }
    std::size_t sent = 0;
    // The next piece goes out when the last one was read, so that the kernel
    // cannot put them together.
    int calls_seen = -1;
    run_until(*loop, [&] {
      if (pair.server->recorder.calls != calls_seen && sent < stream.size()) {
        calls_seen = pair.server->recorder.calls;
        pair.client->connection->write(
            bytes_of(std::string_view(stream).substr(sent, piece)));
        sent += piece;
      }
      return reader.messages.size() == messages.size();
    });
    CHECK(reader.messages == messages);
    CHECK(reader.aligned);
  }
}

TEST_CASE("a message of 16 MiB arrives whole and its memory is given back") {
  const auto loop = Loop::create();
  base::ByteBudget budget(64 << 20);
  ConnectionOptions options;
  options.input_budget = &budget;
  Pair pair(*loop, options);
  MessageReader reader;
  std::size_t most_held = 0;
  pair.server->recorder.consume = [&](auto bytes) {
    most_held = std::max(most_held, budget.used());
    return reader(bytes);
  };
  pair.server->start();
  pair.client->start();
  const std::string big = message(16 << 20);
  const std::string after = message(24);
  pair.client->connection->write(bytes_of(big));
  pair.client->connection->write(bytes_of(after));
  run_until(*loop, [&] { return reader.messages.size() == 2; });
  CHECK(reader.messages[0] == big);
  CHECK(reader.messages[1] == after);
  CHECK(reader.aligned);
  CHECK(most_held <= (17U << 20U));
  CHECK(budget.used() == 0);
}

TEST_CASE("all that is written during one on_bytes goes out in one write") {
  const auto loop = Loop::create();
  std::unique_ptr<End> server;
  const auto listener = listen_on(*loop, [&](auto connection) {
    server = std::make_unique<End>(std::move(connection));
    server->recorder.consume = [&](std::span<const std::byte> bytes) {
      for (std::size_t i = 0; i < bytes.size(); ++i) {
        server->connection->write(bytes_of("an answer "));
      }
      CHECK(server->connection->unsent_bytes() == 10 * bytes.size());
      return bytes.size();
    };
    server->start();
  });
  RawPeer peer(listener->local());
  peer.send("12345678");
  std::string answers;
  run_until(*loop, [&] { return (answers += peer.receive()).size() == 80; });
  CHECK(peer.data_segments_received() == 1);
  CHECK(server->connection->unsent_bytes() == 0);
}

TEST_CASE("a burst larger than the cork arrives complete and in order") {
  const auto loop = Loop::create();
  Pair pair(*loop);
  std::string expected;
  pair.server->recorder.consume = [&](auto bytes) {
    for (std::size_t i = 0; i < 3000; ++i) {
      // Some larger than the cork itself.
      const std::string answer(i % 1000 == 999 ? 300'000 : i % 300,
                               static_cast<char>('a' + i % 26));
      expected += answer;
      pair.server->connection->write(bytes_of(answer));
    }
    return bytes.size();
  };
  pair.server->start();
  pair.client->start();
  pair.client->connection->write(bytes_of("?"));
  run_until(*loop, [&] {
    return !expected.empty() &&
           pair.client->recorder.received.size() >= expected.size();
  });
  CHECK((pair.client->recorder.received == expected));
}

TEST_CASE("a write outside on_bytes goes out at once") {
  const auto loop = Loop::create();
  std::unique_ptr<End> server;
  const auto listener = listen_on(*loop, [&](auto connection) {
    server = std::make_unique<End>(std::move(connection));
    server->start();
  });
  RawPeer peer(listener->local());
  run_until(*loop, [&] { return server != nullptr; });
  server->connection->write(bytes_of("push"));
  CHECK(server->connection->unsent_bytes() == 0);
  std::string got;
  run_until(*loop, [&] { return (got += peer.receive()) == "push"; });
}

TEST_CASE("writing to another connection within on_bytes is not corked") {
  const auto loop = Loop::create();
  Pair left(*loop);
  Pair right(*loop);
  std::string events;
  left.server->recorder.consume = [&](auto bytes) {
    right.server->connection->write(bytes);
    left.server->connection->write(bytes_of("done"));
    return bytes.size();
  };
  for (Pair* pair : {&left, &right}) {
    pair->server->start();
    pair->client->start();
  }
  left.client->connection->write(bytes_of("forward me"));
  run_until(*loop, [&] {
    return left.client->recorder.received == "done" &&
           right.client->recorder.received == "forward me";
  });
}

TEST_CASE("serving a request takes nothing from the heap") {
  const auto loop = Loop::create();
  Pair pair(*loop);
  echo(*pair.server);
  int left = 2000;
  std::size_t allocations_at_start = 0;
  std::size_t allocations_at_end = 0;
  pair.client->recorder.consume = [&](std::span<const std::byte> bytes) {
    if (left == 1000) allocations_at_start = allocation_count();
    if (--left > 0) {
      pair.client->connection->write(bytes);
    } else {
      allocations_at_end = allocation_count();
      loop->stop();
    }
    return bytes.size();
  };
  pair.server->start();
  pair.client->start();
  pair.client->connection->write(bytes_of(std::string(64, 'r')));
  const auto deadline = loop->run_after(kDeadline, [&] { loop->stop(); });
  loop->run();
  REQUIRE(left == 0);
  CHECK(allocations_at_end == allocations_at_start);
}

TEST_CASE("100 000 idle connections fit into 64 MiB") {
  CHECK(100'000 * (sizeof(UvConnection) + sizeof(uv_tcp_t)) <= 64U << 20U);
}

TEST_CASE("input not consumed comes again in front of what arrives later") {
  const auto loop = Loop::create();
  Pair pair(*loop);
  std::vector<std::string> offers;
  pair.server->recorder.consume = [&](auto bytes) -> std::size_t {
    offers.push_back(text_of(bytes));
    return offers.size() == 1 ? 2 : bytes.size();
  };
  pair.server->start();
  pair.client->start();
  pair.client->connection->write(bytes_of("abcd"));
  run_until(*loop, [&] { return offers.size() == 1; });
  pair.client->connection->write(bytes_of("ef"));
  run_until(*loop, [&] { return offers.size() == 2; });
  CHECK(offers == std::vector<std::string>{"abcd", "cdef"});
}

TEST_CASE("reading paused within on_bytes: the rest comes after resume alone") {
  const auto loop = Loop::create();
  Pair pair(*loop);
  std::vector<std::string> offers;
  pair.server->recorder.consume = [&](auto bytes) -> std::size_t {
    offers.push_back(text_of(bytes));
    if (offers.size() == 1) pair.server->connection->pause_reading();
    return offers.size() == 1 ? 1 : bytes.size();
  };
  pair.server->start();
  pair.client->start();
  pair.client->connection->write(bytes_of("ab"));
  run_until(*loop, [&] { return offers.size() == 1; });
  pair.server->connection->resume_reading();
  CHECK(offers.size() == 1);
  run_until(*loop, [&] { return offers.size() == 2; });
  CHECK(offers[1] == "b");
}

TEST_CASE("a paused connection delivers nothing, a resumed one everything") {
  const auto loop = Loop::create();
  Pair pair(*loop);
  pair.server->start();
  pair.client->start();
  pair.server->connection->pause_reading();
  pair.client->connection->write(bytes_of("abc"));
  pair.client->connection->close();
  run_until(*loop, [&] { return pair.client->recorder.reason.has_value(); });
  int turns = 0;
  std::function<void()> again = [&] {
    if (++turns < 5) loop->post(again);
  };
  again();
  run_until(*loop, [&] { return turns == 5; });
  CHECK(pair.server->recorder.received.empty());
  CHECK_FALSE(pair.server->recorder.reason.has_value());
  pair.server->connection->resume_reading();
  run_until(*loop, [&] { return pair.server->recorder.reason.has_value(); });
  CHECK(pair.server->recorder.received == "abc");
  CHECK(pair.server->recorder.reason == CloseReason::kPeerClosed);
}

TEST_CASE("socket options hold at both ends, the accepted one included") {
  const auto loop = Loop::create();
  ConnectionOptions options;
  options.keepalive = 20s;
  options.user_timeout = 4500ms;
  const Pair pair(*loop, options, options);
  for (const End* end : {pair.client.get(), pair.server.get()}) {
    const auto option = [&](int level, int name) {
      return option_of_socket(end->connection->local(), end->connection->peer(),
                              level, name);
    };
    CHECK(option(IPPROTO_TCP, TCP_NODELAY) != 0);
    CHECK(option(SOL_SOCKET, SO_KEEPALIVE) != 0);
    CHECK(option(IPPROTO_TCP, TCP_KEEPIDLE) == 20);
    CHECK(option(IPPROTO_TCP, TCP_KEEPINTVL) == 5);
    CHECK(option(IPPROTO_TCP, TCP_KEEPCNT) == 4);
    CHECK(option(IPPROTO_TCP, TCP_USER_TIMEOUT) == 4500);
  }
  const Pair plain(*loop);
  CHECK(option_of_socket(plain.server->connection->local(),
                         plain.server->connection->peer(), SOL_SOCKET,
                         SO_KEEPALIVE) == 0);
  CHECK(option_of_socket(plain.server->connection->local(),
                         plain.server->connection->peer(), IPPROTO_TCP,
                         TCP_NODELAY) != 0);
}

}  // namespace waypost::transport::test
