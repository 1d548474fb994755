// The whole client, but for its threads, against simulated nameservers under
// random faults for a minute, then under none. Whatever happens:
//
//   - a question ends with its budget, to the millisecond;
//   - it is answered if one nameserver was well all the time;
//   - a route once known stays, and is one that a nameserver has told;
//   - a broker that works gets its turns;
//   - the client ends at once, and says nothing after its end.

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/client_sdk/runtime/sim_client_world.h"
#include "tests/sim/deployment.h"

namespace waypost::client {
namespace {

using namespace std::chrono_literals;
using Behaviour = FakeNameserver::Behaviour;

constexpr base::Duration kTick = 20ms;
constexpr base::Duration kSlice = 1ms;
constexpr const char* kName = "nameservers.test";

// After a fault has ended, connections that it wounded are found out by pings.
constexpr base::Duration kWell = 3s;

// The picks in which a broker must have had a turn when it is not avoided: one
// in eleven of its turns, while it comes back. Who selects by latency leaves
// the slowest until half a minute has made it as good as the best: 50 picks a
// second.
int picks_max(Selector selector) {
  return selector == Selector::kLeastLatency ? 1'750 : 250;
}

// The longest that a policy avoids a broker after its last failure.
base::Duration avoided_max(FaultPolicy policy) {
  switch (policy) {
    case FaultPolicy::kRocketmq4:
      return 600s;
    case FaultPolicy::kRocketmq5:
      return 30s;
    default:
      return 10s;  // as options say below
  }
}

struct Plan {
  SimClientSettings settings;
  std::size_t brokers = 4;
};

Plan plan_of(std::uint64_t seed) {
  base::Random random(seed * 7919);
  Plan plan;
  auto& settings = plan.settings;
  settings.seed = seed;
  settings.nameservers = 1 + random.below(5);
  settings.loss = random.chance(0.2) ? 0.02 : 0;
  settings.options.random_seed = seed;
  settings.options.hedge = static_cast<Hedge>(random.below(3));
  settings.options.hedge_after = 30ms;
  settings.options.fault_policy = static_cast<FaultPolicy>(random.below(4));
  settings.options.adaptive.ejection_max = 10s;
  settings.options.selector =
      random.chance(0.3) ? Selector::kLeastLatency : Selector::kRoundRobin;
  if (random.chance(0.4)) {
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < settings.nameservers; ++i) all.push_back(i);
    settings.by_name = {kName, all, 10s};
  }
  plan.brokers = 2 + random.below(4);
  return plan;
}

class ClientChaos {
 public:
  explicit ClientChaos(std::uint64_t seed)
      : plan_(plan_of(seed)), it_(plan_.settings), random_(seed) {
    touched_.resize(count(), base::Instant::min());
    for (std::size_t i = 0; i < plan_.brokers; ++i) {
      brokers_[std::string("broker-") + static_cast<char>('a' + i)] = {};
    }
    change_route();
    for (int i = 0; i < 3; ++i) {
      topics_.push_back("topic-" + std::to_string(i));
      it_.set_route(topics_.back(), {"broker-a"});
    }
    it_.learn(kTopic);
    for (const auto& topic : topics_) it_.learn(topic);
    it_.topic_state("nobody-serves-it");
  }

  void disturb_for(base::Duration duration) {
    const base::Instant end = it_.world.now() + duration;
    base::Instant next_fault = it_.world.now();
    while (it_.world.now() < end) {
      if (it_.world.now() >= next_fault) {
        fault();
        next_fault += std::chrono::milliseconds(20 + random_.below(2000));
      }
      if (app_runs() && random_.chance(0.05)) ask();
      tick();
    }
  }

  void heal() {
    note("all heals");
    it_.world.heal_all();
    wake_app();
    for (std::size_t i = 0; i < count(); ++i) restore(i);
    it_.world.set_lookup(kName, sim::SimWorld::Lookup::kWorks);
    change_route();
    for (int i = 0; i < 750 && it_.brokers(kTopic) != route_text_; ++i) tick();
    REQUIRE_MESSAGE(it_.brokers(kTopic) == route_text_, story());
    for (int i = 0; i < 200; ++i) tick();
  }

  // Every nameserver dies: what is known stays in use.
  void outlive_all_nameservers() {
    note("all nameservers die");
    for (std::size_t i = 0; i < count(); ++i) {
      if (it_.servers[i]) it_.kill_nameserver(i);
      hurt(i);
    }
    ask();
    for (int i = 0; i < 500; ++i) tick();
    REQUIRE_MESSAGE(it_.brokers(kTopic) == route_text_, story());
  }

  void end() {
    ask();
    it_.world.run_for(std::chrono::microseconds(random_.below(2000)));
    const std::size_t events = it_.events.size();
    it_.engine.reset();
    over_ = true;
    it_.world.run_for(5s);
    REQUIRE_MESSAGE(it_.events.size() == events, story());
    REQUIRE_MESSAGE(failure_.empty(), (story() + failure_));
  }

 private:
  static constexpr const char* kTopic = "orders";

  struct Broker {
    bool works = true;
    // Since when it is in the route, healthy, and has not failed.
    std::optional<base::Duration> good_since;
    int picks_without = 0;
  };
  struct Call {
    bool done = false;
    base::Instant due{};
    std::set<std::size_t> well;  // nameservers that were, all the time
    bool app_slept = false;
  };

  std::size_t count() const { return plan_.settings.nameservers; }
  bool app_runs() { return it_.app().running() && !over_; }

  // --- Faults ---

  void note(const std::string& what) {
    it_.transcript.push_back(std::to_string(base::to_ms(it_.world.elapsed())) +
                             "   * " + what);
  }
  void hurt(std::size_t i) {
    sick_.insert(i);
    touched_[i] = it_.world.now();
    for (const auto& call : calls_) call->well.erase(i);
  }

  void fault() {
    const std::size_t i = random_.below(count());
    const std::string ns = it_.node(i).name();
    switch (random_.below(16)) {
      case 0:
      case 1:
        if (!it_.servers[i]) return;
        note((it_.node(i).running() ? "stop " : "continue ") + ns);
        hurt(i);
        it_.node(i).running() ? it_.node(i).freeze() : wake(it_.node(i));
        return;
      case 2:
        if (!it_.servers[i] || !it_.node(i).running()) return;
        note("sleep " + ns);
        hurt(i);
        return it_.node(i).suspend();
      case 3:
        if (!it_.servers[i]) return restore(i);
        note("kill " + ns);
        hurt(i);
        return it_.kill_nameserver(i);
      case 4:
        note("isolate " + ns);
        hurt(i);
        return it_.world.isolate(ns);
      case 5:
        note("cut " + ns + " one way");
        hurt(i);
        return random_.chance(0.5) ? it_.world.cut_one_way(ns, "app")
                                   : it_.world.cut_one_way("app", ns);
      case 6:
      case 7:
        return restore(i);
      case 8:
        note("slow " + ns);
        hurt(i);
        return it_.world.set_delay(ns, "app", {50ms, 700ms});
      case 9:
      case 10:
        if (!it_.servers[i]) return;
        it_.server(i).behaviour =
            static_cast<Behaviour>(random_.below(FakeNameserver::kBehaviours));
        note(ns + " behaves " +
             std::to_string(static_cast<int>(it_.server(i).behaviour)));
        return hurt(i);
      case 11:
        if (!it_.servers[i] || !it_.node(i).running()) return;
        note("drain " + ns);
        hurt(i);
        it_.server(i).state = model::ServerState::kDraining;
        return it_.server(i).drain("a test");
      case 12:
        return random_.chance(0.5) ? change_route() : change_one_route(i);
      case 13:
        return change_names();
      case 14:
        return disturb_app();
      default:
        return disturb_broker();
    }
  }

  void wake(sim::SimNode& node) { node.asleep() ? node.resume() : node.thaw(); }

  // What was pushed meanwhile is sent again, ever more seldom, and what comes
  // after it on that connection waits: as after a fault of a nameserver.
  void wake_app() {
    if (it_.app().running()) return;
    wake(it_.app());
    for (auto& touched : touched_) touched = it_.world.now();
    for (const auto& call : calls_) call->well.clear();
  }

  // As well as it was.
  void restore(std::size_t i) {
    const std::string ns = it_.node(i).name();
    note("restore " + ns);
    hurt(i);
    sick_.erase(i);
    it_.world.rejoin(ns);
    it_.world.heal("app", ns);
    it_.world.set_delay(ns, "app", {});
    if (!it_.servers[i]) {
      it_.node(i).restart();
      it_.start_nameserver(i);
    } else if (!it_.node(i).running()) {
      wake(it_.node(i));
    }
    it_.server(i).behaviour = Behaviour::kServes;
    it_.server(i).state = model::ServerState::kServing;
    it_.server(i).set_route(kTopic, route_);
    for (const auto& topic : topics_)
      it_.server(i).set_route(topic, {"broker-a"});
  }

  void change_route() {
    std::vector<std::string> route;
    for (const auto& [name, broker] : brokers_) {
      if (random_.chance(0.25) && !route.empty()) continue;
      route.push_back(random_.chance(0.1) ? name + "?" : name);
    }
    set_route(route);
    for (std::size_t i = 0; i < count(); ++i) {
      if (it_.servers[i]) it_.server(i).set_route(kTopic, route_);
    }
  }
  // Nameservers may differ for a while.
  void change_one_route(std::size_t i) {
    if (!it_.servers[i]) return;
    const auto before = std::pair(route_, route_text_);
    set_route({"broker-a", "broker-b?"});
    it_.server(i).set_route(kTopic, route_);
    std::tie(route_, route_text_) = before;
  }
  void set_route(const std::vector<std::string>& route) {
    route_ = route;
    route_text_.clear();
    for (const auto& name : route) {
      route_text_ += (route_text_.empty() ? "" : " ") + name;
    }
    told_.insert(route_text_);
    note("route " + route_text_);
  }

  void change_names() {
    if (plan_.settings.by_name.name.empty()) return;
    std::vector<std::string> addresses;
    for (std::size_t i = 0; i < count(); ++i) {
      if (random_.chance(0.6)) addresses.push_back(it_.node(i).address());
    }
    using Lookup = sim::SimWorld::Lookup;
    const auto lookup = static_cast<Lookup>(random_.below(3));
    note("name: " + std::to_string(addresses.size()) + " addresses, " +
         std::to_string(static_cast<int>(lookup)));
    it_.world.add_host(kName, addresses, 1s * random_.below(20));
    it_.world.set_lookup(kName, lookup);
  }

  void disturb_app() {
    if (!it_.app().running()) {
      note("the application wakes");
      return wake_app();
    }
    switch (random_.below(3)) {
      case 0:
        note("the application stops");
        return it_.app().freeze();
      case 1:
        note("the application's machine sleeps");
        return it_.app().suspend();
      default:
        note("the wall clock jumps");
        return it_.app().jump_wall_clock(1s * random_.below(7200) - 1h);
    }
  }

  void disturb_broker() {
    auto broker = brokers_.begin();
    std::advance(broker, random_.below(brokers_.size()));
    broker->second.works = !broker->second.works;
    note(broker->first + (broker->second.works ? " works" : " fails"));
  }

  // --- The application ---

  void ask() {
    const auto call = std::make_shared<Call>();
    // A question that is under way may be waited for first.
    call->due = it_.world.now() + 2 * it_.options.rpc_timeout + kSlice;
    for (std::size_t i = 0; i < count(); ++i) {
      if (is_well(i) && listed(it_.node(i).address())) call->well.insert(i);
    }
    calls_.push_back(call);
    const auto done = [this, call](const base::Status& status) {
      on_done(*call, status);
    };
    if (random_.chance(0.2)) {
      it_.engine->refresh_all(done);
      return;
    }
    it_.engine->refresh(it_.topic_state(kTopic), done);
  }

  void on_done(Call& call, const base::Status& status) {
    call.done = true;
    if (over_) fail("a callback after the end");
    if (it_.world.now() > call.due) fail("a call outlives its deadline");
    std::erase_if(call.well, [this](std::size_t i) {
      return !listed(it_.node(i).address());
    });
    // Lost packets are sent again, which takes whatever it takes.
    if (!status && !call.well.empty() && !call.app_slept &&
        plan_.settings.loss == 0) {
      fail("not answered, although a nameserver was well: " +
           status.error().message);
    }
  }

  bool is_well(std::size_t i) const {
    return !sick_.contains(i) && it_.world.now() - kWell > touched_[i];
  }

  bool listed(const std::string& address) {
    if (plan_.settings.by_name.name.empty()) return true;
    const auto& names = it_.last<NameserversChanged>().nameservers;
    return std::any_of(names.begin(), names.end(), [&](const auto& name) {
      return name.find(address) != std::string::npos;
    });
  }

  void pick() {
    const auto pick = it_.state->pick(kTopic, {});
    if (!pick) return fail("no broker: " + pick.error().message);
    Broker& picked = brokers_.at(pick->broker_name());
    it_.state->report(*pick, picked.works ? Outcome::kOk : Outcome::kFailed,
                      std::chrono::milliseconds(1 + random_.below(5)));
    const std::string route = it_.brokers(kTopic) + " ";
    for (auto& [name, broker] : brokers_) {
      const bool healthy = route.find(name + " ") != std::string::npos;
      if (!healthy || (&broker == &picked && !picked.works)) {
        broker.good_since.reset();
      } else if (!broker.good_since) {
        broker.good_since = app_time_;
      }
      const bool due =
          broker.good_since && app_time_ - *broker.good_since >
                                   avoided_max(it_.options.fault_policy);
      broker.picks_without =
          due && &broker != &picked ? broker.picks_without + 1 : 0;
      if (broker.picks_without > picks_max(it_.options.selector))
        fail(name + " is starved");
    }
  }

  void tick() {
    const bool runs = app_runs();
    it_.world.run_for(kTick);
    if (!told_.contains(it_.brokers(kTopic))) fail("a route from nowhere");
    for (const auto& topic : topics_) {
      if (it_.brokers(topic) != "broker-a") fail("a route is lost");
    }
    if (runs) {
      app_time_ += kTick;
      pick();
    }
    for (const auto& call : calls_) {
      if (!runs) {
        call->app_slept = true;
        call->due += kTick;
      }
      if (!call->done && it_.world.now() > call->due + kTick) {
        fail("a call outlives its deadline");
      }
    }
    std::erase_if(calls_, [](const auto& call) { return call->done; });
    if (!failure_.empty()) FAIL((story() + failure_));
  }

  // Not thrown from within the client.
  void fail(const std::string& what) {
    if (failure_.empty()) failure_ = what;
  }

  std::string story() const {
    const ClientOptions& options = plan_.settings.options;
    std::string text =
        "\npolicy " + std::to_string(static_cast<int>(options.fault_policy)) +
        ", selector " + std::to_string(static_cast<int>(options.selector)) +
        ", hedge " + std::to_string(static_cast<int>(options.hedge)) + "\n";
    for (const auto& line : it_.transcript) text += line + "\n";
    return text;
  }

  const Plan plan_;
  SimClientWorld it_;
  base::Random random_;
  base::Duration app_time_{0};  // while it ran
  std::map<std::string, Broker> brokers_;
  std::vector<std::string> topics_;
  std::vector<std::string> route_;
  std::string route_text_;
  std::set<std::string> told_;
  std::vector<base::Instant> touched_;
  std::set<std::size_t> sick_;
  std::vector<std::shared_ptr<Call>> calls_;
  bool over_ = false;
  std::string failure_;
};

TEST_CASE("a client under random faults: in time, never empty, fair, whole") {
  sim::for_each_seed(1'000, [](std::uint64_t seed) {
    ClientChaos chaos(seed);
    chaos.disturb_for(60s);
    if (seed % 4 != 0) {
      chaos.heal();
      chaos.outlive_all_nameservers();
    }
    chaos.end();
  });
}

}  // namespace
}  // namespace waypost::client
