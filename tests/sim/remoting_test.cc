// Stock RocketMQ brokers at a nameserver, in virtual time: who is dropped when,
// what a close says, and how the two protocols see each other's brokers.

#include <doctest/doctest.h>

#include "tests/sim/deployment.h"
#include "tests/sim/sim_remoting_peer.h"

namespace waypost::sim {
namespace {

using namespace std::chrono_literals;
using support::RemotingBroker;
using Names = std::vector<std::string>;
namespace code = remoting::request_code;

RemotingBroker broker(const std::string& name, std::uint16_t port = 10911) {
  RemotingBroker broker;
  broker.name = name;
  broker.address = "10.0.1.1:" + std::to_string(port);
  broker.ha_address = "10.0.1.1:" + std::to_string(port + 1);
  broker.topics = {"orders", "of-" + name};
  return broker;
}

// A nameserver, and a machine for those who speak to it.
struct System {
  explicit System(std::uint64_t seed = 1, const char* profile = "rocketmq-4")
      : world({.seed = seed}), transcript(world) {
    nameserver.emplace(world.add_node("ns-0", "10.0.0.1"),
                       *base::find_profile(profile), transcript.logger("ns-0"));
    node = &world.add_node("brokers", "10.0.1.1");
  }
  // Nothing runs any more when they go.
  ~System() { peers.clear(); }

  SimRemotingPeer& peer() {
    peers.push_back(std::make_unique<SimRemotingPeer>(world, *node,
                                                      nameserver->endpoint()));
    return *peers.back();
  }
  Names orders() { return nameserver->brokers_of("orders"); }
  bool gone_within(const std::string& topic, base::Duration limit) {
    return world.run_until(
        [&] { return nameserver->brokers_of(topic).empty(); }, limit);
  }

  SimWorld world;
  Transcript transcript;
  std::optional<SimNameserver> nameserver;
  SimNode* node;
  std::vector<std::unique_ptr<SimRemotingPeer>> peers;
};

// The recording 067, whose 285 s of real time pass here in milliseconds.
TEST_CASE("liveness over time is as recorded from the Java nameserver") {
  System system;
  system.nameserver->start();
  SimWorld& world = system.world;
  const auto broker_of = [](const std::string& name) {
    RemotingBroker each =
        broker(name, static_cast<std::uint16_t>(20000 + name[0]));
    each.topics = {"T" + name};
    return each;
  };
  std::map<std::string, SimRemotingPeer*> peers;
  for (const char* name : {"A", "B", "C", "D", "F"}) {
    peers[name] = &system.peer();
    REQUIRE(peers[name]->registers(broker_of(name)));
  }
  SimRemotingPeer& idle_client = system.peer();
  idle_client.ask(support::route_request("TA", 1));

  const auto start = world.now();
  std::map<std::string, base::Duration> gone;
  const auto watch = [&] {
    for (const auto& [name, peer] : peers) {
      if (!gone.contains(name) &&
          system.nameserver->brokers_of("T" + name).empty()) {
        gone[name] = world.now() - start;
      }
    }
    return false;
  };
  for (int second = 10; second <= 280; second += 10) {
    world.run_until(watch, start + std::chrono::seconds(second) - world.now());
    if (!peers["B"]->closed()) peers["B"]->route("TB");
    if (second % 30 != 0) continue;
    const auto ask_version = [&](const char* name, std::int64_t counter) {
      if (peers[name]->closed()) return;
      const auto answer = peers[name]->ask(support::data_version_request(
          broker_of(name), {0, 1'700'000'000'000, counter},
          peers[name]->next_opaque()));
      REQUIRE(answer.has_value());
      CHECK(*answer->command.ext_field("changed") ==
            (counter == 1 ? "false" : "true"));
    };
    ask_version("C", 1);
    ask_version("F", 9);
    REQUIRE(peers["D"]->registers(broker_of("D")));
  }
  INFO(system.transcript.text());

  // A and F were silent, B asked but did not register again: all go at the
  // first scan after 120 s, and their connections with them.
  for (const char* name : {"A", "B", "F"}) {
    CAPTURE(std::string(name));
    REQUIRE(gone.contains(name));
    CHECK(gone[name] > 119s);
    CHECK(gone[name] <= 131s);
    REQUIRE(peers[name]->closed());
    CHECK(peers[name]->closed_at() - start <= 132s);
  }
  // Connections on which nothing is said are closed at 120 s, to the second.
  CHECK(peers["A"]->closed_at() - start <= 121s);
  REQUIRE(idle_client.closed());
  CHECK(idle_client.closed_at() - start >= 119s);
  CHECK(idle_client.closed_at() - start <= 121s);
  // A version query with an equal version counts, registering again too.
  CHECK_FALSE(gone.contains("C"));
  CHECK_FALSE(gone.contains("D"));
  CHECK_FALSE(peers["C"]->closed());
  CHECK_FALSE(peers["D"]->closed());
}

TEST_CASE("a broker whose connection closes leaves the routes at once") {
  for_each_seed(50, [](std::uint64_t seed) {
    CAPTURE(seed);
    System system(seed);
    system.nameserver->start();
    SimRemotingPeer& peer = system.peer();
    REQUIRE(peer.registers(broker("broker-a")));
    CHECK(system.orders() == Names{"broker-a"});
    peer.hang_up();
    CHECK(system.gone_within("orders", 1s));
  });
}

TEST_CASE("the late close of an old connection removes no newer one") {
  for_each_seed(50, [](std::uint64_t seed) {
    CAPTURE(seed);
    System system(seed);
    system.nameserver->start();
    SimRemotingPeer& old_peer = system.peer();
    SimRemotingPeer& new_peer = system.peer();
    REQUIRE(old_peer.registers(broker("broker-a")));
    REQUIRE(new_peer.registers(broker("broker-a")));
    old_peer.hang_up();
    system.world.run_for(5s);
    CHECK(system.orders() == Names{"broker-a"});
    new_peer.hang_up();
    CHECK(system.gone_within("orders", 1s));
  });
}

// The Java server removes one of them and keeps the other for two minutes.
TEST_CASE("all brokers of a connection go with it") {
  System system;
  system.nameserver->start();
  SimRemotingPeer& peer = system.peer();
  REQUIRE(peer.registers(broker("broker-a", 10911)));
  REQUIRE(peer.registers(broker("broker-b", 10921)));
  CHECK(system.orders() == Names{"broker-a", "broker-b"});
  peer.hang_up();
  CHECK(system.gone_within("orders", 1s));
}

// The Java server takes a stranger whose own address is a broker's for it.
TEST_CASE("the close of a stranger's connection removes nobody") {
  System system;
  system.nameserver->start();
  SimRemotingPeer& peer = system.peer();
  REQUIRE(peer.registers(broker("broker-a")));
  for (int i = 0; i < 20; ++i) {
    SimRemotingPeer& stranger = system.peer();
    CHECK(stranger.route("orders") == Names{"broker-a"});
    stranger.hang_up();
  }
  system.world.run_for(5s);
  CHECK(system.orders() == Names{"broker-a"});
}

TEST_CASE("a broker that breaks the protocol goes as if it had closed") {
  System system;
  system.nameserver->start();
  SimRemotingPeer& peer = system.peer();
  REQUIRE(peer.registers(broker("broker-a")));
  peer.say(std::string("\0\0\0\0", 4));
  CHECK(system.gone_within("orders", 3s));
  CHECK(peer.closed());
}

TEST_CASE("a broker that hangs with its connection open is dropped at 120 s") {
  System system;
  system.nameserver->start();
  SimRemotingPeer& peer = system.peer();
  REQUIRE(peer.registers(broker("broker-a")));
  system.node->freeze();
  const auto hung = system.world.now();
  CHECK(system.gone_within("orders", 200s));
  CHECK(system.world.now() - hung > 120s);
  CHECK(system.world.now() - hung <= 131s);
}

TEST_CASE("a broker of 5.x brings its own expiry") {
  System system;
  system.nameserver->start();
  SimRemotingPeer& peer = system.peer();
  RemotingBroker quick = broker("broker-a");
  quick.heartbeat_timeout_ms = 10'000;
  REQUIRE(peer.registers(quick));
  const auto registered = system.world.now();
  // 904 is its heartbeat.
  for (int i = 0; i < 5; ++i) {
    system.world.run_for(5s);
    REQUIRE(peer.ask(
        support::remoting_request(code::kBrokerHeartbeat, peer.next_opaque(),
                                  {{"clusterName", quick.cluster},
                                   {"brokerName", quick.name},
                                   {"brokerAddr", quick.address}})));
  }
  CHECK(system.world.now() - registered >= 25s);
  CHECK(system.orders() == Names{"broker-a"});
  const auto silent = system.world.now();
  CHECK(system.gone_within("orders", 60s));
  CHECK(system.world.now() - silent <= 21s);
}

TEST_CASE("each protocol sees the other's brokers") {
  Deployment system({.nameservers = 1, .brokers = 1, .clients = 1});
  REQUIRE(system.settle());
  SimNode& node = system.world.add_node("stock", "10.0.3.1");
  SimRemotingPeer stock(system.world, node, system.nameservers[0]->endpoint());
  // What an agent has registered, for a stock client.
  CHECK(stock.route(Deployment::kTopic) == Names{"broker-0"});
  // What a stock broker registers, for our client.
  RemotingBroker other = broker("broker-x");
  REQUIRE(stock.registers(other));
  CHECK(stock.route(Deployment::kTopic) == Names{"broker-0", "broker-x"});
  INFO(system.transcript.text());
  CHECK(system.world.run_until(
      [&] {
        return system.all_clients_have({"broker-0", "broker-x"});
      },
      60s));
  stock.hang_up();
  CHECK(system.world.run_until(
      [&] { return system.all_clients_have({"broker-0"}); }, 60s));
}

TEST_CASE(
    "a restarted nameserver answers no route until its brokers are back") {
  System system;
  system.nameserver->start();
  SimRemotingPeer& a = system.peer();
  SimRemotingPeer& b = system.peer();
  REQUIRE(a.registers(broker("broker-a", 10911)));
  REQUIRE(b.registers(broker("broker-b", 10921)));
  system.world.run_for(35s);  // the roster is written
  system.nameserver->kill();
  system.nameserver->start();
  SimRemotingPeer& client = system.peer();
  const auto refused = client.ask(support::route_request("orders", 1));
  REQUIRE(refused.has_value());
  CHECK(refused->command.code == remoting::response_code::kSystemError);
  CHECK(refused->command.remark.value_or("").find("starting") !=
        std::string::npos);
  // All else is answered.
  const auto info =
      client.ask(support::remoting_request(code::kGetBrokerClusterInfo, 2));
  REQUIRE(info.has_value());
  CHECK(info->command.code == remoting::response_code::kSuccess);

  SimRemotingPeer& a_again = system.peer();
  REQUIRE(a_again.registers(broker("broker-a", 10911)));
  CHECK(client.route("orders").empty());
  SimRemotingPeer& b_again = system.peer();
  REQUIRE(b_again.registers(broker("broker-b", 10921)));
  system.world.run_for(1s);
  CHECK(client.route("orders") == Names{"broker-a", "broker-b"});
}

TEST_CASE("a nameserver that hung drops no stock broker for its own absence") {
  for_each_seed(50, [](std::uint64_t seed) {
    CAPTURE(seed);
    System system(seed);
    system.nameserver->start();
    SimRemotingPeer& peer = system.peer();
    REQUIRE(peer.registers(broker("broker-a")));
    system.nameserver->node().freeze();
    // The broker goes on, and nobody answers.
    for (int i = 0; i < 10; ++i) {
      system.world.run_for(30s);
      peer.say(
          support::register_request(broker("broker-a"), peer.next_opaque()));
    }
    system.nameserver->node().thaw();
    INFO(system.transcript.text());
    CHECK_FALSE(
        system.world.run_until([&] { return system.orders().empty(); }, 100s));
  });
}

// 905, to the address at which the broker serves.
TEST_CASE("the group of a master that goes is told who is smallest now") {
  System system;
  system.nameserver->settings.service.remoting.notify_min_broker_id_changed =
      true;
  system.nameserver->settings.service.remoting.support_acting_master = true;
  system.nameserver->start();
  std::vector<support::RemotingAnswer> told;
  class Slave : public transport::ConnectionHandler {
   public:
    explicit Slave(std::vector<support::RemotingAnswer>& told) : told_(told) {}
    std::size_t on_bytes(std::span<const std::byte> bytes) override {
      heard_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      while (auto request = support::take_answer(heard_)) {
        told_.push_back(std::move(*request));
      }
      return bytes.size();
    }
    void on_closed(transport::CloseReason, const base::Error&) override {}
    std::unique_ptr<transport::Connection> connection;

   private:
    std::vector<support::RemotingAnswer>& told_;
    std::string heard_;
  };
  std::vector<std::unique_ptr<Slave>> accepted;
  const auto listener = *system.node->network().listen(
      {"10.0.1.1", 10921}, {}, [&](auto connection) {
        accepted.push_back(std::make_unique<Slave>(told));
        accepted.back()->connection = std::move(connection);
        accepted.back()->connection->start(accepted.back().get());
      });

  RemotingBroker master = broker("broker-a", 10911);
  master.acting_master = true;
  RemotingBroker slave = broker("broker-a", 10921);
  slave.id = 1;
  slave.acting_master = true;
  SimRemotingPeer& master_peer = system.peer();
  SimRemotingPeer& slave_peer = system.peer();
  REQUIRE(master_peer.registers(master));
  REQUIRE(slave_peer.registers(slave));
  told.clear();
  master_peer.hang_up();
  INFO(system.transcript.text());
  REQUIRE(system.world.run_until([&] { return !told.empty(); }, 10s));
  const remoting::Command& notice = told[0].command;
  CHECK(notice.code == code::kNotifyMinBrokerIdChange);
  CHECK(notice.is_oneway());
  CHECK(*notice.ext_field("minBrokerId") == "1");
  CHECK(*notice.ext_field("minBrokerAddr") == slave.address);
  CHECK(*notice.ext_field("offlineBrokerAddr") == master.address);
  // The slave acts: it shows as master, without write permission.
  SimRemotingPeer& client = system.peer();
  const auto answer = client.ask(support::route_request("orders", 1));
  REQUIRE(answer.has_value());
  const auto route = remoting::decode_route(answer->body);
  REQUIRE(route.has_value());
  REQUIRE(route->brokers.size() == 1);
  CHECK(route->brokers[0].addresses ==
        remoting::BrokerAddresses{{0, slave.address}});
  CHECK(route->queues[0].permission == 4);
}

TEST_CASE("a notice that reaches nobody leaves nothing behind") {
  System system;
  system.nameserver->settings.service.remoting.notify_min_broker_id_changed =
      true;
  system.nameserver->start();
  RemotingBroker master = broker("broker-a", 10911);
  master.acting_master = true;
  RemotingBroker slave = broker("broker-a", 10921);
  slave.id = 1;
  slave.acting_master = true;
  slave.address = "no endpoint";
  SimRemotingPeer& master_peer = system.peer();
  SimRemotingPeer& slave_peer = system.peer();
  REQUIRE(master_peer.registers(master));
  REQUIRE(slave_peer.registers(slave));
  master_peer.hang_up();
  system.world.run_for(10s);
  CHECK(system.transcript.contains("was not told"));
  CHECK(system.nameserver->state() == model::ServerState::kServing);
}

}  // namespace
}  // namespace waypost::sim
