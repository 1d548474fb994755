// Random faults for two minutes, then none. While they last: a broker that can
// reach a nameserver undisturbed is in its table, a dead one is not, and no
// client loses a route it had. Afterwards: everything is whole again, without
// anybody's help.

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <doctest/doctest.h>

#include "tests/sim/deployment.h"

namespace waypost::sim {
namespace {

using namespace std::chrono_literals;
using Names = std::vector<std::string>;

// Time after which two undisturbed machines must have found each other again: a
// reconnect or two, each at most 750 ms after the one before and 1 s long.
constexpr base::Duration kFindAgain = 8s;

// Time after which a dead broker must be forgotten: its expiry of 3 s, as much
// again for the brake, and the scan.
constexpr base::Duration kForget = 10s;

// Where packets are lost, a live broker is silent for 1.5 s now and then. Its
// nameserver says so, at once and to all who watch, and takes it back with the
// next heartbeat.
constexpr base::Duration kSuspectMax = 3s;

class Chaos {
 public:
  explicit Chaos(std::uint64_t seed)
      : system_({.seed = seed,
                 .nameservers = 3,
                 .brokers = 4,
                 .clients = 3,
                 .profile = "fast",
                 .loss = loss_of(seed),
                 .watch = seed % 2 == 0}),
        lossy_(loss_of(seed) > 0),
        random_(system_.world.random().fork()) {}

  Deployment& system() { return system_; }

  void disturb_for(base::Duration duration) {
    const base::Instant end = system_.world.now() + duration;
    while (system_.world.now() < end) {
      const auto pause = std::chrono::milliseconds(50 + random_.below(3000));
      run_checked(pause);
      step();
    }
  }

  void heal_everything() {
    system_.transcript.note("everything heals");
    system_.world.heal_all();
    for (auto& nameserver : system_.nameservers) {
      revive(nameserver->node());
      if (!nameserver->running()) nameserver->start();
    }
    for (auto& agent : system_.agents) {
      revive(agent->node());
      if (!agent->running()) agent->start();
    }
    for (auto& client : clients_nodes()) revive(*client);
  }

  // Runs on; false when anybody loses a broker meanwhile, or takes it for
  // suspect without a reason.
  bool stays_whole_for(base::Duration duration) {
    const auto broken = [this] {
      if (!system_.all_nameservers_have(system_.full_route())) return true;
      for (const auto& client : system_.clients) {
        if (!is_whole(*client)) return true;
      }
      return false;
    };
    return !system_.world.run_until(broken, duration);
  }

  // Runs on and looks at the safety properties on the way.
  void run_checked(base::Duration duration) {
    const base::Instant end = system_.world.now() + duration;
    while (system_.world.now() < end) {
      system_.world.run_for(
          std::min<base::Duration>(20ms, end - system_.world.now()));
      check_tables();
      check_clients();
    }
  }

 private:
  static double loss_of(std::uint64_t seed) {
    return seed % 3 == 0 ? 0.02 : 0.0;
  }

  bool is_whole(const SimClient& client) {
    Names names = client.brokers_of(Deployment::kTopic);
    const Names& full = system_.full_route();
    auto& suspected_at = suspected_[&client];
    if (names == full) {
      suspected_at.reset();
      return true;
    }
    static const std::string kMark = " (suspect)";
    for (auto& name : names) {
      if (name.ends_with(kMark)) name.resize(name.size() - kMark.size());
    }
    if (!suspected_at) suspected_at = system_.world.now();
    return lossy_ && names == full &&
           system_.world.now() - *suspected_at <= kSuspectMax;
  }

  void revive(SimNode& node) {
    if (node.asleep()) {
      node.resume();
    } else {
      node.thaw();
    }
  }

  std::vector<SimNode*> clients_nodes() {
    std::vector<SimNode*> nodes;
    for (std::size_t i = 0; i < system_.clients.size(); ++i) {
      nodes.push_back(&system_.world.node("app-" + std::to_string(i)));
    }
    return nodes;
  }

  SimNode& any_node() {
    const auto kind = random_.below(3);
    if (kind == 0) {
      return system_.nameservers[random_.below(3)]->node();
    }
    if (kind == 1) return system_.agents[random_.below(4)]->node();
    return *clients_nodes()[random_.below(3)];
  }

  // One fault, or the end of one.
  void step() {
    switch (random_.below(9)) {
      case 0:
      case 1: {
        SimNode& node = any_node();
        const bool running = node.running();
        note((running ? "stop " : "continue ") + node.name(), node);
        running ? node.freeze() : revive(node);
        return;
      }
      case 2: {
        SimNode& node = any_node();
        if (!node.running()) return;
        note("sleep " + node.name(), node);
        node.suspend();
        return;
      }
      case 3: {
        auto& nameserver = *system_.nameservers[random_.below(3)];
        if (!nameserver.node().running()) return;
        note((nameserver.running() ? "kill " : "start ") +
                 nameserver.node().name(),
             nameserver.node());
        nameserver.running() ? nameserver.kill() : nameserver.start();
        return;
      }
      case 4: {
        SimNode& from = any_node();
        SimNode& to = any_node();
        if (&from == &to) return;
        note("cut " + from.name() + " " + to.name(), from, to);
        random_.chance(0.5) ? system_.world.cut(from.name(), to.name())
                            : system_.world.cut_one_way(from.name(), to.name());
        cut_.insert(pair_of(from, to));
        return;
      }
      case 5: {
        SimNode& node = any_node();
        note("isolate " + node.name(), node);
        system_.world.isolate(node.name());
        isolated_.insert(node.name());
        return;
      }
      case 6: {
        system_.transcript.note("links heal");
        system_.world.heal_all();
        for (const auto& [a, b] : cut_) {
          touched_[a] = touched_[b] = system_.world.now();
        }
        for (const auto& name : isolated_) touched_[name] = system_.world.now();
        cut_.clear();
        isolated_.clear();
        return;
      }
      case 7: {
        SimAgent& agent = *system_.agents[random_.below(4)];
        if (!agent.node().running()) return;
        note((agent.running() ? "kill agent of " : "start agent of ") +
                 agent.broker_name(),
             agent.node());
        agent.running() ? agent.kill() : agent.start();
        return;
      }
      default: {
        SimNode& node = any_node();
        node.jump_wall_clock(std::chrono::seconds(random_.below(7200)) - 1h);
        return;
      }
    }
  }

  static std::pair<std::string, std::string> pair_of(const SimNode& a,
                                                     const SimNode& b) {
    return {std::min(a.name(), b.name()), std::max(a.name(), b.name())};
  }

  void note(const std::string& what, SimNode& node) {
    system_.transcript.note(what);
    touched_[node.name()] = system_.world.now();
  }
  void note(const std::string& what, SimNode& a, SimNode& b) {
    note(what, a);
    touched_[b.name()] = system_.world.now();
  }

  bool quiet_for(const SimNode& node, base::Duration duration) {
    const auto found = touched_.find(node.name());
    return found == touched_.end() ||
           system_.world.now() - found->second > duration;
  }

  bool undisturbed(SimNode& a, SimNode& b) {
    if (!a.running() || !b.running() || cut_.contains(pair_of(a, b)) ||
        isolated_.contains(a.name()) || isolated_.contains(b.name())) {
      return false;
    }
    return quiet_for(a, kFindAgain) && quiet_for(b, kFindAgain);
  }

  void check_tables() {
    for (auto& nameserver : system_.nameservers) {
      if (!nameserver->running()) continue;
      for (auto& agent : system_.agents) check_entry(*nameserver, *agent);
    }
  }

  void check_entry(SimNameserver& nameserver, SimAgent& agent) {
    const Names& known = nameserver.brokers_of(Deployment::kTopic);
    const bool in_table = std::find(known.begin(), known.end(),
                                    agent.broker_name()) != known.end();
    if (agent.running() && undisturbed(nameserver.node(), agent.node())) {
      check(in_table, nameserver, agent, " lacks ");
    }
    // What a dead agent's kernel still had to send may register it once more,
    // for an expiry at most.
    auto& ghost = ghosts_[{&nameserver, &agent}];
    if (agent.running() || !in_table || !nameserver.node().running()) {
      ghost.reset();
    } else if (!ghost) {
      ghost = system_.world.now();
    }
    check(!ghost || system_.world.now() - *ghost <= kForget, nameserver, agent,
          " still has ");
  }

  void check(bool right, SimNameserver& nameserver, SimAgent& agent,
             const std::string& wrong) {
    if (right) return;
    INFO(system_.transcript.text());
    const std::string what =
        nameserver.node().name() + wrong + agent.broker_name();
    FAIL(what);
  }

  void check_clients() {
    for (const auto& client : system_.clients) {
      if (client->brokers_of(Deployment::kTopic).empty()) {
        INFO(system_.transcript.text());
        FAIL("a client lost its route");
      }
    }
  }

  Deployment system_;
  const bool lossy_;
  base::Random random_;
  std::map<const SimClient*, std::optional<base::Instant>> suspected_;
  std::map<std::string, base::Instant> touched_;
  std::set<std::pair<std::string, std::string>> cut_;
  std::set<std::string> isolated_;
  std::map<std::pair<SimNameserver*, SimAgent*>, std::optional<base::Instant>>
      ghosts_;
};

TEST_CASE("random faults: safe while they last, whole after them") {
  for_each_seed(200, [](std::uint64_t seed) {
    CAPTURE(seed);
    Chaos chaos(seed);
    Deployment& system = chaos.system();
    REQUIRE(system.settle());
    chaos.disturb_for(2min);
    chaos.heal_everything();
    // Starting may wait for its 45 s. An agent whose clock went back before it
    // started, and which found a registration of its own earlier life at a
    // nameserver that had slept, looks again after a minute.
    system.world.run_for(75s);
    INFO(system.transcript.text());
    REQUIRE(system.all_nameservers_have(system.full_route()));
    REQUIRE(system.all_clients_have(system.full_route()));
    // And it stays so.
    CHECK(chaos.stays_whole_for(20s));
    for (auto& nameserver : system.nameservers) {
      CHECK(nameserver->state() == model::ServerState::kServing);
    }
  });
}

TEST_CASE("the same seed replays a whole system event by event") {
  const auto run = [](std::uint64_t seed) {
    Chaos chaos(seed);
    REQUIRE(chaos.system().settle());
    chaos.disturb_for(20s);
    return std::pair(chaos.system().world.fingerprint(),
                     chaos.system().transcript.text());
  };
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const auto first = run(seed);
    const auto second = run(seed);
    CHECK(first.first == second.first);
    CHECK(first.second == second.second);
  }
}

}  // namespace
}  // namespace waypost::sim
