// Real nameservers that are stopped, killed, restarted and told to end.

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <memory>
#include <mutex>
#include <thread>

#include <doctest/doctest.h>

#include "tests/processes/system.h"

namespace waypost::processes {
namespace {

using namespace std::chrono_literals;
using support::RouteInquirer;
using support::Stopwatch;

// How long a question may be under way before its test gives up: what it takes
// is for the tests with a virtual clock.
constexpr auto kPatience = 60s;

// Two nameservers, two brokers, and a client that has the route from the first
// nameserver.
struct Settled {
  explicit Settled(const std::string& profile,
                   std::vector<std::string> nameserver_arguments = {})
      : system(2, profile, std::move(nameserver_arguments)) {
    system.add_agent("broker-a", {}, "127.0.0.1:1001");
    system.add_agent("broker-b", {}, "127.0.0.1:1002");
    REQUIRE(system.all_have(full));
    client.emplace(client_at_first(system.client_options()));
  }

  // One that has the route from the first nameserver: where the machine stands
  // still meanwhile, it has moved on to the second, and another is made.
  Client client_at_first(ClientOptions options) {
    options.on_event = [shared = left](const Event& event) {
      const std::lock_guard lock(shared->mutex);
      if (const auto* moved = std::get_if<NameserverSwitched>(&event.what)) {
        shared->why.push_back(moved->why);
      }
    };
    for (int attempt = 0;; ++attempt) {
      REQUIRE(attempt < 10);
      auto created = Client::create(options);
      REQUIRE(created.has_value());
      const auto route = created->route(kTopic, kPatience);
      REQUIRE(route.has_value());
      REQUIRE(brokers_of(*route) == full);
      const auto stats = created->stats();
      if (stats.nameserver == system.addresses()[0] && stats.switches == 0) {
        return std::move(*created);
      }
    }
  }

  // Why nameservers were left, once one was.
  std::vector<std::string> why_left() const {
    const auto now = [&] {
      const std::lock_guard lock(left->mutex);
      return left->why;
    };
    wait_until(kPatience, [&] { return !now().empty(); });
    return now();
  }

  struct Left {
    std::mutex mutex;
    std::vector<std::string> why;
  };
  const std::shared_ptr<Left> left = std::make_shared<Left>();
  const Names full{"broker-a", "broker-b"};
  System system;
  std::optional<Client> client;
};

TEST_CASE(
    "a stopped nameserver: the next query is answered elsewhere in time") {
  Settled settled("rocketmq-4");
  settled.system.nameservers[0]->process().stop();
  const Stopwatch watch;
  const Status status = settled.client->refresh(kTopic, kPatience);
  INFO(settled.system.transcript());
  CHECK_MESSAGE(status.has_value(), status.error().to_string());
  CHECK(watch.elapsed() < scaled(5s));
  CHECK(settled.client->stats().nameserver == settled.system.addresses()[1]);
  CHECK(settled.client->stats().switches == 1);
  // And from now on there.
  CHECK(settled.client->refresh(kTopic, kPatience).has_value());
  CHECK(settled.client->stats().switches == 1);
}

TEST_CASE("a killed nameserver is left at once") {
  Settled settled("rocketmq-4");
  settled.system.nameservers[0]->process().kill();
  const Status status = settled.client->refresh(kTopic, kPatience);
  CHECK_MESSAGE(status.has_value(), status.error().to_string());
  CHECK(settled.client->stats().nameserver == settled.system.addresses()[1]);
  // Not because it waited for an answer.
  const auto why = settled.why_left();
  REQUIRE(why.size() == 1);
  CHECK_MESSAGE(why[0].find("no answer") == std::string::npos, why[0]);
  CHECK_MESSAGE(why[0].find("connection") != std::string::npos, why[0]);
}

TEST_CASE("close-on-timeout off: the client stays with the hung nameserver") {
  Settled settled("fast");
  auto options = settled.system.client_options();
  options.close_on_timeout = false;
  Client client = settled.client_at_first(options);
  settled.system.nameservers[0]->process().stop();
  for (int i = 0; i < 3; ++i) {
    CHECK_FALSE(client.refresh(kTopic, 1s).has_value());
  }
  CHECK(client.stats().nameserver == settled.system.addresses()[0]);
  CHECK(client.stats().switches == 0);
}

TEST_CASE("all nameservers down: routes are still served") {
  Settled settled("fast");
  settled.system.nameservers[0]->process().stop();
  settled.system.nameservers[1]->process().kill();
  CHECK_FALSE(settled.client->refresh(kTopic, 2s).has_value());
  for (int i = 0; i < 100; ++i) {
    REQUIRE(settled.client->pick(kTopic).has_value());
  }
  const auto route = settled.client->route(kTopic, kPatience);
  REQUIRE(route.has_value());
  CHECK(brokers_of(*route) == settled.full);
  // However soon the question failed: nobody refreshes the route.
  CHECK(wait_until(kPatience,
                   [&] { return settled.client->route_age(kTopic) > 500ms; }));

  // One comes back, with everybody registered again.
  settled.system.nameservers[0]->process().resume();
  CHECK(wait_until(kPatience, [&] {
    return settled.client->refresh(kTopic, 5s).has_value();
  }));
  CHECK(brokers_of(*settled.client->route(kTopic)) == settled.full);
}

TEST_CASE("stopped for longer than an expiry: no live broker is dropped") {
  // Expiry 3 s.
  Settled settled("fast");
  support::NameserverProcess& stopped = *settled.system.nameservers[0];
  for (const auto duration : {1000ms, 5000ms}) {
    CAPTURE(duration.count());
    stopped.process().stop();
    support::let_pass(duration, "more than an expiry without a turn");
    stopped.process().resume();
    // Asked as quickly as it answers, for as long as anything could expire.
    RouteInquirer inquirer(stopped.endpoint());
    const Stopwatch watch;
    std::size_t answers = 0;
    while (watch.elapsed() < 6s) {
      const auto answer = inquirer.ask(kTopic);
      if (answer.error && answer.error->code == base::ErrorCode::kUnavailable) {
        continue;
      }
      ++answers;
      INFO(settled.system.transcript());
      REQUIRE(answer.to_string() == "broker-a broker-b");
    }
    CHECK(answers > 100);
  }
}

TEST_CASE("a restarted nameserver tells all of a route or nothing") {
  Settled settled("rocketmq-4");
  for (int i = 0; i < 4; ++i) {
    settled.system.add_agent("broker-c" + std::to_string(i));
  }
  const Names full{"broker-a",  "broker-b",  "broker-c0",
                   "broker-c1", "broker-c2", "broker-c3"};
  REQUIRE(settled.system.all_have(full));
  support::NameserverProcess& restarted = *settled.system.nameservers[0];
  // The client as well, which polls each 30 s: it is told.
  REQUIRE(wait_until(scaled(8s), [&] {
    const auto route = settled.client->route(kTopic);
    return brokers_of(*route) == full && route->origin == RouteOrigin::kPush;
  }));
  // The roster is written when it changes.
  REQUIRE(wait_until(kPatience, [&] {
    const auto roster =
        support::read_file(restarted.data_dir() / "roster.json");
    return std::ranges::all_of(full, [&](const std::string& name) {
      return roster.find('"' + name + '"') != std::string::npos;
    });
  }));
  restarted.process().kill();
  REQUIRE(restarted.start());
  const Stopwatch watch;
  RouteInquirer inquirer(restarted.endpoint());
  std::size_t refused = 0;
  Milliseconds back{0};
  const bool answered = wait_until(kPatience, [&] {
    const auto answer = inquirer.ask(kTopic);
    if (answer.error) {
      CHECK(answer.error->code == base::ErrorCode::kNotReady);
      CHECK(answer.error->message.find("starting") != std::string::npos);
      ++refused;
      return false;
    }
    back = watch.elapsed();
    CHECK(answer.brokers() == full);
    return true;
  });
  INFO(settled.system.transcript());
  CHECK(answered);
  // With a heartbeat, each second: the agents' registrations come every 30 s,
  // and it waits for brokers that do not come for 45 s.
  CHECK(back < 20s);
  MESSAGE("back after " << back.count() << " ms, " << refused
                        << " queries not answered");
  // The client, whose connection was cut, has what it had.
  CHECK(brokers_of(*settled.client->route(kTopic)) == full);
}

TEST_CASE("SIGTERM: clients have moved on before the nameserver closes") {
  Settled settled("rocketmq-4", {"--drain.max-wait", "60s"});
  std::atomic<bool> stop{false};
  std::atomic<int> failures{0};
  std::thread asking([&] {
    while (!stop) {
      if (!settled.client->refresh(kTopic, kPatience)) ++failures;
    }
  });
  support::Process& process = settled.system.nameservers[0]->process();
  process.terminate();
  const auto exit = process.wait(90s);
  stop = true;
  asking.join();
  INFO(settled.system.transcript());
  REQUIRE(exit.has_value());
  CHECK(exit->status == 0);
  CHECK(failures == 0);
  CHECK(settled.client->stats().nameserver == settled.system.addresses()[1]);
  // Not because it waited in vain.
  CHECK(process.transcript().find("clients_left=0") != std::string::npos);
  // Nobody was unregistered anywhere for it.
  CHECK(RouteInquirer(settled.system.nameservers[1]->endpoint())
            .ask(kTopic)
            .brokers() == settled.full);
}

TEST_CASE("SIGTERM twice ends a nameserver at once") {
  Settled settled("rocketmq-4", {"--drain.max-wait", "1h"});
  // A client that does not move on.
  RouteInquirer stubborn(settled.system.nameservers[0]->endpoint());
  REQUIRE_FALSE(stubborn.ask(kTopic).error.has_value());
  support::Process& process = settled.system.nameservers[0]->process();
  process.terminate();
  // Two signals of a kind that have not been taken yet are one.
  REQUIRE(wait_until(kPatience, [&] {
    return process.transcript().find("draining: ") != std::string::npos;
  }));
  process.terminate();
  const auto exit = process.wait(kPatience);
  INFO(process.transcript());
  REQUIRE(exit.has_value());
  CHECK(exit->status == 0);
}

TEST_CASE("SIGTERM as soon as its address is told ends a nameserver in order") {
  for (int round = 0; round < 20; ++round) {
    const support::TempDir data;
    support::Process process({support::our_executable("waypost-namesrv"),
                              "--listen", "127.0.0.1:0", "--data-dir",
                              data.path()});
    // At once: no pause between two looks.
    while (!std::filesystem::exists(data / "address") && process.running()) {
    }
    process.terminate();
    const auto exit = process.wait(kPatience);
    INFO(process.transcript());
    REQUIRE(exit.has_value());
    CHECK(exit->status == 0);
  }
}

TEST_CASE("a data directory in use is refused in words") {
  System system(1);
  const auto done = support::run({support::our_executable("waypost-namesrv"),
                                  "--listen", "127.0.0.1:0", "--data-dir",
                                  system.nameservers[0]->data_dir().path()});
  CHECK(done.exit.status == 1);
  CHECK(done.err.find(system.nameservers[0]->data_dir().path().string()) !=
        std::string::npos);
  const auto taken =
      support::run({support::our_executable("waypost-namesrv"), "--listen",
                    system.addresses()[0], "--data-dir",
                    support::TempDir().path().string()});
  CHECK(taken.exit.status == 1);
  CHECK(taken.err.find(system.addresses()[0]) != std::string::npos);
}

}  // namespace
}  // namespace waypost::processes
