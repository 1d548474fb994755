#include "tests/wire/transport/fixtures.h"

namespace waypost::transport::test {

TEST_CASE("what one end writes arrives at the other, and the answer comes") {
  const auto loop = Loop::create();
  Pair pair(*loop);
  pair.server->recorder.consume = [&](auto bytes) {
    pair.server->connection->write(bytes);
    return bytes.size();
  };
  pair.server->start();
  pair.client->start();
  pair.client->connection->write(bytes_of("hello"));
  run_until(*loop, [&] { return pair.client->recorder.received == "hello"; });
  CHECK(pair.client->connection->peer() == pair.server->connection->local());
  CHECK(pair.server->connection->peer() == pair.client->connection->local());
}

TEST_CASE("closing one end tells both, each with its reason") {
  const auto loop = Loop::create();
  Pair pair(*loop);
  pair.server->start();
  pair.client->start();
  pair.client->connection->close();
  CHECK_FALSE(pair.client->recorder.reason.has_value());
  run_until(*loop, [&] {
    return pair.client->recorder.reason && pair.server->recorder.reason;
  });
  CHECK(pair.client->recorder.reason == CloseReason::kLocal);
  CHECK(pair.server->recorder.reason == CloseReason::kPeerClosed);
}

}  // namespace waypost::transport::test
