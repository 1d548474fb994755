#ifndef WAYPOST_TESTS_WIRE_TRANSPORT_FIXTURES_H_
#define WAYPOST_TESTS_WIRE_TRANSPORT_FIXTURES_H_

// Real sockets on loopback, a real loop, and no sleeping: a test runs its loop
// until a condition holds, and fails after a deadline that no machine needs.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "wire/transport/loop.h"

namespace waypost::transport::test {

using namespace std::chrono_literals;

inline constexpr auto kDeadline = std::chrono::seconds(20);

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

inline std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Runs `loop` until `condition` holds after some turn. There is a turn every
// few milliseconds at least, because a condition may look at sockets of the
// test, which do not wake the loop.
inline void run_until(Loop& loop, const std::function<bool()>& condition,
                      base::Duration deadline = kDeadline) {
  bool late = false;
  const auto timer = loop.run_after(deadline, [&] {
    late = true;
    loop.stop();
  });
  std::unique_ptr<base::Timer> tick;
  const std::function<void()> again = [&] {
    tick = loop.run_after(5ms, again);
  };
  again();
  loop.set_turn_hook([&] {
    if (condition()) loop.stop();
  });
  if (!condition()) loop.run();
  loop.set_turn_hook(nullptr);
  REQUIRE_FALSE(late);
}

// Keeps what happened to one connection; tests put their own wishes in the
// functions.
class Recorder : public ConnectionHandler {
 public:
  std::size_t on_bytes(std::span<const std::byte> bytes) override {
    ++calls;
    if (consume) return consume(bytes);
    received += text_of(bytes);
    return bytes.size();
  }
  void on_closed(CloseReason why, const base::Error& why_text) override {
    REQUIRE_FALSE(reason.has_value());
    reason = why;
    error = why_text;
    if (closed) closed();
  }

  std::function<std::size_t(std::span<const std::byte>)> consume;
  std::function<void()> closed;
  std::string received;
  int calls = 0;
  std::optional<CloseReason> reason;
  base::Error error;
};

// A connection and its recorder, which is its handler from the start.
struct End {
  explicit End(std::unique_ptr<Connection> opened)
      : connection(std::move(opened)) {}
  void start() { connection->start(&recorder); }
  Connection* operator->() { return connection.get(); }

  Recorder recorder;
  std::unique_ptr<Connection> connection;
};

inline std::unique_ptr<Listener> listen_on(
    Loop& loop, AcceptCallback on_accept, const ListenOptions& options = {},
    const std::string& host = "127.0.0.1") {
  auto listener =
      loop.network().listen({host, 0}, options, std::move(on_accept));
  REQUIRE_MESSAGE(listener.has_value(), listener.error().to_string());
  return std::move(*listener);
}

// Runs the loop until the connect has an outcome.
inline base::Result<std::unique_ptr<Connection>> connect_to(
    Loop& loop, const base::Endpoint& endpoint,
    base::Duration deadline = kDeadline,
    const ConnectionOptions& options = {}) {
  std::optional<base::Result<std::unique_ptr<Connection>>> outcome;
  const auto operation = loop.network().connect(
      endpoint, deadline, options,
      [&](auto result) { outcome.emplace(std::move(result)); });
  run_until(loop, [&] { return outcome.has_value(); });
  return std::move(*outcome);
}

// Two connected ends on one loop, not started.
struct Pair {
  explicit Pair(Loop& loop, const ConnectionOptions& server_options = {},
                const ConnectionOptions& client_options = {},
                const std::string& host = "127.0.0.1") {
    ListenOptions options;
    options.connection = server_options;
    std::unique_ptr<Connection> accepted;
    const auto listener = listen_on(
        loop, [&](auto connection) { accepted = std::move(connection); },
        options, host);
    auto connected =
        connect_to(loop, listener->local(), kDeadline, client_options);
    REQUIRE_MESSAGE(connected.has_value(), connected.error().to_string());
    run_until(loop, [&] { return accepted != nullptr; });
    client = std::make_unique<End>(std::move(*connected));
    server = std::make_unique<End>(std::move(accepted));
  }

  std::unique_ptr<End> client;
  std::unique_ptr<End> server;
};

}  // namespace waypost::transport::test

#endif  // WAYPOST_TESTS_WIRE_TRANSPORT_FIXTURES_H_
