#include <set>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/wire/transport/fixtures.h"
#include "tests/wire/transport/raw_peer.h"
#include "wire/transport/port_reservation.h"

namespace waypost::transport::test {
namespace {

// No more descriptors for this process, from the construction on.
class NoDescriptorsLeft {
 public:
  NoDescriptorsLeft() {
    getrlimit(RLIMIT_NOFILE, &before_);
    const int lowest_free = ::dup(0);
    REQUIRE(lowest_free >= 0);
    ::close(lowest_free);
    rlimit limit = before_;
    limit.rlim_cur = static_cast<rlim_t>(lowest_free);
    REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  }
  ~NoDescriptorsLeft() { setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptorsLeft(const NoDescriptorsLeft&) = delete;
  NoDescriptorsLeft& operator=(const NoDescriptorsLeft&) = delete;

 private:
  rlimit before_{};
};

class CountingSink : public base::LogSink {
 public:
  void write(base::LogLevel level, base::LogComponent component,
             std::string_view message, base::LogFields) override {
    CHECK(level == base::LogLevel::kError);
    CHECK(component == base::LogComponent::kTransport);
    lines.emplace_back(message);
  }
  std::vector<std::string> lines;
};

}  // namespace

TEST_CASE("port 0 becomes a real one, which differs for each listener") {
  const auto loop = Loop::create();
  const auto one = listen_on(*loop, [](auto) {});
  const auto two = listen_on(*loop, [](auto) {});
  CHECK(one->local().port != 0);
  CHECK(one->local().port != two->local().port);
  CHECK(one->local().host == "127.0.0.1");
}

TEST_CASE("a name of this host can be listened on") {
  const auto loop = Loop::create();
  const auto listener = listen_on(
      *loop, [](auto) {}, {}, "localhost");
  CHECK(is_local_address(listener->local().host));
}

TEST_CASE("an address in use is refused with advice") {
  const auto loop = Loop::create();
  const auto first = listen_on(*loop, [](auto) {});
  const auto second = loop->network().listen(first->local(), {}, [](auto) {});
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == base::ErrorCode::kUnavailable);
  CHECK(second.error().message.find(first->local().to_string()) !=
        std::string::npos);
  CHECK(second.error().advice.find("another process") != std::string::npos);
}

TEST_CASE("an address of another host is refused with advice") {
  const auto loop = Loop::create();
  const auto listener =
      loop->network().listen({"203.0.113.7", 0}, {}, [](auto) {});
  REQUIRE_FALSE(listener.has_value());
  CHECK(listener.error().code == base::ErrorCode::kInvalidArgument);
  CHECK_FALSE(listener.error().advice.empty());
}

TEST_CASE("a name that is no host's is refused") {
  const auto loop = Loop::create();
  const auto listener =
      loop->network().listen({"no such host", 0}, {}, [](auto) {});
  REQUIRE_FALSE(listener.has_value());
  CHECK(listener.error().code == base::ErrorCode::kInvalidArgument);
}

TEST_CASE("listeners that ask for it share a port and its connections") {
  const auto loop = Loop::create();
  ListenOptions options;
  options.reuse_port = true;
  int at_first = 0;
  int at_second = 0;
  const auto first = listen_on(
      *loop, [&](auto) { ++at_first; }, options);
  const auto second = loop->network().listen(first->local(), options,
                                             [&](auto) { ++at_second; });
  REQUIRE_MESSAGE(second.has_value(), second.error().to_string());
  std::vector<std::unique_ptr<RawPeer>> peers;
  for (int i = 0; i < 64; ++i) {
    peers.push_back(std::make_unique<RawPeer>(first->local()));
  }
  run_until(*loop, [&] { return at_first + at_second == 64; });
  CHECK(at_first > 0);
  CHECK(at_second > 0);
}

TEST_CASE("a reserved port is kept for this process, and refuses meanwhile") {
  const auto loop = Loop::create();
  const auto port = PortReservation::take({"127.0.0.1", 0});
  REQUIRE_MESSAGE(port.has_value(), port.error().to_string());
  CHECK(port->endpoint().host == "127.0.0.1");
  CHECK(port->endpoint().port != 0);
  CHECK_FALSE(connect_to(*loop, port->endpoint()).has_value());

  ListenOptions options;
  options.reuse_port = true;
  bool accepted = false;
  const auto listener = loop->network().listen(port->endpoint(), options,
                                               [&](auto) { accepted = true; });
  REQUIRE_MESSAGE(listener.has_value(), listener.error().to_string());
  CHECK((*listener)->local() == port->endpoint());
  const RawPeer peer(port->endpoint());
  run_until(*loop, [&] { return accepted; });
}

TEST_CASE("a port where somebody listens is not reserved, shared or not") {
  const auto loop = Loop::create();
  ListenOptions options;
  options.reuse_port = true;
  const auto listener = listen_on(
      *loop, [](auto) {}, options);
  const auto port = PortReservation::take(listener->local());
  REQUIRE_FALSE(port.has_value());
  CHECK(port.error().code == base::ErrorCode::kUnavailable);
  CHECK(port.error().advice.find("another process") != std::string::npos);
}

TEST_CASE("a destroyed listener accepts nobody; its connections live on") {
  const auto loop = Loop::create();
  std::unique_ptr<End> end;
  auto listener = listen_on(*loop, [&](auto accepted) {
    end = std::make_unique<End>(std::move(accepted));
    end->start();
  });
  RawPeer peer(listener->local());
  run_until(*loop, [&] { return end != nullptr; });
  const base::Endpoint address = listener->local();
  listener.reset();
  CHECK_FALSE(connect_to(*loop, address).has_value());
  peer.send("still here");
  run_until(*loop, [&] { return end->recorder.received == "still here"; });
}

TEST_CASE("a listener may be destroyed in its own callback") {
  const auto loop = Loop::create();
  std::unique_ptr<Listener> listener;
  int accepted = 0;
  listener = listen_on(*loop, [&](auto) {
    listener.reset();
    ++accepted;
  });
  const RawPeer one(listener->local());
  const RawPeer two(listener->local());
  run_until(*loop, [&] { return accepted > 0; });
  bool turn = false;
  loop->post([&] { turn = true; });
  run_until(*loop, [&] { return turn; });
  CHECK(accepted == 1);
}

TEST_CASE("without descriptors newcomers are turned away and it is logged") {
  CountingSink sink;
  const base::LogLevels levels;
  ListenOptions options;
  options.logger = base::Logger(&sink, &levels, base::LogComponent::kTransport);
  const auto loop = Loop::create();
  std::vector<std::unique_ptr<Connection>> accepted;
  const auto listener = listen_on(
      *loop,
      [&](auto connection) { accepted.push_back(std::move(connection)); },
      options);
  // The undefined-behaviour sanitizer opens a pipe to look at a type that it
  // has not seen yet, which it could not do below.
  options.logger.error("ready");
  sink.lines.clear();
  std::vector<std::unique_ptr<RawPeer>> peers;
  for (int i = 0; i < 100; ++i) peers.push_back(std::make_unique<RawPeer>());
  int turns = 0;
  {
    const NoDescriptorsLeft none;
    for (const auto& peer : peers) peer->connect(listener->local());
    std::set<RawPeer*> ended;
    run_until(*loop, [&] {
      ++turns;
      for (const auto& peer : peers) {
        if (peer->ended()) ended.insert(peer.get());
      }
      return ended.size() == peers.size();
    });
  }
  CHECK(accepted.empty());
  CHECK(turns < 100);
  REQUIRE(sink.lines.size() == 1);
  CHECK(sink.lines[0].find(listener->local().to_string()) != std::string::npos);
  CHECK(sink.lines[0].find("ulimit -n") != std::string::npos);
  const RawPeer welcome(listener->local());
  run_until(*loop, [&] { return accepted.size() == 1; });
}

TEST_CASE("without even a spare descriptor the listener waits, and recovers") {
  const auto loop = Loop::create();
  std::vector<std::unique_ptr<Connection>> accepted;
  // One is left for the listening socket, so none for the spare one.
  const int reserved = ::dup(0);
  auto none = std::make_unique<NoDescriptorsLeft>();
  RawPeer* peer = nullptr;
  ::close(reserved);
  const auto listener = listen_on(*loop, [&](auto connection) {
    accepted.push_back(std::move(connection));
  });
  none.reset();
  RawPeer waiting;
  peer = &waiting;
  none = std::make_unique<NoDescriptorsLeft>();
  peer->connect(listener->local());
  int turns = 0;
  bool waited = false;
  const auto timer = loop->run_after(50ms, [&] { waited = true; });
  run_until(*loop, [&] {
    ++turns;
    return waited;
  });
  CHECK(turns < 100);
  CHECK_FALSE(peer->ended());
  none.reset();
  run_until(*loop, [&] { return accepted.size() == 1; });
}

TEST_CASE("a connect that is refused says so, with the endpoint and advice") {
  const auto loop = Loop::create();
  const ClosedPort nobody;
  const auto connected = connect_to(*loop, nobody.endpoint());
  REQUIRE_FALSE(connected.has_value());
  CHECK(connected.error().code == base::ErrorCode::kUnavailable);
  CHECK(connected.error().message ==
        "connect to " + nobody.endpoint().to_string() + ": connection refused");
  CHECK_FALSE(connected.error().advice.empty());
}

TEST_CASE("a connect that gets no answer ends at its deadline") {
  const auto loop = Loop::create();
  const HungListener hung;
  const auto before = loop->now();
  const auto connected = connect_to(*loop, hung.endpoint(), 80ms);
  REQUIRE_FALSE(connected.has_value());
  CHECK(connected.error().code == base::ErrorCode::kTimedOut);
  CHECK(connected.error().message.find(hung.endpoint().to_string()) !=
        std::string::npos);
  CHECK(loop->now() - before >= 80ms);
}

TEST_CASE("an address that no route leads to is an error, not a call back") {
  const auto loop = Loop::create();
  // Refused by the kernel within the call.
  bool inside = true;
  std::optional<base::Error> error;
  const auto operation = loop->network().connect(
      {"255.255.255.255", 9}, kDeadline, {}, [&](auto result) {
        CHECK_FALSE(inside);
        error = result.error();
      });
  inside = false;
  run_until(*loop, [&] { return error.has_value(); });
}

TEST_CASE("a connect can be cancelled, and its callback does not come") {
  const auto loop = Loop::create();
  const auto listener = listen_on(*loop, [](auto) {});
  const HungListener hung;
  const ClosedPort nobody;
  for (const auto& endpoint :
       {listener->local(), hung.endpoint(), nobody.endpoint()}) {
    auto operation = loop->network().connect(
        endpoint, kDeadline, {}, [](auto) { FAIL("called after cancelling"); });
    operation.reset();
    int turns = 0;
    run_until(*loop, [&] {
      loop->post([] {});
      return ++turns == 5;
    });
  }
}

TEST_CASE("a connect may be destroyed in its own callback") {
  const auto loop = Loop::create();
  const auto listener = listen_on(*loop, [](auto) {});
  const ClosedPort nobody;
  for (const auto& endpoint : {listener->local(), nobody.endpoint()}) {
    std::unique_ptr<Operation> operation;
    bool done = false;
    operation = loop->network().connect(endpoint, kDeadline, {}, [&](auto) {
      operation.reset();
      done = true;
    });
    run_until(*loop, [&] { return done; });
  }
}

TEST_CASE("a connection outlives the operation that made it") {
  const auto loop = Loop::create();
  std::unique_ptr<End> server;
  const auto listener = listen_on(*loop, [&](auto accepted) {
    server = std::make_unique<End>(std::move(accepted));
    server->start();
  });
  auto connected = connect_to(*loop, listener->local());
  REQUIRE(connected.has_value());
  End client(std::move(*connected));
  client.start();
  client->write(bytes_of("hello"));
  run_until(*loop, [&] {
    return server != nullptr && server->recorder.received == "hello";
  });
}

TEST_CASE("this host's own addresses are known, others are not") {
  for (const char* own :
       {"127.0.0.1", "127.9.8.7", "::1", "::ffff:127.0.0.1"}) {
    CHECK_MESSAGE(is_local_address(own), own);
  }
  for (const char* other :
       {"203.0.113.7", "2001:db8::1", "localhost", "", "0.0.0.0"}) {
    CHECK_FALSE_MESSAGE(is_local_address(other), other);
  }
}

}  // namespace waypost::transport::test
