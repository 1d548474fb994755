#include "tests/wire/transport/fixtures.h"
#include "tests/wire/transport/raw_peer.h"
#include "wire/transport/io_buffers.h"
#include "wire/transport/large_reads.h"

namespace waypost::transport::test {
namespace {

// A started server end whose peer is the test itself.
struct Served {
  explicit Served(Loop& loop, const ConnectionOptions& connection = {}) {
    ListenOptions options;
    options.connection = connection;
    const auto listener = listen_on(
        loop,
        [&](auto accepted) {
          end = std::make_unique<End>(std::move(accepted));
        },
        options);
    peer = std::make_unique<RawPeer>(listener->local(), 64 * 1024);
    run_until(loop, [&] { return end != nullptr; });
  }
  std::unique_ptr<End> end;
  std::unique_ptr<RawPeer> peer;
};

}  // namespace

TEST_CASE("a peer that asks and does not read is not read from any more") {
  const auto loop = Loop::create();
  ConnectionOptions options;
  options.write_high_water_bytes = 256 * 1024;
  Served served(*loop, options);
  const std::string answer(100'000, 'a');
  std::size_t asked = 0;
  served.end->recorder.consume = [&](std::span<const std::byte> bytes) {
    // One question at a time, as many as there are.
    asked += bytes.size();
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      served.end->connection->write(bytes_of(answer));
    }
    return bytes.size();
  };
  served.end->start();
  // Ask until the server stops listening; what it has not read stays with it.
  std::size_t sent = 0;
  run_until(*loop, [&] {
    if (served.end->connection->unsent_bytes() > 256 * 1024) return true;
    if (asked == sent) {
      served.peer->send("?");
      ++sent;
    }
    return false;
  });
  served.peer->send("?????");
  sent += 5;
  int turns = 0;
  std::function<void()> again = [&] {
    if (++turns < 10) loop->post(again);
  };
  again();
  run_until(*loop, [&] { return turns == 10; });
  CHECK(asked == sent - 5);
  CHECK_FALSE(served.end->recorder.reason.has_value());
  // It reads: everything comes, and the last questions are answered too.
  std::size_t got = 0;
  run_until(*loop, [&] {
    got += served.peer->receive().size();
    return got == sent * answer.size();
  });
  CHECK(asked == sent);
}

TEST_CASE("a peer that leaves more than the limit unread is closed") {
  const auto loop = Loop::create();
  ConnectionOptions options;
  options.write_limit_bytes = 4 << 20;
  Served served(*loop, options);
  served.end->start();
  const std::string part(100'000, 'a');
  std::size_t most = 0;
  for (int i = 0; i < 1000 && served.end->connection->is_open(); ++i) {
    served.end->connection->write(bytes_of(part));
    most = std::max(most, served.end->connection->unsent_bytes());
  }
  CHECK_FALSE(served.end->connection->is_open());
  CHECK_FALSE(served.end->recorder.reason.has_value());
  CHECK(most <= (4U << 20U));
  run_until(*loop, [&] { return served.end->recorder.reason.has_value(); });
  CHECK(served.end->recorder.reason == CloseReason::kSlowReader);
  CHECK(served.end->recorder.error.code == base::ErrorCode::kBusy);
}

TEST_CASE("one burst of answers above the limit closes, in on_bytes too") {
  const auto loop = Loop::create();
  ConnectionOptions options;
  options.write_limit_bytes = 4 << 20;
  Served served(*loop, options);
  served.end->recorder.consume = [&](auto bytes) {
    const std::string part(50'000, 'a');
    for (int i = 0; i < 1000; ++i) {
      served.end->connection->write(bytes_of(part));
    }
    return bytes.size();
  };
  served.end->start();
  served.peer->send("?");
  run_until(*loop, [&] { return served.end->recorder.reason.has_value(); });
  CHECK(served.end->recorder.reason == CloseReason::kSlowReader);
}

TEST_CASE("output that stays unacknowledged for the user timeout ends it") {
  const auto loop = Loop::create();
  ConnectionOptions options;
  options.user_timeout = 300ms;
  Served served(*loop, options);
  served.end->start();
  const std::string part(1 << 20, 'a');
  for (int i = 0; i < 32; ++i) served.end->connection->write(bytes_of(part));
  run_until(*loop, [&] { return served.end->recorder.reason.has_value(); });
  CHECK(served.end->recorder.reason == CloseReason::kTimedOut);
  CHECK(served.end->recorder.error.code == base::ErrorCode::kTimedOut);
}

TEST_CASE("unfinished input above the limit closes") {
  const auto loop = Loop::create();
  ConnectionOptions options;
  options.read_limit_bytes = 100'000;
  Served served(*loop, options);
  std::size_t most = 0;
  served.end->recorder.consume = [&](std::span<const std::byte> bytes) {
    most = std::max(most, bytes.size());
    return std::size_t{0};
  };
  served.end->start();
  const std::string endless(50'000, 'e');
  run_until(*loop, [&] {
    served.peer->send_some(endless);
    return served.end->recorder.reason.has_value();
  });
  CHECK(served.end->recorder.reason == CloseReason::kInputTooLarge);
  CHECK(served.end->recorder.error.code == base::ErrorCode::kTooLarge);
  CHECK(most >= 50'000);
  CHECK(most <= 100'000 + 128 * 1024);
}

TEST_CASE("many connections share one budget; who exceeds it is closed") {
  const auto loop = Loop::create();
  base::ByteBudget budget(300'000);
  ConnectionOptions options;
  options.input_budget = &budget;
  std::vector<std::unique_ptr<Served>> all;
  for (int i = 0; i < 5; ++i) {
    all.push_back(std::make_unique<Served>(*loop, options));
    all.back()->end->recorder.consume = [](auto) { return std::size_t{0}; };
    all.back()->end->start();
  }
  // Each of them alone would be far below its own limit.
  const std::string part(10'000, 'p');
  const auto closed = [&] {
    return std::count_if(all.begin(), all.end(), [](const auto& each) {
      return each->end->recorder.reason.has_value();
    });
  };
  int rounds = 0;
  run_until(*loop, [&] {
    CHECK(budget.used() <= budget.limit());
    for (const auto& each : all) each->peer->send_some(part);
    return ++rounds > 100 || closed() > 0;
  });
  run_until(*loop, [&] { return closed() > 0; });
  for (const auto& each : all) {
    if (!each->end->recorder.reason) continue;
    CHECK(each->end->recorder.reason == CloseReason::kInputTooLarge);
  }
  all.clear();
  CHECK(budget.used() == 0);
}

TEST_CASE("large messages share what is read of them in one turn") {
  const auto loop = Loop::create();
  constexpr std::size_t kMessageBytes = 4 << 20;
  std::vector<std::unique_ptr<Served>> peers;
  std::size_t arrived = 0;  // of all messages
  std::size_t complete = 0;
  for (int i = 0; i < 4; ++i) {
    Recorder& recorder =
        peers.emplace_back(std::make_unique<Served>(*loop))->end->recorder;
    // Nothing is consumed before all of it is there.
    recorder.consume = [&arrived, &complete, seen = std::size_t{0}](
                           std::span<const std::byte> bytes) mutable {
      arrived += bytes.size() - std::exchange(seen, bytes.size());
      if (bytes.size() < kMessageBytes) return std::size_t{0};
      ++complete;
      return bytes.size();
    };
    peers.back()->end->start();
  }
  const std::string piece(256 * 1024, 'x');
  std::vector<std::size_t> sent(peers.size());
  std::size_t most_in_a_turn = 0;
  std::size_t before = 0;
  run_until(*loop, [&] {
    // A first read may fill the scratch buffer, for each of them.
    most_in_a_turn = std::max(most_in_a_turn, arrived - before);
    before = arrived;
    for (std::size_t i = 0; i < peers.size(); ++i) {
      sent[i] += peers[i]->peer->send_some(std::string_view(piece).substr(
          0, std::min(piece.size(), kMessageBytes - sent[i])));
    }
    return complete == peers.size();
  });
  CHECK(arrived == peers.size() * kMessageBytes);
  CHECK(most_in_a_turn <=
        LargeReads::kShareBytes + peers.size() * IoBuffers::kScratchBytes);
}

}  // namespace waypost::transport::test
