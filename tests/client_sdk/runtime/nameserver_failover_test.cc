// What a client does when nameservers hang, die, drain and start.

#include <chrono>
#include <string>

#include <doctest/doctest.h>

#include "tests/client_sdk/runtime/sim_client_world.h"

namespace waypost::client {
namespace {

using namespace std::chrono_literals;
using Behaviour = FakeNameserver::Behaviour;

constexpr const char* kA = "10.0.0.1:9876";
constexpr const char* kB = "10.0.0.2:9876";

TEST_CASE("a client starts where it is told and says hello as a client") {
  SimClientWorld it;
  it.set_route("orders", {"broker-a", "broker-b"});
  it.learn("orders");
  CHECK(it.brokers("orders") == "broker-a broker-b");
  CHECK(it.nameserver() == kA);
  CHECK(it.server(1).hellos.empty());
  REQUIRE(it.server(0).hellos.size() == 1);
  CHECK(it.server(0).hellos[0].role == model::PeerRole::kClient);
  CHECK(it.count<NameserverConnected>() == 1);
  CHECK(it.last<NameserverConnected>().server_name == "ns-a");
}

TEST_CASE("a hung nameserver: the next query succeeds within one budget") {
  SimClientWorld it;
  it.set_route("orders", {"broker-a", "broker-b"});
  it.learn("orders");
  it.node(0).freeze();
  it.server(1).set_route("orders", {"broker-b"});

  const auto asked = it.refresh("orders");
  CHECK(asked.status);
  CHECK(asked.took < it.options.rpc_timeout);
  CHECK(asked.took >= it.options.rpc_timeout / 2);
  CHECK(it.brokers("orders") == "broker-b");
  CHECK(it.nameserver() == kB);
  const auto& switched = it.last<NameserverSwitched>();
  CHECK(switched.from == kA);
  CHECK(switched.to == kB);
  CHECK(switched.why.find("no answer") != std::string::npos);

  // It stays there when the other comes back, and closed its socket.
  it.node(0).thaw();
  it.world.run_for(60s);
  CHECK(it.nameserver() == kB);
  CHECK(it.count<NameserverSwitched>() == 1);
  CHECK(it.server(0).acceptor().connection_count() == 0);
}

TEST_CASE("every kind of timeout moves the client on within one budget") {
  for (const Behaviour behaviour :
       {Behaviour::kSilent, Behaviour::kNoEnd, Behaviour::kNoHello}) {
    CAPTURE(static_cast<int>(behaviour));
    SimClientWorld it;
    it.set_route("orders", {"broker-a"});
    it.server(0).behaviour = behaviour;
    const auto asked = it.refresh("orders");
    CHECK(asked.status);
    CHECK(asked.took < it.options.rpc_timeout);
    CHECK(it.brokers("orders") == "broker-a");
    CHECK(it.nameserver() == kB);
    // The socket to the silent one is closed.
    it.world.run_for(1s);
    CHECK(it.server(0).acceptor().connection_count() == 0);
  }
}

TEST_CASE("a nameserver that cannot be reached at all is left, too") {
  SimClientWorld it;
  it.set_route("orders", {"broker-a"});
  it.world.isolate("ns-a");
  const auto asked = it.refresh("orders");
  CHECK(asked.status);
  CHECK(asked.took < it.options.rpc_timeout);
  CHECK(it.nameserver() == kB);
}

TEST_CASE("five nameservers, four of them hung: the fifth gets its turn") {
  SimClientWorld it({.nameservers = 5});
  it.set_route("orders", {"broker-a"});
  it.learn("orders");
  for (std::size_t i = 0; i < 4; ++i) it.node(i).freeze();
  const auto asked = it.refresh("orders");
  CHECK(asked.status);
  CHECK(asked.took < it.options.rpc_timeout);
  CHECK(it.nameserver() == "10.0.0.5:9876");
}

TEST_CASE("a nameserver that dies is left at once") {
  SimClientWorld it;
  it.set_route("orders", {"broker-a"});
  it.learn("orders");
  it.kill_nameserver(0);
  const auto asked = it.refresh("orders");
  CHECK(asked.status);
  CHECK(asked.took < 50ms);
  CHECK(it.nameserver() == kB);
}

TEST_CASE("a connection that closes while idle is reason enough to move") {
  SimClientWorld it;
  it.set_route("orders", {"broker-a"});
  it.learn("orders");
  it.kill_nameserver(0);
  it.world.run_for(100ms);
  CHECK(it.nameserver() == kB);
  CHECK(it.count<NameserverSwitched>() == 1);
  CHECK_FALSE(it.state->stats().connected);
}

TEST_CASE("all nameservers down: cached routes are served, for ever") {
  SimClientWorld it;
  it.set_route("orders", {"broker-a", "broker-b"});
  it.learn("orders");
  it.kill_nameserver(0);
  it.kill_nameserver(1);
  it.world.run_for(4h);
  CHECK(it.brokers("orders") == "broker-a broker-b");
  CHECK(it.state->pick("orders", {}));
  CHECK(*it.state->route_age("orders") > 3h);
  CHECK(it.count<RefreshFailed>() > 300);

  const auto asked = it.refresh("orders");
  REQUIRE_FALSE(asked.status);
  CHECK(asked.status.error().code == base::ErrorCode::kUnavailable);
  // It says what each of them did.
  CHECK(asked.status.error().message.find(kA) != std::string::npos);
  CHECK(asked.status.error().message.find(kB) != std::string::npos);

  // One of them returns: found within the longest pause between tries.
  it.node(1).restart();
  it.start_nameserver(1);
  it.server(1).set_route("orders", {"broker-b"});
  CHECK(it.world.run_until([&] { return it.brokers("orders") == "broker-b"; },
                           5s));
}

TEST_CASE("all nameservers hung: a query ends with its budget") {
  SimClientWorld it({.nameservers = 3});
  it.set_route("orders", {"broker-a"});
  it.learn("orders");
  for (std::size_t i = 0; i < 3; ++i) it.node(i).freeze();
  const auto asked = it.refresh("orders");
  REQUIRE_FALSE(asked.status);
  CHECK(asked.status.error().code == base::ErrorCode::kTimedOut);
  CHECK(asked.took <= it.options.rpc_timeout + 10ms);
  CHECK(it.brokers("orders") == "broker-a");
}

TEST_CASE("a nameserver that is not ready is left for one that is") {
  for (const Behaviour behaviour :
       {Behaviour::kStarting, Behaviour::kNotReadyError}) {
    CAPTURE(static_cast<int>(behaviour));
    SimClientWorld it;
    it.set_route("orders", {"broker-a"});
    it.server(0).behaviour = behaviour;
    const auto asked = it.refresh("orders");
    CHECK(asked.status);
    CHECK(asked.took < 50ms);
    CHECK(it.nameserver() == kB);
    CHECK(it.brokers("orders") == "broker-a");
  }
}

TEST_CASE("all not ready: cached routes stay, and the error says why") {
  SimClientWorld it;
  it.set_route("orders", {"broker-a"});
  it.learn("orders");
  for (auto& server : it.servers) server->behaviour = Behaviour::kStarting;
  const auto asked = it.refresh("orders");
  REQUIRE_FALSE(asked.status);
  CHECK(asked.status.error().code == base::ErrorCode::kNotReady);
  CHECK(asked.status.error().message.find("starting") != std::string::npos);
  CHECK(it.brokers("orders") == "broker-a");
}

TEST_CASE("a single nameserver that is not ready keeps its connection") {
  SimClientWorld it({.nameservers = 1});
  it.set_route("orders", {"broker-a"});
  it.server(0).behaviour = Behaviour::kStarting;
  CHECK_FALSE(it.refresh("orders").status);
  it.server(0).behaviour = Behaviour::kServes;
  CHECK(it.refresh("orders").status);
  CHECK(it.server(0).hellos.size() == 1);
}

TEST_CASE("an answer that makes no sense is asked for elsewhere") {
  for (const Behaviour behaviour :
       {Behaviour::kWrongCount, Behaviour::kGarbage}) {
    CAPTURE(static_cast<int>(behaviour));
    SimClientWorld it;
    it.set_route("orders", {"broker-a"});
    it.server(0).behaviour = behaviour;
    const auto asked = it.refresh("orders");
    CHECK(asked.status);
    CHECK(it.nameserver() == kB);
    CHECK(it.brokers("orders") == "broker-a");
  }
}

TEST_CASE("a draining nameserver is left before it closes") {
  SimClientWorld it;
  it.set_route("orders", {"broker-a"});
  it.learn("orders");
  it.server(0).drain("stopped by the operator");
  it.world.run_for(100ms);
  CHECK(it.nameserver() == kB);
  CHECK(it.last<NameserverSwitched>().why ==
        "draining: stopped by the operator");
  CHECK(it.server(0).acceptor().connection_count() == 0);
  CHECK(it.refresh("orders").status);
  CHECK(it.count<NameserverSwitched>() == 1);
}

TEST_CASE("a call under way at a draining nameserver is still answered") {
  SimClientWorld it;
  it.set_route("orders", {"broker-a"});
  it.learn("orders");
  bool done = false;
  base::Status result;
  it.engine->refresh(it.topic_state("orders"), [&](const base::Status& status) {
    done = true;
    result = status;
  });
  it.server(0).drain("upgrade");
  REQUIRE(it.world.run_until([&] { return done; }, 5s));
  CHECK(result);
  CHECK(it.server(1).queries.empty());
}

TEST_CASE("a client with one nameserver stays when that one drains") {
  SimClientWorld it({.nameservers = 1});
  it.set_route("orders", {"broker-a"});
  it.learn("orders");
  it.server(0).drain("restart");
  it.world.run_for(100ms);
  CHECK(it.refresh("orders").status);
  it.kill_nameserver(0);
  it.world.run_for(10s);
  it.node(0).restart();
  it.start_nameserver(0);
  it.server(0).set_route("orders", {"broker-b"});
  CHECK(it.world.run_until([&] { return it.brokers("orders") == "broker-b"; },
                           5s));
}

TEST_CASE("close-on-timeout off: the client stays with the hung nameserver") {
  auto options = fast_options();
  options.close_on_timeout = false;
  SimClientWorld it({.options = options});
  it.set_route("orders", {"broker-a", "broker-b"});
  it.learn("orders");
  it.node(0).freeze();
  it.server(1).set_route("orders", {"broker-b"});

  // Ten minutes, as in the incident.
  it.world.run_for(10min);
  CHECK(it.brokers("orders") == "broker-a broker-b");
  CHECK(it.nameserver() == kA);
  CHECK(it.count<NameserverSwitched>() == 0);
  CHECK(it.server(1).queries.empty());
  const auto asked = it.refresh("orders");
  REQUIRE_FALSE(asked.status);
  CHECK(asked.status.error().code == base::ErrorCode::kTimedOut);

  // A reset, as from the rebooted machine, frees it.
  it.node(0).crash();
  it.servers[0].reset();
  CHECK(it.world.run_until([&] { return it.brokers("orders") == "broker-b"; },
                           10s));
}

TEST_CASE("close-on-timeout off: who cannot be reached at first is left") {
  auto options = fast_options();
  options.close_on_timeout = false;
  for (const bool hangs : {true, false}) {
    SimClientWorld it({.options = options});
    it.set_route("orders", {"broker-a"});
    if (hangs) {
      it.world.isolate("ns-a");
    } else {
      it.kill_nameserver(0);
    }
    CHECK(it.refresh("orders").status);
    CHECK(it.nameserver() == kB);
  }
}

TEST_CASE(
    "two failing nameservers in turn do not keep a client from the third") {
  SimClientWorld it({.nameservers = 3});
  it.set_route("orders", {"broker-a"});
  it.server(0).behaviour = Behaviour::kSilent;
  it.server(1).behaviour = Behaviour::kSilent;
  CHECK(it.refresh("orders").status);
  CHECK(it.nameserver() == "10.0.0.3:9876");
  it.kill_nameserver(2);
  // Both of the others hang; the one that died has come back meanwhile.
  it.world.run_for(100ms);
  it.node(2).restart();
  it.start_nameserver(2);
  it.server(2).set_route("orders", {"broker-b"});
  const auto asked = it.refresh("orders");
  CHECK(asked.status);
  CHECK(asked.took < it.options.rpc_timeout);
}

TEST_CASE("whatever the network does, a query ends in time and routes stay") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    SimClientWorld it({.nameservers = 3, .seed = seed});
    it.set_route("orders", {"broker-a"});
    it.learn("orders");
    base::Random random(seed);
    for (int step = 0; step < 30; ++step) {
      const std::size_t victim = random.below(3);
      switch (random.below(5)) {
        case 0:
          if (it.node(victim).running()) it.node(victim).freeze();
          break;
        case 1:
          if (it.servers[victim] && !it.node(victim).running()) {
            it.node(victim).thaw();
          }
          break;
        case 2:
          it.world.isolate(it.node(victim).name());
          break;
        case 3:
          it.world.rejoin(it.node(victim).name());
          break;
        default:
          it.server(victim).behaviour = static_cast<Behaviour>(random.below(8));
          break;
      }
      const auto asked = it.refresh("orders");
      // A poll may be under way, which is waited for.
      REQUIRE(asked.took <= 2 * it.options.rpc_timeout + 100ms);
      REQUIRE(it.brokers("orders") == "broker-a");
    }
    // All is well again: so is the client.
    it.world.heal_all();
    for (std::size_t i = 0; i < 3; ++i) {
      it.world.rejoin(it.node(i).name());
      if (!it.node(i).running()) it.node(i).thaw();
      it.server(i).behaviour = Behaviour::kServes;
    }
    it.set_route("orders", {"broker-b"});
    REQUIRE(it.world.run_until(
        [&] { return it.brokers("orders") == "broker-b"; }, 10s));
  }
}

}  // namespace
}  // namespace waypost::client
