// Brokers and tools that speak RocketMQ's protocol, at nameservers that know
// each other.

#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/sim/peer_group.h"
#include "tests/sim/sim_remoting_peer.h"

namespace waypost::sim {
namespace {

using namespace std::chrono_literals;
using partition::Mode;
using support::RemotingBroker;
using Names = std::vector<std::string>;
namespace code = remoting::request_code;

constexpr const char* kTopic = "stock-orders";

// Three nameservers and a stock broker with a connection to each.
struct Stock {
  explicit Stock(base::Duration skew_of_0 = {}) : group(Mode::kIgnore) {
    group.ns(0).node().jump_wall_clock(skew_of_0);
    broker.name = "stock";
    broker.address = "10.0.1.77:10911";
    broker.ha_address = "10.0.1.77:10912";
    broker.topics = {kTopic};
    node = &group.system.world.add_node("stock", "10.0.1.77");
    REQUIRE(group.system.settle());
    group.run(5s);
  }
  SimRemotingPeer& at(std::size_t i) {
    if (lines.size() <= i) lines.resize(i + 1);
    if (lines[i] == nullptr) {
      lines[i] = std::make_unique<SimRemotingPeer>(group.system.world, *node,
                                                   group.ns(i).endpoint());
    }
    return *lines[i];
  }
  void registers(std::size_t i) { REQUIRE(at(i).registers(broker)); }
  void unregisters(std::size_t i) {
    REQUIRE(at(i)
                .ask(support::unregister_request(broker, at(i).next_opaque()))
                .has_value());
  }
  // At which nameservers its topic is found: "012".
  std::string found() {
    std::string those;
    for (std::size_t i = 0; i < 3; ++i) {
      if (!group.ns(i).brokers_of(kTopic).empty()) those += std::to_string(i);
    }
    return those;
  }

  PeerGroup group;
  RemotingBroker broker;
  SimNode* node;
  std::vector<std::unique_ptr<SimRemotingPeer>> lines;
};

// A broker restarts: unregisters everywhere, is back at first at one
// nameserver, which tells the others.
void restarts(base::Duration skew, std::size_t back_at) {
  CAPTURE(std::chrono::duration_cast<std::chrono::seconds>(skew).count());
  CAPTURE(back_at);
  Stock stock(skew);
  for (std::size_t i = 0; i < 3; ++i) stock.registers(i);
  stock.group.run(5s);
  REQUIRE(stock.found() == "012");
  for (std::size_t i = 0; i < 3; ++i) stock.unregisters(i);
  stock.group.run(2s);
  INFO(stock.group.system.transcript.text());
  REQUIRE(stock.found() == "");
  // Nobody brings it back.
  for (int i = 0; i < 20; ++i) {
    stock.group.run(1s);
    REQUIRE(stock.found() == "");
  }
  stock.registers(back_at);
  stock.group.run(1s);
  CHECK(stock.found() == "012");
  // It stays, though peers still tell of its end.
  for (int i = 0; i < 100; ++i) {
    if (i % 30 == 25) stock.registers(back_at);
    stock.group.run(1s);
    REQUIRE(stock.found() == "012");
  }
}

TEST_CASE("a stock broker that restarts is known to all, whatever clocks say") {
  for (const base::Duration skew :
       {base::Duration(0), base::Duration(10min), base::Duration(-10min)}) {
    restarts(skew, 0);
    restarts(skew, 1);
  }
}

TEST_CASE("a stock broker that left during a cut stays away, whatever clocks") {
  for (const base::Duration skew :
       {base::Duration(10min), base::Duration(-10min)}) {
    CAPTURE(skew.count());
    Stock stock(skew);
    for (std::size_t i = 0; i < 3; ++i) stock.registers(i);
    stock.group.run(5s);
    // It has left at 0, which cannot tell the others; they still have its line.
    stock.group.cut_off({0});
    stock.group.run(10s);
    stock.unregisters(0);
    stock.group.run(5s);
    stock.unregisters(1);
    stock.unregisters(2);
    stock.group.run(5s);
    stock.group.system.world.heal_all();
    for (int i = 0; i < 30; ++i) {
      stock.group.run(1s);
      REQUIRE(stock.found() == "");
    }
    // And one that came back during it stays.
    stock.group.cut_off({0});
    stock.group.run(5s);
    stock.registers(1);
    stock.group.run(10s);
    stock.group.system.world.heal_all();
    stock.group.run(10s);
    INFO(stock.group.system.transcript.text());
    CHECK(stock.found() == "012");
  }
}

TEST_CASE("a topic that a tool deletes at one nameserver is deleted there") {
  Stock stock;
  for (std::size_t i = 0; i < 3; ++i) stock.registers(i);
  stock.group.run(5s);
  const auto deletes = [&](std::size_t i) {
    REQUIRE(stock.at(i)
                .ask(support::remoting_request(code::kDeleteTopicInNamesrv,
                                               stock.at(i).next_opaque(),
                                               {{"topic", kTopic}}))
                .has_value());
  };
  deletes(0);
  // The others hear the broker as well and tell of it: that brings nothing
  // back.
  for (int i = 0; i < 25; ++i) {
    stock.group.run(1s);
    REQUIRE(stock.found() == "12");
  }
  // As RocketMQ's tools do it: at each.
  deletes(1);
  deletes(2);
  for (int i = 0; i < 60; ++i) {
    // Nothing new: the broker says the same as before.
    if (i % 30 == 4) {
      for (std::size_t k = 0; k < 3; ++k) stock.registers(k);
    }
    stock.group.run(1s);
    REQUIRE(stock.found() == "");
  }
  // A nameserver that starts takes it from the others as they have it.
  stock.group.ns(2).kill();
  stock.lines[2].reset();
  stock.group.ns(2).start();
  stock.group.run(10s);
  INFO(stock.group.system.transcript.text());
  CHECK(stock.found() == "");
  // What the broker changes counts again, as ever.
  stock.broker.version.counter += 1;
  stock.registers(0);
  stock.group.run(2s);
  CHECK(stock.found().starts_with("0"));
}

TEST_CASE("a topic deleted where peers alone hear its broker") {
  Stock stock;
  stock.registers(1);
  stock.registers(2);
  stock.group.run(5s);
  REQUIRE(stock.found() == "012");
  auto& tool = stock.at(0);
  REQUIRE(tool.ask(support::remoting_request(code::kDeleteTopicInNamesrv,
                                             tool.next_opaque(),
                                             {{"topic", kTopic}}))
              .has_value());
  for (int i = 0; i < 60; ++i) {
    if (i % 30 == 15) {
      stock.registers(1);
      stock.registers(2);
    }
    stock.group.run(1s);
    REQUIRE(stock.found() == "12");
  }
}

}  // namespace
}  // namespace waypost::sim
