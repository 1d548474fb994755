// What a client keeps in a file, and how it lives by it.

#include "client_sdk/runtime/snapshot.h"

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "base/random.h"
#include "client_sdk/runtime/snapshot_keeper.h"
#include "tests/client_sdk/runtime/sim_client_world.h"
#include "tests/support/temp_dir.h"

namespace waypost::client {
namespace {

using namespace std::chrono_literals;

constexpr base::WallTime kWall{std::chrono::hours(24 * 365 * 50)};

Snapshot example(int routes = 3) {
  Snapshot snapshot;
  snapshot.saved = kWall;
  snapshot.nameservers = {{{"10.0.0.1", 9876}, "10.0.0.1:9876"},
                          {{"fd00::1", 9876}, "ns.example:9876 (fd00::1)"}};
  for (int i = 0; i < routes; ++i) {
    snapshot.routes.push_back(
        {route_of("topic-" + std::to_string(i), {"broker-a", "broker-b?"}),
         kWall - std::chrono::seconds(i), "10.0.0.1:9876"});
  }
  return snapshot;
}

bool same(const Snapshot& one, const Snapshot& other) {
  if (one.saved != other.saved || one.nameservers != other.nameservers ||
      one.routes.size() != other.routes.size()) {
    return false;
  }
  for (std::size_t i = 0; i < one.routes.size(); ++i) {
    const auto& a = one.routes[i];
    const auto& b = other.routes[i];
    if (a.route.route != b.route.route || a.route.digest != b.route.digest ||
        a.confirmed != b.confirmed || a.source != b.source) {
      return false;
    }
  }
  return true;
}

TEST_CASE("a snapshot is read as it was written") {
  for (const int routes : {0, 1, 100}) {
    const auto read = decode_snapshot(encode(example(routes)));
    REQUIRE(read);
    CHECK(same(*read, example(routes)));
  }
}

TEST_CASE("a snapshot that was cut or changed anywhere is none") {
  const std::string good = encode(example());
  for (std::size_t size = 0; size < good.size(); ++size) {
    REQUIRE_FALSE(decode_snapshot(good.substr(0, size)));
  }
  REQUIRE_FALSE(decode_snapshot(good + "x"));
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    CAPTURE(at);
    REQUIRE_FALSE(decode_snapshot(bad));
  }
  // Of a version to come.
  std::string newer = good;
  newer[7] = 2;
  CHECK_FALSE(decode_snapshot(newer));
}

// As decode_snapshot sees it, with the right checksum.
std::string sealed(const std::string& payload) {
  std::string bytes("WPSNAP\0\1", 8);
  const auto append = [&bytes](std::uint64_t value) {
    for (unsigned i = 0; i < 64; i += 8) {
      bytes.push_back(static_cast<char>(value >> i));
    }
  };
  const auto digest = model::digest_bytes(payload);
  append(payload.size());
  append(digest.low);
  append(digest.high);
  return bytes + payload;
}

TEST_CASE("whatever a payload says, it is refused or read, and costs little") {
  const std::string good = encode(example()).substr(32);
  REQUIRE(decode_snapshot(sealed(good)));
  // Counts and lengths of four billion.
  for (std::size_t at = 8; at + 4 <= good.size(); ++at) {
    std::string bad = good;
    bad.replace(at, 4, std::string(4, '\xff'));
    (void)decode_snapshot(sealed(bad));
  }
  base::Random random(5);
  for (int i = 0; i < 20'000; ++i) {
    std::string bad = good;
    for (std::uint64_t k = 0; k <= random.below(4); ++k) {
      bad[random.below(bad.size())] = static_cast<char>(random.next());
    }
    (void)decode_snapshot(sealed(bad));
  }
}

TEST_CASE("what is no regular file is neither waited for nor replaced") {
  const support::TempDir directory;
  const std::string pipe = directory / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const auto read = read_snapshot(pipe);
  REQUIRE_FALSE(read);
  CHECK(read.error().message.find("not a regular file") != std::string::npos);
  CHECK_FALSE(write_snapshot(pipe, example(1)));
  CHECK(std::filesystem::is_fifo(pipe));
}

TEST_CASE("a file is replaced in one step, and absent ones are told apart") {
  const support::TempDir directory;
  const std::string path = directory / "snapshot";
  CHECK(read_snapshot(path).error().code == base::ErrorCode::kNotFound);
  REQUIRE(write_snapshot(path, example(1)));
  REQUIRE(write_snapshot(path, example(2)));
  const auto read = read_snapshot(path);
  REQUIRE(read);
  CHECK(same(*read, example(2)));
  std::size_t files = 0;
  for (const auto& each :
       std::filesystem::directory_iterator(directory.path())) {
    files += each.is_regular_file() ? 1U : 0U;
  }
  CHECK(files == 1);
  CHECK_FALSE(write_snapshot(directory / "no/such/place", example(1)));
  support::write_file(path, "garbage");
  CHECK(read_snapshot(path).error().code == base::ErrorCode::kMalformed);
}

// --- In a client ---

SimClientSettings with_snapshot(const std::string& path,
                                bool nameservers_up = true) {
  SimClientSettings settings;
  settings.options.snapshot_file = path;
  settings.nameservers_up = nameservers_up;
  return settings;
}

TEST_CASE("an application starts and picks with every nameserver down") {
  const support::TempDir directory;
  const std::string path = directory / "snapshot";
  {
    SimClientWorld it(with_snapshot(path));
    it.set_route("orders", {"broker-a", "broker-b"});
    it.set_route("payments", {"broker-c"});
    it.learn("orders");
    it.learn("payments");
    CHECK(it.state->route("orders")->origin == RouteOrigin::kServer);
    it.world.run_for(5s);
  }
  SimClientWorld it(with_snapshot(path, false));
  // The first life took some time, and the wall clock says how much.
  it.app().jump_wall_clock(1h);
  it.engine.reset();
  it.start_engine();
  CHECK(it.state->pick("orders", {}).error().code == ErrorCode::kNotReady);
  it.world.run_for(1ms);
  REQUIRE(it.state->pick("orders", {}));
  CHECK(it.brokers("orders") == "broker-a broker-b");
  const auto route = it.state->route("orders");
  CHECK(route->origin == RouteOrigin::kSnapshot);
  CHECK(route->age > 59min);
  CHECK(route->age < 61min);
  CHECK_FALSE(route->nameserver.empty());
  // What is asked for by one who waits is there at once, too.
  bool done = false;
  it.engine->ensure(it.topic_state("payments"),
                    [&](const base::Status& status) {
                      CHECK(status);
                      done = true;
                    });
  it.world.run_for(1ms);
  CHECK(done);
  CHECK(it.brokers("payments") == "broker-c");
  it.world.run_for(10s);
  CHECK(it.count<RefreshFailed>() > 0);
  CHECK(it.brokers("orders") == "broker-a broker-b");

  // A nameserver comes back: the same content is confirmed, not sent.
  it.start_nameserver(0);
  it.server(0).set_route("orders", {"broker-a", "broker-b"});
  it.server(0).set_route("payments", {"broker-d"});
  REQUIRE(it.world.run_until(
      [&] { return it.brokers("payments") == "broker-d"; }, 10s));
  CHECK(it.state->route("orders")->origin == RouteOrigin::kServer);
  CHECK(it.state->route_age("orders") < 10s);
  CHECK(it.server(0).routes_sent == 1);
}

TEST_CASE("what this life does not use stays in the file, for a week") {
  const support::TempDir directory;
  const std::string path = directory / "snapshot";
  Snapshot old = example(1);
  old.nameservers.clear();
  {
    SimClientWorld it(with_snapshot(path));
    old.routes[0].confirmed = it.app().wall_now() - 6 * 24h;
    old.routes.push_back({route_of("forgotten", {"broker-x"}),
                          it.app().wall_now() - 8 * 24h, "x"});
    REQUIRE(write_snapshot(path, old));
    it.engine.reset();
    it.start_engine();
    it.set_route("orders", {"broker-a"});
    it.learn("orders");
  }
  const auto kept = read_snapshot(path);
  REQUIRE(kept);
  std::vector<std::string> topics;
  for (const auto& each : kept->routes) {
    topics.push_back(each.route.route.topic.value());
  }
  CHECK(topics == std::vector<std::string>{"orders", "topic-0"});
  CHECK(kept->nameservers.size() == 2);
}

TEST_CASE("a damaged file is ignored with a warning, and replaced") {
  const support::TempDir directory;
  const std::string path = directory / "snapshot";
  support::write_file(path, "WPSNAP and then some");
  SimClientWorld it(with_snapshot(path));
  it.set_route("orders", {"broker-a"});
  it.learn("orders");
  CHECK(it.logged("snapshot of routes is not used") == 1);
  it.world.run_for(2s);
  REQUIRE(read_snapshot(path));
  CHECK(read_snapshot(path)->routes.size() == 1);
}

TEST_CASE("a file that cannot be written is complained about once") {
  const support::TempDir directory;
  SimClientWorld it(with_snapshot(directory / "no/such/place"));
  it.set_route("orders", {"broker-a"});
  it.learn("orders");
  for (int i = 0; i < 5; ++i) {
    it.set_route("orders", {i % 2 == 0 ? "broker-b" : "broker-a"});
    it.world.run_for(3s);
  }
  CHECK(it.brokers("orders") == "broker-b");
  CHECK(it.logged("could not be written") == 1);
}

TEST_CASE("quick changes are written together") {
  const support::TempDir directory;
  const std::string path = directory / "snapshot";
  SimClientWorld it(with_snapshot(path));
  int written = 0;
  SnapshotKeeper keeper(
      it.app().executor(), path,
      [&] {
        ++written;
        return example(1);
      },
      base::Logger());
  for (int i = 0; i < 10; ++i) keeper.changed();
  CHECK(written == 0);
  it.world.run_for(1s);
  CHECK(written == 1);
  keeper.confirmed();
  it.world.run_for(9min);
  CHECK(written == 1);
  keeper.changed();
  it.world.run_for(2s);
  CHECK(written == 2);
  keeper.flush();
  CHECK(written == 2);
}

TEST_CASE("the last good list of nameservers outlives the name server") {
  const support::TempDir directory;
  const std::string path = directory / "snapshot";
  auto settings = with_snapshot(path);
  settings.by_name = {"ns.example", {0, 1}, 10s};
  {
    SimClientWorld it(settings);
    it.set_route("orders", {"broker-a"});
    it.learn("orders");
  }
  settings.by_name.lookup = sim::SimWorld::Lookup::kFails;
  SimClientWorld it(settings);
  it.set_route("orders", {"broker-b"});
  it.topic_state("orders");
  REQUIRE(it.world.run_until([&] { return it.brokers("orders") == "broker-b"; },
                             1s));
  CHECK(it.nameserver().find("ns.example:9876 (10.0.0.") == 0);
}

}  // namespace
}  // namespace waypost::client
