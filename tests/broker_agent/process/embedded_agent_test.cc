// The embedding API on real sockets and threads.

#include <atomic>
#include <cstdlib>
#include <future>
#include <mutex>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/broker_agent/process/nameserver_thread.h"
#include "tests/support/process.h"
#include "tests/support/wait.h"
#include "waypost/agent.hpp"

namespace waypost {
namespace {

using namespace std::chrono_literals;
using agent::testing::NameserverThread;
using support::scaled;
using support::wait_until;

AgentOptions options_for(const std::vector<std::string>& nameservers) {
  AgentOptions options;
  options.nameservers = nameservers;
  options.cluster = "c";
  options.broker_name = "broker-a";
  options.broker_address = "127.0.0.1:1883";
  options.topics = {{.name = "orders"}};
  options.profile = "fast";
  return options;
}

TEST_CASE("an embedded agent registers, tells health and topics, and leaves") {
  NameserverThread one(1);
  NameserverThread two(2);
  const auto agent = Agent::start(options_for({one.address(), two.address()}));
  REQUIRE(agent.has_value());
  CHECK(wait_until(scaled(5s),
                   [&] { return (*agent)->registered_count() == 2; }));
  CHECK(one.is_healthy("broker-a"));

  (*agent)->report_health(false, "disk full");
  CHECK(wait_until(scaled(5s), [&] { return two.is_unhealthy("broker-a"); }));
  (*agent)->report_health(true, "");
  CHECK(wait_until(scaled(5s), [&] { return two.is_healthy("broker-a"); }));

  CHECK((*agent)
            ->set_topics({{.name = "a"}, {.name = "b", .writable = false}})
            .has_value());
  CHECK(wait_until(scaled(5s),
                   [&] { return one.broker("broker-a")->topic_count == 2; }));
  const auto bad = (*agent)->set_topics({{.name = "a"}, {.name = "a"}});
  REQUIRE_FALSE(bad.has_value());
  CHECK(bad.error().code == AgentError::Code::kInvalidArgument);
  CHECK(bad.error().message.find("twice") != std::string::npos);

  CHECK((*agent)->stop(AgentLeave::kUnregister, 60s).has_value());
  CHECK_FALSE(one.broker("broker-a").has_value());
  CHECK_FALSE(two.broker("broker-a").has_value());
  CHECK((*agent)->stop(AgentLeave::kUnregister, 60s).has_value());
  CHECK((*agent)->set_topics({}).error().code == AgentError::Code::kStopped);
  CHECK((*agent)->registered_count() == 0);
}

TEST_CASE("it starts and stops with all nameservers down") {
  const std::string nobody =
      "127.0.0.1:" + std::to_string(support::unused_port());
  std::atomic<int> lost{0};
  auto options = options_for({nobody});
  options.on_event = [&](const AgentEvent& event) {
    if (event.what == AgentEvent::What::kNameserverLost) ++lost;
  };
  auto agent = Agent::start(options);
  REQUIRE(agent.has_value());
  CHECK(wait_until(scaled(5s), [&] { return lost > 0; }));
  CHECK((*agent)->registered_count() == 0);
  const support::Stopwatch watch;
  agent->reset();
  CHECK(watch.elapsed() < scaled(3s));
}

TEST_CASE("wrong options are refused with what is allowed") {
  const std::vector<std::pair<std::function<void(AgentOptions&)>, const char*>>
      cases = {
          {[](AgentOptions& o) { o.nameservers.clear(); }, "nameservers"},
          {[](AgentOptions& o) { o.nameservers = {"x"}; }, "nameservers"},
          {[](AgentOptions& o) { o.nameservers = {"x:0"}; }, "port 0"},
          {[](AgentOptions& o) { o.cluster = ""; }, "cluster"},
          {[](AgentOptions& o) { o.broker_name = "a b"; }, "broker-name"},
          {[](AgentOptions& o) { o.broker_id = -1; }, "broker-id"},
          {[](AgentOptions& o) { o.broker_address = ""; }, "broker-address"},
          {[](AgentOptions& o) { o.zone = "a/b"; }, "zone"},
          {[](AgentOptions& o) { o.probes = {"udp"}; }, "udp"},
          {[](AgentOptions& o) { o.profile = "slow"; }, "slow"},
          {[](AgentOptions& o) { o.topics = {{.name = ""}}; }, "topic name"},
          {[](AgentOptions& o) {
             o.settings = {{"probe.fal", "2"}};
           },
           "probe.fal"},
          {[](AgentOptions& o) {
             o.settings = {{"agent.expiry", "1s"},
                           {"agent.heartbeat-interval", "1s"}};
           },
           "agent.expiry"},
          {[](AgentOptions& o) {
             o.settings = {{"agent.heartbeat-interval", "10s"}};
           },
           "agent.heartbeat-interval"},
      };
  for (const auto& [spoil, word] : cases) {
    CAPTURE(word);
    auto options = options_for({"127.0.0.1:1"});
    spoil(options);
    const auto agent = Agent::start(options);
    REQUIRE_FALSE(agent.has_value());
    CAPTURE(agent.error().to_string());
    CHECK(agent.error().code == AgentError::Code::kInvalidArgument);
    CHECK(agent.error().message.find(word) != std::string::npos);
  }
}

TEST_CASE("options are set by key, and taken from the environment") {
  AgentOptions options;
  CHECK(options.set("nameservers", "10.0.0.1:9876,10.0.0.2:9876"));
  CHECK(options.set("nameservers", "10.0.0.3:9876"));
  CHECK(options.nameservers.size() == 3);
  CHECK(options.set("broker-id", "7"));
  CHECK(options.broker_id == 7);
  CHECK(options.set("agent.register-interval", "10s"));
  CHECK(options.settings.size() == 1);
  CHECK_FALSE(options.set("profile", "slow"));
  const auto unknown = options.set("agent.registr-interval", "10s");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().to_string().find("agent.register-interval") !=
        std::string::npos);

  ::setenv("WAYPOST_NAMESERVERS", "127.0.0.1:1", 1);
  ::setenv("WAYPOST_BROKER_NAME", "broker-z", 1);
  ::setenv("WAYPOST_AGENT_REGISTER_INTERVAL", "20s", 1);
  CHECK(options.set_from_environment());
  CHECK(options.nameservers == std::vector<std::string>{"127.0.0.1:1"});
  CHECK(options.broker_name == "broker-z");
  options.cluster = "c";
  options.broker_address = "127.0.0.1:1883";
  CHECK(Agent::start(options));  // both intervals: the last one counts
  ::setenv("WAYPOST_BROKER_ID", "many", 1);
  const auto wrong = options.set_from_environment();
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().message.find("WAYPOST_BROKER_ID") != std::string::npos);
  CHECK(options.broker_id == 7);
  for (const char* name :
       {"WAYPOST_NAMESERVERS", "WAYPOST_BROKER_NAME",
        "WAYPOST_AGENT_REGISTER_INTERVAL", "WAYPOST_BROKER_ID"}) {
    ::unsetenv(name);
  }
}

TEST_CASE("events and log lines come, and handlers may call and throw") {
  NameserverThread nameserver;
  std::mutex mutex;
  std::vector<AgentEvent> events;
  std::vector<std::string> lines;
  auto options = options_for({nameserver.address()});
  Agent* self = nullptr;
  std::promise<void> known;
  const auto ready = known.get_future().share();
  AgentStatus stopped = std::monostate{};
  bool called = false;
  options.on_event = [&, ready](const AgentEvent& event) {
    ready.wait();
    const std::lock_guard lock(mutex);
    events.push_back(event);
    if (event.what == AgentEvent::What::kRegistered &&
        !std::exchange(called, true)) {
      stopped = self->stop(AgentLeave::kUnregister, 1s);
      static_cast<void>(self->set_topics({{.name = "from-handler"}}));
      self->report_health(true, "");
    }
    throw std::runtime_error("the application's own");
  };
  options.on_log = [&](AgentLogLevel, std::string_view line) {
    {
      const std::lock_guard lock(mutex);
      lines.emplace_back(line);
    }
    throw 1;
  };
  auto agent = Agent::start(options);
  REQUIRE(agent.has_value());
  self = agent->get();
  known.set_value();
  CHECK(wait_until(scaled(5s), [&] {
    const std::lock_guard lock(mutex);
    return std::any_of(events.begin(), events.end(), [](const auto& each) {
      return each.what == AgentEvent::What::kTopicsChanged;
    });
  }));
  CHECK((*agent)->stop(AgentLeave::kKeep, 60s).has_value());
  REQUIRE_FALSE(stopped.has_value());
  CHECK(stopped.error().code == AgentError::Code::kInvalidArgument);
  const std::lock_guard lock(mutex);
  bool shares_host = false;
  bool registered = false;
  for (const AgentEvent& event : events) {
    CHECK_FALSE(event.text.empty());
    if (event.what == AgentEvent::What::kSharesHost) shares_host = true;
    if (event.what == AgentEvent::What::kRegistered) {
      registered = true;
      CHECK(event.nameserver == nameserver.address());
    }
  }
  CHECK(shares_host);  // it does: this is a test on one machine
  CHECK(registered);
  CHECK(std::any_of(lines.begin(), lines.end(), [](const auto& line) {
    return line.find("registered with nameserver") != std::string::npos;
  }));
}

TEST_CASE("in a child after fork it does nothing, at once, and goes on here") {
  NameserverThread one(1);
  std::unique_ptr<Agent> agent = *Agent::start(options_for({one.address()}));
  REQUIRE(
      wait_until(scaled(5s), [&] { return agent->registered_count() == 1; }));
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::alarm(90);
    const AgentStatus topics = agent->set_topics({});
    const bool refused =
        !topics && topics.error().code == AgentError::Code::kStopped;
    agent->report_health(false, "a child's");
    const auto before = std::chrono::steady_clock::now();
    const bool left = agent->registered_count() == 0 &&
                      agent->stop(AgentLeave::kUnregister, 60s).has_value();
    agent.reset();
    const bool soon = std::chrono::steady_clock::now() - before < 30s;
    ::_exit(refused && left && soon ? 0 : 1);
  }
  int ended = -1;
  REQUIRE(::waitpid(child, &ended, 0) == child);
  CHECK(ended == 0);
  CHECK(one.is_healthy("broker-a"));
  CHECK(agent->registered_count() == 1);
  CHECK(agent->set_topics({{.name = "a"}}).has_value());
}

TEST_CASE("a handler that never returns does not hold stop for ever") {
  NameserverThread nameserver;
  auto release = std::make_shared<std::promise<void>>();
  auto entered = std::make_shared<std::promise<void>>();
  auto options = options_for({nameserver.address()});
  options.on_event = [released = release->get_future().share(), entered,
                      once = false](const AgentEvent&) mutable {
    if (std::exchange(once, true)) return;
    entered->set_value();
    released.wait();
  };
  auto agent = Agent::start(options);
  REQUIRE(agent.has_value());
  entered->get_future().wait();
  const support::Stopwatch watch;
  const auto stopped = (*agent)->stop(AgentLeave::kUnregister, 200ms);
  CHECK(watch.elapsed() < scaled(2s));
  REQUIRE_FALSE(stopped.has_value());
  CHECK(stopped.error().code == AgentError::Code::kTimedOut);
  agent->reset();
  release->set_value();
  // What was left behind ends too: the nameserver sees its connection close.
  CHECK(wait_until(scaled(5s),
                   [&] { return !nameserver.broker("broker-a").has_value(); }));
}

}  // namespace
}  // namespace waypost
