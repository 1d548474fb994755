// The public API with its real thread, against nameservers on the loopback
// network.

#include "waypost/client.hpp"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"
#include "waypost/testing/mock_nameserver.hpp"
#include "waypost/waypost.hpp"

namespace waypost {
namespace {

using namespace std::chrono_literals;
using testing::MockNameserver;

// Long enough for the slowest machine under a sanitizer; nothing waits for it
// when all is well.
constexpr auto kPatience = 60s;

// Some nameservers that know the same.
class RealNameservers {
 public:
  explicit RealNameservers(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      auto server = MockNameserver::start();
      REQUIRE(server);
      addresses.push_back(server->address());
      servers_.push_back(std::move(*server));
    }
  }

  // "broker-b?" is suspect.
  void set_route(const std::string& topic,
                 const std::vector<std::string>& brokers) {
    std::vector<testing::MockBroker> served;
    for (std::string name : brokers) {
      testing::MockBroker broker;
      if (name.back() == '?') {
        name.pop_back();
        broker.health = BrokerHealth::kSuspect;
      }
      broker.name = name;
      broker.address = "10.1.0." + std::to_string(name.back()) + ":10911";
      served.push_back(broker);
    }
    for (auto& each : servers_) each.set_route(topic, served);
  }
  MockNameserver& server(std::size_t i) { return servers_[i]; }

  std::vector<std::string> addresses;

 private:
  std::vector<MockNameserver> servers_;
};

// Collects events and waits for them.
class EventLog {
 public:
  EventHandler handler() {
    return [this](const Event& event) {
      const std::lock_guard lock(mutex_);
      events_.push_back(event);
      changed_.notify_all();
    };
  }
  template <typename What>
  bool wait_for() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [this] {
      for (const auto& event : events_) {
        if (std::holds_alternative<What>(event.what)) return true;
      }
      return false;
    });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Event> events_;
};

ClientOptions options_for(const RealNameservers& nameservers) {
  ClientOptions options = *ClientOptions::for_profile("fast");
  options.nameservers = nameservers.addresses;
  options.start_nameserver = nameservers.addresses[0];
  // Generous: a sanitizer on a busy machine is slow.
  options.rpc_timeout = 20s;
  return options;
}

Client make_client(ClientOptions options) {
  return *Client::create(std::move(options));  // what is not there ends us
}

TEST_CASE("a client finds routes, picks, and follows their changes") {
  RealNameservers nameservers(2);
  nameservers.set_route("orders", {"broker-a", "broker-b"});
  EventLog events;
  auto options = options_for(nameservers);
  options.on_event = events.handler();
  Client client = make_client(options);

  const auto route = client.route("orders", kPatience);
  REQUIRE(route);
  CHECK(route->groups.size() == 2);
  CHECK(route->nameserver == nameservers.addresses[0]);
  const Topic topic = client.topic("orders");
  REQUIRE(topic.valid());
  const auto one = topic.pick();
  const auto other = client.pick("orders");
  REQUIRE(one);
  REQUIRE(other);
  CHECK(one->broker_name() != other->broker_name());
  CHECK(client.route_age("orders") < kPatience);
  CHECK(events.wait_for<RouteChanged>());

  nameservers.set_route("orders", {"broker-c"});
  CHECK(client.refresh("orders", kPatience));
  CHECK(topic.pick()->broker_name() == "broker-c");
  nameservers.set_route("orders", {"broker-d"});
  CHECK(client.refresh_all(kPatience));
  CHECK(topic.pick()->broker_name() == "broker-d");
  CHECK(client.stats().topics == 1);
  CHECK(client.stats().nameserver == nameservers.addresses[0]);
}

TEST_CASE("an unknown topic: not found, soon; a wrong name: refused") {
  RealNameservers nameservers(1);
  Client client = make_client(options_for(nameservers));
  CHECK(client.route("nothing", kPatience).error().code ==
        ErrorCode::kNotFound);
  CHECK(client.route("a b", kPatience).error().code ==
        ErrorCode::kInvalidArgument);
  CHECK_FALSE(client.topic("a b").valid());
  CHECK(client.topic("a b").pick().error().code == ErrorCode::kInvalidArgument);
  CHECK(Topic().pick().error().code == ErrorCode::kInvalidArgument);
}

TEST_CASE("a client is made with all nameservers down, and waits bounded") {
  ClientOptions options = *ClientOptions::for_profile("fast");
  // Nobody listens at port 1.
  options.nameservers = {"127.0.0.1:1"};
  Client client = make_client(options);
  CHECK_FALSE(client.route("orders", 100ms));
  CHECK_FALSE(client.refresh_all(100ms));
  const auto result =
      client.send("orders", [](const Pick&, std::chrono::nanoseconds) {
        return AttemptResult::ok();
      });
  CHECK_FALSE(result.ok());
  CHECK(result.attempts.empty());
}

TEST_CASE("wrong options make no client") {
  CHECK_FALSE(Client::create({}));
  ClientOptions options;
  options.nameservers = {"127.0.0.1:1"};
  options.topics = {"a b"};
  const auto client = Client::create(options);
  REQUIRE_FALSE(client);
  CHECK(client.error().message.find("client.topics") != std::string::npos);
}

TEST_CASE("a send is tried on another broker and the failed one avoided") {
  RealNameservers nameservers(1);
  nameservers.set_route("orders", {"broker-a", "broker-b"});
  EventLog events;
  auto options = options_for(nameservers);
  options.on_event = events.handler();
  Client client = make_client(options);
  std::size_t failed = 0;
  for (int i = 0; i < 20; ++i) {
    const auto result =
        client.send("orders",
                    [](const Pick& pick, std::chrono::nanoseconds) {
                      return pick.broker_name() == "broker-a"
                                 ? AttemptResult::failed("refused")
                                 : AttemptResult::ok();
                    },
                    {kPatience, 3});
    CHECK(result.ok());
    failed += result.attempts.size() - 1;
  }
  // One for each avoidance: it lasts 10 s.
  CHECK(failed >= 1);
  CHECK(failed < 20);
  CHECK(events.wait_for<BrokerAvoided>());
}

TEST_CASE("a nameserver that hangs in a call is left within one budget") {
  RealNameservers nameservers(2);
  nameservers.set_route("orders", {"broker-a"});
  EventLog events;
  auto options = options_for(nameservers);
  options.rpc_timeout = 6s;
  options.on_event = events.handler();
  Client client = make_client(options);
  REQUIRE(client.route("orders", kPatience));
  nameservers.server(0).hang();
  CHECK(client.refresh("orders", 6s));
  CHECK(events.wait_for<NameserverSwitched>());
  CHECK(client.stats().nameserver == nameservers.addresses[1]);
}

TEST_CASE("who waits in vain is told for whom, not only for how long") {
  RealNameservers nameservers(1);
  nameservers.server(0).hang();
  Client client = make_client(options_for(nameservers));
  const std::string told = nameservers.addresses[0] + ": not connected yet";
  const auto route = client.route("orders", 300ms);
  REQUIRE_FALSE(route);
  CHECK(route.error().code == ErrorCode::kTimedOut);
  CHECK(route.error().message.find(told) != std::string::npos);
  const auto later = client.route_future("orders", 300ms).get();
  REQUIRE_FALSE(later);
  CHECK(later.error().message.find(told) != std::string::npos);
}

TEST_CASE("closing is quick while a nameserver hangs and somebody waits") {
  RealNameservers nameservers(1);
  nameservers.server(0).hang();
  auto client = std::make_unique<Client>(make_client(options_for(nameservers)));
  CHECK_FALSE(client->route("orders", 50ms));
  const auto start = std::chrono::steady_clock::now();
  CHECK(client->close(kPatience));
  client.reset();
  CHECK(std::chrono::steady_clock::now() - start < 20s);
}

// Tells when the last copy of a handler is gone.
struct LastCopy {
  std::promise<void> gone;
  ~LastCopy() { gone.set_value(); }
};

TEST_CASE("closing is bounded by its timeout while a handler blocks") {
  RealNameservers nameservers(1);
  nameservers.set_route("orders", {"broker-a"});
  std::promise<void> blocked;
  std::promise<void> release;
  auto last = std::make_shared<LastCopy>();
  auto gone = last->gone.get_future();
  auto options = options_for(nameservers);
  options.topics = {"orders"};
  options.on_event = [&blocked, last = std::move(last),
                      released =
                          release.get_future().share()](const Event& event) {
    if (!std::holds_alternative<RouteChanged>(event.what)) return;
    blocked.set_value();
    released.wait();
  };
  {
    Client client = make_client(std::move(options));
    blocked.get_future().wait();
    const auto start = std::chrono::steady_clock::now();
    CHECK(client.close(100ms).error().code == ErrorCode::kTimedOut);
    CHECK(std::chrono::steady_clock::now() - start < 20s);
    CHECK(client.refresh("orders", kPatience).error().code ==
          ErrorCode::kCancelled);
  }
  release.set_value();
  CHECK(gone.wait_for(kPatience) == std::future_status::ready);
}

TEST_CASE("after close everything says cancelled") {
  RealNameservers nameservers(1);
  nameservers.set_route("orders", {"broker-a"});
  Client client = make_client(options_for(nameservers));
  REQUIRE(client.route("orders", kPatience));
  const Pick pick = *client.pick("orders");
  const Topic topic = client.topic("orders");
  CHECK(client.close());
  CHECK(client.close());
  CHECK(client.pick("orders").error().code == ErrorCode::kCancelled);
  CHECK(topic.pick().error().code == ErrorCode::kCancelled);
  CHECK(client.route("orders", kPatience).error().code ==
        ErrorCode::kCancelled);
  CHECK(client.refresh("orders", kPatience).error().code ==
        ErrorCode::kCancelled);
  CHECK_FALSE(client.topic("more").valid());
  client.report(pick, Outcome::kFailed, 1ms);
}

constexpr ErrorCode kOk{};

// Runs in the first RouteChanged; tells with what codes waiting and closing
// ended there.
std::vector<ErrorCode> codes_in_handler(RealNameservers& nameservers,
                                        ClientOptions options) {
  std::promise<void> handled;
  std::atomic<bool> first{true};
  Client* self = nullptr;
  std::mutex ready;
  std::vector<ErrorCode> codes;
  const auto code = [](const Status& status) {
    return status ? kOk : status.error().code;
  };
  options.on_log = [](LogLevel, std::string_view) {
    throw std::runtime_error("log");
  };
  options.on_event = [&](const Event& event) {
    if (!std::holds_alternative<RouteChanged>(event.what)) return;
    if (!first.exchange(false)) return;
    const std::lock_guard lock(ready);
    CHECK(self->pick("orders"));  // what is told has happened
    codes.push_back(code(self->refresh("orders", kPatience)));
    codes.push_back(code(self->close(kPatience)));
    handled.set_value();
    throw std::runtime_error("event");
  };
  nameservers.set_route("orders", {"broker-a"});
  std::unique_lock lock(ready);
  Client client = make_client(options);
  self = &client;
  (void)client.topic("orders");
  lock.unlock();
  REQUIRE(handled.get_future().wait_for(kPatience) ==
          std::future_status::ready);
  return codes;
}

TEST_CASE("handlers may throw, may use the client, may wait and close") {
  RealNameservers nameservers(1);
  CHECK(codes_in_handler(nameservers, options_for(nameservers)) ==
        std::vector<ErrorCode>{kOk, kOk});
}

TEST_CASE("who closes after a handler did waits for that handler") {
  RealNameservers nameservers(1);
  nameservers.set_route("orders", {"broker-a"});
  auto options = options_for(nameservers);
  std::promise<Client*> made;
  std::promise<void> closed;
  std::promise<void> may_end;
  std::atomic<bool> first{true};
  options.on_event = [&](const Event& event) {
    if (!std::holds_alternative<RouteChanged>(event.what)) return;
    if (!first.exchange(false)) return;
    (void)made.get_future().get()->close(kPatience);
    closed.set_value();
    may_end.get_future().wait();
  };
  Client client = make_client(options);
  made.set_value(&client);
  (void)client.topic("orders");
  REQUIRE(closed.get_future().wait_for(kPatience) == std::future_status::ready);
  const Status early = client.close(std::chrono::milliseconds(1));
  REQUIRE_FALSE(early);
  CHECK(early.error().code == ErrorCode::kTimedOut);
  may_end.set_value();
  CHECK(client.close(kPatience));
}

TEST_CASE("handlers on the background thread, by choice, may not wait") {
  RealNameservers nameservers(1);
  auto options = options_for(nameservers);
  options.event_delivery = EventDelivery::kExecutor;
  options.event_executor = [](const auto& task) { task(); };
  CHECK(codes_in_handler(nameservers, options) ==
        std::vector<ErrorCode>{ErrorCode::kInvalidArgument,
                               ErrorCode::kInvalidArgument});
}

TEST_CASE("a client's events begin with created and end with closed") {
  RealNameservers nameservers(1);
  nameservers.set_route("orders", {"broker-a"});
  auto options = options_for(nameservers);
  options.name = "the-client";
  options.event_delivery = EventDelivery::kPoll;
  options.on_event = [](const Event&) {
    FAIL("polled events have no handler");
  };
  Client client = make_client(options);
  std::vector<Event> events;
  const auto poll = [&] {
    for (auto& each : client.poll_events()) events.push_back(std::move(each));
  };
  const auto heard = [&](auto what) {
    for (const auto& each : events) {
      if (std::holds_alternative<decltype(what)>(each.what)) return true;
    }
    return false;
  };
  (void)client.topic("orders");
  while (!heard(RouteChanged{}) && client.wait_for_events(kPatience)) poll();
  CHECK(heard(RouteChanged{}));
  CHECK(client.pick("orders"));  // what is told has happened
  CHECK(client.stats().events_lost == 0);
  CHECK(client.close(kPatience));
  while (client.wait_for_events(kPatience)) poll();
  REQUIRE(events.size() >= 5);
  CHECK(std::get<ClientCreated>(events.front().what).name == "the-client");
  CHECK(std::holds_alternative<ClientClosing>(events[events.size() - 2].what));
  CHECK(std::holds_alternative<ClientClosed>(events.back().what));
}

TEST_CASE("a handler may destroy its own client") {
  RealNameservers nameservers(1);
  nameservers.set_route("orders", {"broker-a"});
  std::optional<Client> client;
  std::promise<void> made;
  std::promise<void> destroyed;
  auto options = options_for(nameservers);
  options.topics = {"orders"};
  options.on_event = [&,
                      ready = made.get_future().share()](const Event& event) {
    if (!std::holds_alternative<RouteChanged>(event.what)) return;
    ready.wait();
    client.reset();
    destroyed.set_value();
  };
  client.emplace(make_client(options));
  made.set_value();
  CHECK(destroyed.get_future().wait_for(kPatience) ==
        std::future_status::ready);
}

TEST_CASE("clients come and go, and share a thread") {
  RealNameservers nameservers(1);
  nameservers.set_route("orders", {"broker-a"});
  for (int round = 0; round < 5; ++round) {
    std::vector<Client> clients;
    for (int i = 0; i < 3; ++i) {
      clients.push_back(make_client(options_for(nameservers)));
    }
    for (auto& each : clients) CHECK(each.route("orders", kPatience));
    // One ends before the others, which do not notice.
    clients.erase(clients.begin());
    for (auto& each : clients) CHECK(each.refresh("orders", kPatience));
  }
}

TEST_CASE("eight threads pick and report while routes and faults change") {
  RealNameservers nameservers(2);
  nameservers.set_route("orders", {"broker-a", "broker-b", "broker-c"});
  auto options = options_for(nameservers);
  options.poll_interval = 100ms;
  // Events are told and brokers checked meanwhile, on the event thread.
  std::atomic<std::uint64_t> told{0};
  std::atomic<std::uint64_t> checked{0};
  options.on_event = [&](const Event& event) {
    if (!event.to_string().empty()) ++told;
  };
  options.fault_policy = FaultPolicy::kAdaptive;
  options.adaptive.ejection_min = 100ms;
  options.broker_probe.kind = ProbeKind::kCheck;
  options.broker_probe.interval = 100ms;
  options.broker_probe.check = [&](const Broker& broker, auto, auto reply) {
    ++checked;
    if (broker.name == "broker-a") return reply.fails("not yet");
    reply.works();
  };
  Client client = make_client(options);
  REQUIRE(client.route("orders", kPatience));
  const Topic topic = client.topic("orders");

  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> picks{0};
  std::atomic<std::uint64_t> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      base::Random random(static_cast<std::uint64_t>(i));
      while (!stop.load()) {
        auto pick = random.chance(0.5) ? client.pick("orders") : topic.pick();
        if (!pick || pick->queue() >= 4 || pick->address().empty()) {
          ++wrong;
          continue;
        }
        if (random.chance(0.05)) {
          client.report(*pick, Outcome::kFailed, 1ms);
          PickOptions retry;
          const Pick failed = *pick;
          retry.avoid = std::span(&failed, 1);
          pick = client.pick("orders", retry);
          if (!pick) ++wrong;
        } else if (random.chance(0.05)) {
          client.report(*pick, Outcome::kOk, 600ms);
        } else {
          client.report(*pick, Outcome::kOk, 1ms);
        }
        ++picks;
      }
    });
  }
  for (int round = 0; round < 30; ++round) {
    nameservers.set_route(
        "orders",
        round % 2 == 0
            ? std::vector<std::string>{"broker-b", "broker-d"}
            : std::vector<std::string>{"broker-a", "broker-b?", "broker-c"});
    nameservers.set_route("topic-" + std::to_string(round), {"broker-a"});
    (void)client.pick("topic-" + std::to_string(round));
    CHECK(client.refresh_all(kPatience));
  }
  const auto patient_until = std::chrono::steady_clock::now() + kPatience;
  while (checked == 0 && std::chrono::steady_clock::now() < patient_until) {
    std::this_thread::sleep_for(1ms);
  }
  stop = true;
  for (auto& each : threads) each.join();
  CHECK(wrong == 0);
  CHECK(picks > 1000);
  CHECK(client.stats().topics == 31);
  CHECK(client.close(kPatience));
  CHECK(told > 30);
  CHECK(checked > 0);
}

}  // namespace
}  // namespace waypost
