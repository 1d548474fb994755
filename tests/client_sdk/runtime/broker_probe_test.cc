// Brokers that die, hang and come back, and a client that probes them before it
// uses them again; on the virtual clock.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/client_sdk/runtime/sim_client_world.h"

namespace waypost::client {
namespace {

using namespace std::chrono_literals;

SimClientSettings probing(ProbeKind kind, FaultPolicy policy,
                          BrokerCheck check = {}) {
  SimClientSettings settings;
  settings.nameservers = 1;
  settings.options.fault_policy = policy;
  settings.options.broker_probe.kind = kind;
  settings.options.broker_probe.check = std::move(check);
  return settings;
}

// Three brokers that accept connections, and an application that sends to them.
class BrokerWorld : public SimClientWorld {
 public:
  explicit BrokerWorld(const SimClientSettings& settings)
      : SimClientWorld(settings) {
    for (const std::string name : {"broker-a", "broker-b", "broker-c"}) {
      world.add_node(name, "10.1.0." + std::to_string(name.back() - 'a' + 1));
      start_broker(name);
    }
    set_route("orders", {"broker-a", "broker-b", "broker-c"});
    learn("orders");
  }

  void start_broker(const std::string& name) {
    auto& node = world.node(name);
    listeners_[name] = *node.network().listen(
        {node.address(), 10911}, {},
        [](const std::unique_ptr<transport::Connection>&) {});
  }
  void crash(const std::string& name) {
    world.node(name).crash();
    listeners_.erase(name);
  }
  void restart(const std::string& name) {
    world.node(name).restart();
    start_broker(name);
  }

  // A message each 10 ms; those to a broker in `broken` fail, after a second of
  // the application's time that is not waited for. Says how many went where.
  std::map<std::string, int> send_for(base::Duration duration) {
    std::map<std::string, int> sent;
    const base::Instant end = world.now() + duration;
    while (world.now() < end) {
      const auto pick = state->pick("orders", {});
      REQUIRE(pick);
      const bool fails = broken.contains(pick->broker_name());
      ++sent[pick->broker_name()];
      if (fails) failed_at.push_back(world.now());
      state->report(*pick, fails ? Outcome::kFailed : Outcome::kOk,
                    fails ? base::Duration(1s) : base::Duration(1ms));
      world.run_for(10ms);
    }
    return sent;
  }

  // Sends until somebody broken was found out.
  void send_until_avoided() {
    while (count<BrokerAvoided>() == 0) send_for(10ms);
  }

  std::set<std::string> broken;
  std::vector<base::Instant> failed_at;

 private:
  std::map<std::string, std::unique_ptr<transport::Listener>> listeners_;
};

TEST_CASE("without probes a dead broker is tried whenever its time is over") {
  BrokerWorld it(probing(ProbeKind::kOff, FaultPolicy::kRocketmq5));
  it.crash("broker-a");
  it.broken = {"broker-a"};
  it.send_until_avoided();
  CHECK(it.send_for(35s)["broker-a"] == 3);  // after 10, 20, 30 s
  CHECK(it.count<BrokerProbed>() == 0);
}

TEST_CASE("a dead broker gets nothing until it can be reached again") {
  for (const auto policy : {FaultPolicy::kRocketmq5, FaultPolicy::kAdaptive}) {
    BrokerWorld it(probing(ProbeKind::kTcp, policy));
    it.crash("broker-a");
    it.broken = {"broker-a"};
    it.send_until_avoided();
    CHECK(it.send_for(5min)["broker-a"] == 0);
    CHECK(it.count<BrokerProbed>() >= 8);
    CHECK(it.count<BrokerProbed>() <= 20);
    CHECK_FALSE(it.last<BrokerProbed>().ok);
    CHECK(it.state->stats().avoided == 1);

    it.restart("broker-a");
    it.broken.clear();
    REQUIRE(it.world.run_until(
        [&] { return it.count<BrokerNoLongerAvoided>() == 1; }, 40s));
    CHECK(it.last<BrokerProbed>().ok);
    CHECK(it.last<BrokerNoLongerAvoided>().why == "can be reached again");
    // A trickle first, then its third.
    auto sent = it.send_for(10s);
    CHECK(sent["broker-a"] > 20);
    CHECK(sent["broker-a"] < 200);
    sent = it.send_for(10s);
    CHECK(sent["broker-a"] > 300);
    CHECK(it.count<BrokerNoLongerAvoided>() == 1);
    CHECK(it.state->stats().avoided == 0);
  }
}

TEST_CASE("a broker that hangs and accepts connections does not flap") {
  for (const auto policy : {FaultPolicy::kRocketmq5, FaultPolicy::kAdaptive}) {
    BrokerWorld it(probing(ProbeKind::kTcp, policy));
    it.world.node("broker-a").freeze();
    it.broken = {"broker-a"};
    it.send_until_avoided();
    // The probe succeeds all the while: one message is lost each time it is
    // believed, more and more rarely.
    const auto sent = it.send_for(20min);
    CHECK(it.last<BrokerProbed>().ok);
    CHECK(sent.at("broker-a") >= 4);
    CHECK(sent.at("broker-a") <= 9);
    const auto& failed = it.failed_at;
    CHECK(failed.back() - failed[failed.size() - 2] > 4min);
    // It wakes up: believed once more, and now rightly so.
    it.world.node("broker-a").thaw();
    it.broken.clear();
    (void)it.send_for(6min);
    CHECK(it.send_for(10s)["broker-a"] > 300);
    // That is forgiven: the next time counts from the beginning.
    it.broken = {"broker-a"};
    const std::size_t avoided = it.count<BrokerAvoided>();
    while (it.count<BrokerAvoided>() == avoided) it.send_for(10ms);
    it.broken.clear();
    if (policy == FaultPolicy::kRocketmq5) {
      CHECK(it.send_for(12s)["broker-a"] > 0);
    }
  }
}

TEST_CASE("when all are avoided the least bad are used, and come back by it") {
  BrokerWorld it(probing(ProbeKind::kTcp, FaultPolicy::kRocketmq5));
  for (const char* each : {"broker-a", "broker-b", "broker-c"}) {
    it.crash(each);
    it.broken.insert(each);
  }
  (void)it.send_for(30s);
  CHECK(it.state->stats().avoided == 3);
  // Their probes go on failing, but messages get through.
  it.broken.clear();
  (void)it.send_for(60s);
  CHECK(it.state->stats().avoided <= 1);  // as many as the cap allows
  CHECK_FALSE(it.last<BrokerProbed>().ok);
}

TEST_CASE("a broker that left all routes is not probed, until it is back") {
  BrokerWorld it(probing(ProbeKind::kTcp, FaultPolicy::kRocketmq4));
  it.crash("broker-a");
  it.broken = {"broker-a"};
  it.send_until_avoided();
  it.set_route("orders", {"broker-b", "broker-c"});
  it.refresh("orders");
  CHECK(it.last<BrokerLeft>().avoided);
  CHECK(it.last<BrokerLeft>().reason == ChangeReason::kNotTold);
  CHECK(it.last<MasterChanged>().group == "broker-a");
  CHECK_FALSE(it.last<MasterChanged>().to);
  const auto before = it.count<BrokerProbed>();
  it.world.run_for(5min);
  CHECK(it.count<BrokerProbed>() == before);
  // Back within its 10 minutes: avoided, and probed at their end.
  it.set_route("orders", {"broker-a", "broker-b", "broker-c"});
  it.refresh("orders");
  CHECK(it.last<BrokerJoined>().broker.name == "broker-a");
  it.world.run_for(6min);
  CHECK(it.count<BrokerProbed>() > before);
  CHECK(it.send_for(10s)["broker-a"] == 0);
  it.restart("broker-a");
  it.broken.clear();
  it.world.run_for(40s);
  CHECK(it.send_for(10s)["broker-a"] > 0);
}

// A check of the application that answers when the test wants.
struct Checks {
  BrokerCheck function() {
    return [this](const Broker& broker, std::chrono::nanoseconds timeout,
                  ProbeReply reply) {
      CHECK(timeout == 1s);
      asked.push_back(broker.name);
      if (throws) throw std::runtime_error("no such socket");
      if (answers) {
        if (*answers) {
          reply.works();
        } else {
          reply.fails("queue is full");
        }
      }
      if (keeps) kept.push_back(reply);
    };
  }
  std::optional<bool> answers;
  bool throws = false;
  bool keeps = false;
  std::vector<std::string> asked;
  std::vector<ProbeReply> kept;
};

TEST_CASE("a check that is passed ends an avoidance before its time") {
  Checks checks;
  checks.answers = false;
  BrokerWorld it(
      probing(ProbeKind::kCheck, FaultPolicy::kRocketmq4, checks.function()));
  it.broken = {"broker-a"};
  it.send_until_avoided();
  CHECK(it.last<BrokerAvoided>().duration == 600s);
  it.world.run_for(20s);
  CHECK(checks.asked.size() >= 3);
  CHECK(it.last<BrokerProbed>().why == "queue is full");
  CHECK(it.state->stats().avoided == 1);
  checks.answers = true;
  it.broken.clear();
  it.world.run_for(40s);
  CHECK(it.last<BrokerNoLongerAvoided>().why == "passed its check");
  CHECK(it.send_for(20s)["broker-a"] > 300);
}

TEST_CASE("a check that throws, drops its reply or says nothing has failed") {
  Checks checks;
  BrokerWorld it(
      probing(ProbeKind::kCheck, FaultPolicy::kRocketmq4, checks.function()));
  it.broken = {"broker-a"};
  it.send_until_avoided();
  const auto next = [&] {
    const auto before = it.count<BrokerProbed>();
    REQUIRE(it.world.run_until(
        [&] { return it.count<BrokerProbed>() > before; }, 60s));
    CHECK_FALSE(it.last<BrokerProbed>().ok);
    return it.last<BrokerProbed>().why;
  };
  CHECK(next() == "the check gave no answer");
  checks.throws = true;
  CHECK(next() == "the check threw: no such socket");
  checks.throws = false;
  checks.keeps = true;
  CHECK(next() == "no answer within 1s");
  // Too late, and from then on without anybody to hear it.
  checks.kept.back().works();
  it.world.run_for(1ms);
  CHECK(it.state->stats().avoided == 1);
  REQUIRE(it.world.run_until([&] { return checks.kept.size() == 2; }, 60s));
  it.engine.reset();
  checks.kept.back().works();
  checks.kept.clear();
  it.world.run_for(1s);
}

TEST_CASE("an answer that is older than a failure does not count") {
  Checks checks;
  checks.keeps = true;
  BrokerWorld it(
      probing(ProbeKind::kCheck, FaultPolicy::kRocketmq4, checks.function()));
  it.broken = {"broker-a"};
  it.send_until_avoided();
  REQUIRE(it.world.run_until([&] { return checks.kept.size() == 1; }, 60s));
  // A message that was under way fails while the check runs.
  const Broker broker = it.last<BrokerAvoided>().broker;
  it.world.run_for(1ms);
  it.engine->fault_changed(
      *it.state->faults().report(*it.state->arena().intern(broker), true, 1s));
  it.world.run_for(1ms);
  checks.kept.back().works();
  it.world.run_for(1ms);
  CHECK(it.last<BrokerProbed>().ok);
  CHECK(it.state->stats().avoided == 1);
}

}  // namespace
}  // namespace waypost::client
