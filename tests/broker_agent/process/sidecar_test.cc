// The waypost-agent executable, and a real mosquitto where there is one.

#include <csignal>

#include <doctest/doctest.h>

#include "tests/broker_agent/process/nameserver_thread.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait.h"

namespace waypost::agent {
namespace {

using namespace std::chrono_literals;
using support::our_executable;
using support::Process;
using support::scaled;
using support::wait_until;
using testing::NameserverThread;

// A sidecar beside a broker at `port`, with what it needs in a directory.
// Declare it before the nameservers it is started with: its directories are
// removed when it goes, and the thread sanitizer, which sees neither libuv's
// closes nor openat, takes a descriptor that was used by a nameserver's thread
// a moment ago for shared as long as that thread runs.
struct Sidecar {
  void start(const std::vector<std::string>& nameservers, std::uint16_t port,
             const std::vector<std::string>& more = {}) {
    support::write_file(topics, R"({"topics": [{"name": "orders"}]})");
    std::string list;
    for (const auto& each : nameservers) {
      list += (list.empty() ? "" : ",") + each;
    }
    std::vector<std::string> arguments = {our_executable("waypost-agent"),
                                          "--nameservers",
                                          list,
                                          "--cluster",
                                          "c",
                                          "--broker-name",
                                          "broker-a",
                                          "--broker-address",
                                          "127.0.0.1:" + std::to_string(port),
                                          "--topics",
                                          topics};
    arguments.insert(arguments.end(), more.begin(), more.end());
    process.emplace(arguments);
  }
  bool says(const std::string& text) {
    return process->transcript().find(text) != std::string::npos;
  }

  support::TempDir dir;
  const std::string topics = dir / "topics.json";
  std::optional<Process> process;
};

TEST_CASE("the sidecar registers, follows its topic file, and unregisters") {
  Sidecar sidecar;
  NameserverThread one(1);
  NameserverThread two(2);
  sidecar.start({one.address(), two.address()}, support::unused_port());
  CHECK(wait_until(scaled(5s), [&] {
    return one.is_healthy("broker-a") && two.is_healthy("broker-a");
  }));
  // It says which nameservers share its host, and how registering went.
  CHECK(wait_until(scaled(5s), [&] {
    return sidecar.says("registered with nameserver") &&
           sidecar.says("runs on the broker's machine");
  }));

  support::write_file(sidecar.topics,
                      R"({"topics": [{"name": "a"}, {"name": "b"}]})");
  CHECK(wait_until(scaled(5s),
                   [&] { return one.broker("broker-a")->topic_count == 2; }));
  support::write_file(sidecar.topics, "{\n\"topics\": [}");
  CHECK(wait_until(scaled(5s),
                   [&] { return sidecar.says("topics.json:2: not JSON"); }));
  CHECK(one.broker("broker-a")->topic_count == 2);
  support::write_file(sidecar.topics, R"({"topics": [{"name": "c"}]})");
  sidecar.process->signal(SIGHUP);
  CHECK(wait_until(scaled(5s),
                   [&] { return one.broker("broker-a")->topic_count == 1; }));

  sidecar.process->terminate();
  const auto exit = sidecar.process->wait(scaled(5s));
  INFO(sidecar.process->transcript());
  REQUIRE(exit.has_value());
  CHECK(exit->status == 0);
  CHECK(one.changes().back() == "unregistered broker-a/0");
  CHECK(two.changes().back() == "unregistered broker-a/0");
}

TEST_CASE("with on-exit keep the broker outlives its sidecar") {
  Sidecar sidecar;
  NameserverThread nameserver;
  sidecar.start({nameserver.address()}, support::unused_port(),
                {"--on-exit", "keep"});
  REQUIRE(wait_until(scaled(5s),
                     [&] { return nameserver.is_healthy("broker-a"); }));
  sidecar.process->terminate();
  const auto exit = sidecar.process->wait(scaled(5s));
  INFO(sidecar.process->transcript());
  REQUIRE(exit.has_value());
  CHECK(exit->status == 0);
  CHECK(nameserver.broker("broker-a").has_value());
}

TEST_CASE("a killed sidecar's broker is dropped at once") {
  Sidecar sidecar;
  NameserverThread nameserver;
  sidecar.start({nameserver.address()}, support::unused_port());
  REQUIRE(wait_until(scaled(5s),
                     [&] { return nameserver.is_healthy("broker-a"); }));
  sidecar.process->kill();
  CHECK(wait_until(scaled(5s),
                   [&] { return !nameserver.broker("broker-a").has_value(); }));
}

TEST_CASE("what cannot work is refused before anything is done") {
  support::TempDir dir;
  const std::string topics = dir / "topics.json";
  support::write_file(topics, "{\"topics\": [\n{\"name\": 3}]}");
  const std::vector<std::string> good = {our_executable("waypost-agent"),
                                         "--nameservers",
                                         "127.0.0.1:1",
                                         "--cluster",
                                         "c",
                                         "--broker-name",
                                         "b",
                                         "--broker-address",
                                         "127.0.0.1:2"};
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{}, "topics"},
      {{"--topics", topics}, "topics.json:2: \"name\" cannot be"},
      {{"--topics", dir / "none"}, "cannot read topic file"},
      {{"--topics", topics, "--probe", "udp"}, "unknown kind"},
      {{"--topics", topics, "--on-exit", "stay"}, "unregister"},
      {{"--topics", topics, "--probe.intervall", "1s"}, "probe.interval"},
  };
  for (const auto& [more, why] : cases) {
    CAPTURE(why);
    auto arguments = good;
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto finished = support::run(arguments);
    INFO(finished.transcript);
    CHECK(finished.exit.status == 2);
    CHECK(finished.transcript.find(why) != std::string::npos);
  }
}

TEST_CASE("an observer takes no word about who registers") {
  const std::vector<std::string> good = {our_executable("waypost-agent"),
                                         "--nameservers", "127.0.0.1:1",
                                         "--observe", "127.0.0.1:10911"};
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"--cluster", "c"}, "cluster means nothing together with observe"},
      {{"--broker-name", "b"}, "broker-name means nothing"},
      {{"--broker-id", "1"}, "broker-id means nothing"},
      {{"--broker-address", "127.0.0.1:2"}, "broker-address means nothing"},
      {{"--zone", "z"}, "zone means nothing"},
      {{"--topics", "topics.json"}, "topics means nothing"},
      {{"--observe", "127.0.0.1:0"}, "port 0"},
      {{"--observe", "10911"}, "10911"},
  };
  for (const auto& [more, why] : cases) {
    CAPTURE(why);
    auto arguments = good;
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto finished = support::run(arguments);
    INFO(finished.transcript);
    CHECK(finished.exit.status == 2);
    CHECK(finished.transcript.find(why) != std::string::npos);
  }
}

TEST_CASE("one process observes several brokers, at several nameservers") {
  std::optional<Process> process;
  NameserverThread one(1);
  NameserverThread two(2);
  // Nothing listens there: both are dead.
  const base::Endpoint a{"127.0.0.1", support::unused_port()};
  const base::Endpoint b{"127.0.0.1", support::unused_port()};
  for (auto* nameserver : {&one, &two}) {
    nameserver->register_stock_broker("broker-a", a);
    nameserver->register_stock_broker("broker-b", b);
  }
  process.emplace(
      std::vector<std::string>{our_executable("waypost-agent"), "--nameservers",
                               one.address() + "," + two.address(), "--observe",
                               a.to_string() + "," + b.to_string()});
  CHECK(wait_until(scaled(5s), [&] {
    return one.is_unhealthy("broker-a") && one.is_unhealthy("broker-b") &&
           two.is_unhealthy("broker-a") && two.is_unhealthy("broker-b");
  }));
  process->terminate();
  const auto exit = process->wait(scaled(5s));
  INFO(process->transcript());
  REQUIRE(exit.has_value());
  CHECK(exit->status == 0);
  CHECK(process->transcript().find("has the observed broker") !=
        std::string::npos);
  // Its verdicts lapse; nobody was taken along.
  CHECK(wait_until(scaled(8s), [&] {
    return one.is_healthy("broker-a") && one.is_healthy("broker-b");
  }));
}

TEST_CASE("a command probe runs a program") {
  support::TempDir dir;
  Sidecar sidecar;
  NameserverThread nameserver;
  const std::string flag = dir / "healthy";
  support::write_file(flag, "yes");
  sidecar.start({nameserver.address()}, support::unused_port(),
                {"--probe", "command:test -e '" + flag + "'",
                 "--probe.interval", "50ms", "--probe.timeout", "2s"});
  REQUIRE(wait_until(scaled(5s),
                     [&] { return nameserver.is_healthy("broker-a"); }));
  std::filesystem::remove(flag);
  CHECK(wait_until(scaled(10s),
                   [&] { return nameserver.is_unhealthy("broker-a"); }));
  CHECK(nameserver.broker("broker-a")
            ->health_reason.find("test exited with status 1") !=
        std::string::npos);
}

// --- A real MQTT broker ---

struct Mosquitto {
  explicit Mosquitto(const std::string& program) {
    support::write_file(config, "listener " + std::to_string(port) +
                                    " 127.0.0.1\nallow_anonymous true\n");
    start(program);
  }
  void start(const std::string& program) {
    process.emplace(
        std::vector<std::string>{program, "-v", "-c", config.c_str()});
  }

  support::TempDir dir;
  const std::string config = dir / "mosquitto.conf";
  const std::uint16_t port = support::unused_port();
  std::optional<Process> process;
};

TEST_CASE("a stopped mosquitto is unhealthy in under 5 s, and comes back") {
  const std::string program = support::system_executable("mosquitto");
  if (program.empty()) {
    MESSAGE("skipped: mosquitto is not installed");
    return;
  }
  Mosquitto broker(program);
  Sidecar sidecar;
  NameserverThread nameserver;
  sidecar.start({nameserver.address()}, broker.port, {"--probe", "mqtt"});
  REQUIRE(wait_until(scaled(15s),
                     [&] { return nameserver.is_healthy("broker-a"); }));
  support::let_pass(2500ms, "some PINGREQ on the kept connection");
  INFO(sidecar.process->transcript());
  CHECK(wait_until(scaled(15s),
                   [&] { return nameserver.is_healthy("broker-a"); }));

  broker.process->stop();
  const support::Stopwatch watch;
  CHECK(wait_until(scaled(10s),
                   [&] { return nameserver.is_unhealthy("broker-a"); }));
  CHECK(watch.elapsed() < scaled(5s));
  CHECK(nameserver.broker("broker-a")->health_reason.find("waiting for") !=
        std::string::npos);

  broker.process->resume();
  CHECK(wait_until(scaled(10s),
                   [&] { return nameserver.is_healthy("broker-a"); }));

  broker.process->kill();
  const support::Stopwatch dead;
  CHECK(wait_until(scaled(10s),
                   [&] { return nameserver.is_unhealthy("broker-a"); }));
  CHECK(dead.elapsed() < scaled(5s));
}

}  // namespace
}  // namespace waypost::agent
