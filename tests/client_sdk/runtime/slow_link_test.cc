// Nameservers over links on which one attempt's share of a budget is shorter
// than connecting, saying hello and asking.

#include <chrono>
#include <string>

#include <doctest/doctest.h>

#include "base/random.h"
#include "tests/client_sdk/runtime/link_world.h"
#include "tests/client_sdk/runtime/sim_client_world.h"

namespace waypost::client {
namespace {

using namespace std::chrono_literals;
using Behaviour = FakeNameserver::Behaviour;

// A client with a budget of 1 s, all of whose nameservers are that far away.
struct FarWorld : SimClientWorld {
  FarWorld(std::size_t nameservers, base::Duration round_trip,
           std::uint64_t seed = 1)
      : SimClientWorld({.nameservers = nameservers, .seed = seed}) {
    for (std::size_t i = 0; i < nameservers; ++i) set_round_trip(i, round_trip);
    set_route("orders", {"broker-a"});
  }
  void set_round_trip(std::size_t i, base::Duration round_trip) {
    world.set_delay(node(i).name(), "app", {round_trip / 2, round_trip / 2});
  }
  std::size_t hellos() const {
    std::size_t all = 0;
    for (const auto& each : servers) all += each->hellos.size();
    return all;
  }
  std::size_t connections() const {
    std::size_t all = 0;
    for (const auto& each : servers) all += each->acceptor().connection_count();
    return all;
  }
};

TEST_CASE("slow links: what the first question began, the second one uses") {
  FarWorld it(5, 400ms);
  REQUIRE(it.options.rpc_timeout == 1s);
  const auto first = it.refresh("orders");
  REQUIRE_FALSE(first.status);
  CHECK(first.took <= 1s + 1ms);
  const auto second = it.refresh("orders");
  CHECK(second.status);
  CHECK(second.took <= 500ms);
  CHECK(it.brokers("orders") == "broker-a");

  // From then on there is one connection, which is watched and stays.
  it.world.run_for(3s);
  CHECK(it.connections() == 1);
  const std::size_t hellos = it.hellos();
  const std::size_t switches = it.count<NameserverSwitched>();
  for (int i = 0; i < 5; ++i) CHECK(it.refresh("orders").status);
  it.set_route("orders", {"broker-b"});
  it.world.run_for(300ms);  // sooner than a question is answered
  CHECK(it.brokers("orders") == "broker-b");
  it.world.run_for(60s);  // of pings and polls
  CHECK(it.hellos() == hellos);
  CHECK(it.count<NameserverSwitched>() == switches);
  CHECK(it.count<RefreshFailed>() == 1);
}

TEST_CASE("slow links: a question that was cut short did not fail") {
  // Connected and greeted within the share of 333 ms, not answered.
  FarWorld it(3, 130ms);
  const auto first = it.refresh("orders");
  CHECK_FALSE(first.status);
  CHECK(it.refresh("orders").status);

  FarWorld alone(1, 400ms);
  CHECK_FALSE(alone.refresh("orders").status);
  CHECK(alone.refresh("orders").status);
  CHECK(alone.hellos() == 1);
}

TEST_CASE("slow links: any round trip below half a budget, any number") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    base::Random random(seed);
    const std::size_t nameservers = 1 + random.below(5);
    FarWorld it(nameservers, 1ms, seed);
    for (std::size_t i = 0; i < nameservers; ++i) {
      it.set_round_trip(i, std::chrono::milliseconds(random.below(490)));
    }
    const auto first = it.refresh("orders");
    if (!first.status) {
      it.world.run_for(std::chrono::milliseconds(random.below(3) * 700));
      REQUIRE(it.refresh("orders").status);
    }
    REQUIRE(it.refresh("orders").status);
  }
}

TEST_CASE("slow links: beyond half a budget the error says what to change") {
  for (const std::size_t nameservers : {1UL, 3UL}) {
    FarWorld it(nameservers, 600ms);
    for (int i = 0; i < 5; ++i) {
      const auto asked = it.refresh("orders");
      REQUIRE_FALSE(asked.status);
      CHECK(asked.took <= 1s + 1ms);
      CHECK(asked.status.error().advice.find(
                "less than half of client.rpc-timeout") != std::string::npos);
    }
  }
}

TEST_CASE("slow links: whoever hangs is left, and a near one found in time") {
  FarWorld it(5, 400ms);
  CHECK_FALSE(it.refresh("orders").status);
  REQUIRE(it.refresh("orders").status);
  const std::string slow = it.nameserver();
  for (std::size_t i = 0; i < 4; ++i) it.node(i).freeze();
  it.set_round_trip(4, 1ms);
  const auto asked = it.refresh("orders");
  CHECK(asked.status);
  CHECK(asked.took < 1s);
  CHECK(it.nameserver() == "10.0.0.5:9876");
  CHECK(it.nameserver() != slow);
}

TEST_CASE("slow links: who says nothing at all costs two sockets at most") {
  FarWorld it(5, 1ms);
  for (auto& each : it.servers) each->behaviour = Behaviour::kNoHello;
  for (int i = 0; i < 5; ++i) {
    CHECK_FALSE(it.refresh("orders").status);
    for (auto& each : it.servers) {
      CHECK(each->acceptor().connection_count() <= 2);
    }
  }
  // One that is well again is found by the next question.
  it.server(3).behaviour = Behaviour::kServes;
  const auto asked = it.refresh("orders");
  CHECK(asked.status);
  CHECK(asked.took < 1s);
  it.world.run_for(2s);
  CHECK(it.connections() == 1);
}

// What was lost when it began is sent again a second later. So questions wait
// for a connection no longer than one nameserver's share, and begin anew.
TEST_CASE("slow links: a connection begun in vain holds up no question") {
  constexpr auto kShare = 500ms;
  constexpr auto kStep = 50ms;
  base::Duration held_up{0};
  for (base::Duration pause{0}; pause < 3s; pause += kStep) {
    CAPTURE(base::to_ms(pause));
    LinkWorld it(2);
    for (std::size_t i = 0; i < 2; ++i) it.world.isolate(it.node(i).name());
    CHECK_FALSE(it.answered()->ok());
    it.world.run_for(pause);  // one connection begins meanwhile, by itself
    for (std::size_t i = 0; i < 2; ++i) it.world.rejoin(it.node(i).name());
    const auto question = it.answered();
    CHECK(question->ok());
    CHECK(question->took <= kShare + 20ms);
    if (question->took > 20ms) held_up += kStep;
  }
  CHECK(held_up > 0ms);
  CHECK(held_up <= kShare);
}

}  // namespace
}  // namespace waypost::client
