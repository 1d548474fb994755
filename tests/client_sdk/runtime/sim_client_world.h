#ifndef WAYPOST_TESTS_CLIENT_SDK_RUNTIME_SIM_CLIENT_WORLD_H_
#define WAYPOST_TESTS_CLIENT_SDK_RUNTIME_SIM_CLIENT_WORLD_H_

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "client_sdk/runtime/client_engine.h"
#include "client_sdk/runtime/client_state.h"
#include "tests/client_sdk/runtime/fake_nameserver.h"
#include "tests/support/sim/sim_world.h"

namespace waypost::client {

// Polls each 2 s, 1 s for a question, starts at ns-a.
inline ClientOptions fast_options() {
  ClientOptions options = *ClientOptions::for_profile("fast");
  options.start_nameserver = "10.0.0.1:9876";
  options.random_seed = 1;
  return options;
}

// The client knows some of the nameservers by a name.
struct ByName {
  std::string name;
  std::vector<std::size_t> nameservers;
  base::Duration ttl{0};
  sim::SimWorld::Lookup lookup = sim::SimWorld::Lookup::kWorks;
};

struct SimClientSettings {
  std::size_t nameservers = 2;
  std::uint64_t seed = 1;
  ClientOptions options = fast_options();
  ByName by_name = {};
  bool nameservers_up = true;
  double loss = 0;
};

// Some fake nameservers and one client, without the client's threads: the test
// is the application, and messages to the engine go straight there.
class SimClientWorld : public EngineMailbox {
 public:
  explicit SimClientWorld(SimClientSettings settings = {})
      : world({.seed = settings.seed, .loss = settings.loss}),
        options(settings.options) {
    for (std::size_t i = 0; i < settings.nameservers; ++i) {
      const std::string name = std::string("ns-") + static_cast<char>('a' + i);
      const std::string address = "10.0.0." + std::to_string(i + 1);
      options.nameservers.push_back(address + ":9876");
      world.add_node(name, address);
      if (settings.nameservers_up) start_nameserver(i);
    }
    servers.resize(settings.nameservers);
    if (!settings.by_name.name.empty()) use_name(settings.by_name);
    world.add_node("app", "10.0.0.99");
    options.on_event = [this](const Event& event) { note(event); };
    options.event_delivery = EventDelivery::kExecutor;
    options.event_executor = [](const auto& task) { task(); };
    outlet = *EventOutlet::create(options);
    checked = *check_options(options);
    state = std::make_unique<ClientState>(options, app().executor(), *this);
    start_engine();
  }

  void start_engine() {
    engine = std::make_unique<ClientEngine>(
        app().executor(), app().network(), options, checked, *state, *outlet,
        base::Logger(&log_, &log_levels_, base::LogComponent::kClient));
  }
  // Lines of warnings with this text.
  std::size_t logged(const std::string& text) const {
    return static_cast<std::size_t>(std::count_if(
        log_.lines.begin(), log_.lines.end(), [&](const std::string& line) {
          return line.find(text) != std::string::npos;
        }));
  }

  sim::SimNode& node(std::size_t i) {
    return world.node(std::string("ns-") + static_cast<char>('a' + i));
  }
  FakeNameserver& server(std::size_t i) { return *servers[i]; }
  sim::SimNode& app() { return world.node("app"); }

  void start_nameserver(std::size_t i) {
    servers.resize(std::max(servers.size(), i + 1));
    auto& at = node(i);
    servers[i] =
        std::make_unique<FakeNameserver>(at.executor(), at.network(), at.name(),
                                         base::Endpoint{at.address(), 9876});
  }
  // As SIGKILL.
  void kill_nameserver(std::size_t i) {
    node(i).kill();
    servers[i].reset();
  }

  // All nameservers know the same.
  void set_route(const std::string& topic,
                 const std::vector<std::string>& brokers) {
    for (auto& each : servers) each->set_route(topic, brokers);
  }

  struct Asked {
    bool done = false;
    base::Status status;
    base::Duration took{0};
  };
  // Asks now and lets the world run until it is answered.
  Asked refresh(const std::string& topic) {
    const auto asked = std::make_shared<Asked>();
    const base::Instant start = world.now();
    engine->refresh(topic_state(topic),
                    [this, asked, start](const base::Status& status) {
                      *asked = {true, status, world.now() - start};
                    });
    REQUIRE(
        world.run_until([&] { return asked->done; }, std::chrono::seconds(60)));
    return *asked;
  }

  TopicState& topic_state(const std::string& topic) {
    const auto followed = state->topic(topic);
    REQUIRE(followed.has_value());
    return **followed;
  }

  // Follows the topic and waits for its route.
  void learn(const std::string& topic) {
    topic_state(topic);
    REQUIRE(world.run_until([&] { return state->route(topic).has_value(); },
                            std::chrono::seconds(5)));
  }

  // "broker-a broker-b?" of the published route; "" when there is none.
  std::string brokers(const std::string& topic) const {
    const auto route = state->route(topic);
    std::string text;
    if (!route) return text;
    for (const auto& group : route->groups) {
      text += (text.empty() ? "" : " ") + group.name;
      if (group.replicas[0].health != BrokerHealth::kHealthy) text += "?";
    }
    return text;
  }

  std::string nameserver() const { return state->stats().nameserver; }

  template <typename What>
  std::size_t count() const {
    std::size_t found = 0;
    for (const auto& event : events) {
      found += std::holds_alternative<What>(event.what) ? 1U : 0U;
    }
    return found;
  }
  template <typename What>
  const What& last() const {
    for (auto event = events.rbegin(); event != events.rend(); ++event) {
      if (const auto* what = std::get_if<What>(&event->what)) return *what;
    }
    FAIL("no such event");
    std::abort();
  }

  sim::SimWorld world;
  ClientOptions options;
  CheckedOptions checked;
  std::vector<std::unique_ptr<FakeNameserver>> servers;
  std::vector<Event> events;
  std::vector<std::string> transcript;  // "1503 left nameserver ..."
  struct Log final : base::LogSink {
    void write(base::LogLevel, base::LogComponent, std::string_view message,
               base::LogFields) override {
      lines.emplace_back(message);
    }
    std::vector<std::string> lines;
  };
  Log log_;
  base::LogLevels log_levels_{base::LogLevel::kWarn};

  std::shared_ptr<EventOutlet> outlet;
  std::unique_ptr<ClientState> state;
  std::unique_ptr<ClientEngine> engine;

 private:
  void use_name(const ByName& by_name) {
    std::vector<std::string> addresses;
    for (const std::size_t i : by_name.nameservers) {
      addresses.push_back(node(i).address());
    }
    world.add_host(by_name.name, addresses, by_name.ttl);
    world.set_lookup(by_name.name, by_name.lookup);
    options.nameservers = {by_name.name + ":9876"};
    options.start_nameserver.clear();
  }
  void note(const Event& event) {
    events.push_back(event);
    transcript.push_back(std::to_string(base::to_ms(world.elapsed())) + " " +
                         event.to_string());
  }
  void want(TopicState& topic) override { engine->want(topic); }
  void fault_changed(const FaultBoard::Change& change) override {
    engine->fault_changed(change);
  }
};

}  // namespace waypost::client

#endif  // WAYPOST_TESTS_CLIENT_SDK_RUNTIME_SIM_CLIENT_WORLD_H_
