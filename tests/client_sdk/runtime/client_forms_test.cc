// The asynchronous and future forms of the public API, their limits and their
// cancellation, against mock nameservers.

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/random.h"
#include "waypost/testing/mock_nameserver.hpp"
#include "waypost/waypost.hpp"

namespace waypost {
namespace {

using namespace std::chrono_literals;
using testing::MockAnswers;
using testing::MockNameserver;

// Nothing waits for it when all is well.
constexpr auto kLong = 60s;

// A nameserver that knows "orders", and a client of it.
class Asked {
 public:
  Asked() : nameserver_(start()), client_(make(nameserver_.address())) {}

  MockNameserver& nameserver() { return nameserver_; }
  Client& client() { return client_; }

  static ClientOptions options(const std::string& nameserver) {
    ClientOptions options = *ClientOptions::for_profile("fast");
    options.nameservers = {nameserver};
    options.rpc_timeout = 20s;
    options.ping_interval = 0s;  // one that is silent on purpose is not left
    return options;
  }
  static MockNameserver start() {
    auto started = MockNameserver::start();
    REQUIRE(started);
    started->set_route("orders", {{"broker-a", "10.0.0.1:10911"},
                                  {"broker-b", "10.0.0.2:10911"}});
    return std::move(*started);
  }
  static Client make(const std::string& nameserver) {
    auto client = Client::create(options(nameserver));
    REQUIRE(client);
    return std::move(*client);
  }

 private:
  MockNameserver nameserver_;
  Client client_;
};

// What a completion handler was told; counts how often.
template <typename T>
class Told {
 public:
  std::function<void(T)> handler() {
    return [shared = shared_](T result) {
      const std::lock_guard lock(shared->mutex);
      shared->result = std::move(result);
      ++shared->times;
      shared->changed.notify_all();
    };
  }
  bool wait() {
    std::unique_lock lock(shared_->mutex);
    return shared_->changed.wait_for(lock, kLong,
                                     [&] { return shared_->times > 0; });
  }
  const T& result() const { return *shared_->result; }
  int times() const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->times;
  }

 private:
  struct Shared {
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<T> result;
    int times = 0;
  };
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

template <typename T>
ErrorCode code_of(const T& result) {
  return result ? ErrorCode{} : result.error().code;
}

TEST_CASE("forms: each one gives what the blocking one does") {
  Asked it;
  Told<Result<Route>> route;
  CHECK(it.client().route_async("orders", kLong, route.handler()));
  REQUIRE(route.wait());
  REQUIRE(route.result());
  CHECK(route.result()->groups.size() == 2);
  const auto later = it.client().route_future("orders", kLong).get();
  REQUIRE(later);
  CHECK(later->digest == route.result()->digest);
  CHECK(it.client().refresh_future("orders", kLong).get());
  CHECK(it.client().refresh_all_future(kLong).get());
  Told<Status> refreshed;
  CHECK(it.client().refresh_async("orders", kLong, refreshed.handler()));
  CHECK(refreshed.wait());
  CHECK(refreshed.result());

  CHECK(code_of(it.client().route_future("nothing", kLong).get()) ==
        ErrorCode::kNotFound);
  CHECK(code_of(it.client().route_async("a b", kLong, route.handler())) ==
        ErrorCode::kInvalidArgument);
  CHECK(code_of(it.client().route_future("a b", kLong).get()) ==
        ErrorCode::kInvalidArgument);
  CHECK(it.client().refresh_all_async(kLong, {}));  // nobody to be told
  CHECK(it.client().close());
  CHECK(route.times() == 1);
  CHECK(refreshed.times() == 1);
}

TEST_CASE("forms: a deadline is kept while the nameserver says nothing") {
  Asked it;
  it.nameserver().answer(MockAnswers::kNoAnswer);
  const auto start = std::chrono::steady_clock::now();
  Told<Result<Route>> route;
  CHECK(it.client().route_async("orders", 50ms, route.handler()));
  REQUIRE(route.wait());
  CHECK(code_of(route.result()) == ErrorCode::kTimedOut);
  CHECK(route.result().error().message ==
        "route of 'orders': no answer within 50ms");
  CHECK(code_of(it.client().refresh_future("orders", 0s).get()) ==
        ErrorCode::kTimedOut);
  CHECK(code_of(it.client().refresh("orders", -1s)) == ErrorCode::kTimedOut);
  CHECK(code_of(it.client().route("orders", 20ms)) == ErrorCode::kTimedOut);
  CHECK(std::chrono::steady_clock::now() - start < 15s);
  CHECK(route.times() == 1);
}

TEST_CASE("forms: a token ends what was given it, once, whoever cancels") {
  Asked it;
  REQUIRE(it.client().route("orders", kLong));
  const auto before = it.nameserver().counts().queries;
  it.nameserver().delay(kLong);
  const auto cancel = CancelToken::make();
  Told<Result<Route>> route;
  Told<Status> all;
  CHECK(it.client().route_async("unknown", {kLong, cancel}, route.handler()));
  CHECK(it.client().refresh_all_async({kLong, cancel}, all.handler()));
  auto future = it.client().refresh_future("orders", {kLong, cancel});
  std::thread blocked([&] {
    CHECK(code_of(it.client().refresh("orders", {kLong, cancel})) ==
          ErrorCode::kCancelled);
  });
  REQUIRE(it.nameserver().wait_until(
      [&](const auto& counts) { return counts.queries > before; }, kLong));
  CHECK_FALSE(cancel.cancelled());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([cancel] { cancel.cancel(); });
  for (auto& each : threads) each.join();
  blocked.join();
  REQUIRE(route.wait());
  REQUIRE(all.wait());
  CHECK(code_of(route.result()) == ErrorCode::kCancelled);
  CHECK(code_of(all.result()) == ErrorCode::kCancelled);
  CHECK(code_of(future.get()) == ErrorCode::kCancelled);
  cancel.cancel();
  CHECK(cancel.cancelled());

  // Later ones end at once, and others go on.
  CHECK(code_of(it.client().route_future("orders", {kLong, cancel}).get()) ==
        ErrorCode::kCancelled);
  CHECK(code_of(it.client().refresh("orders", {kLong, cancel})) ==
        ErrorCode::kCancelled);
  it.nameserver().serve();
  CHECK(it.client().refresh("orders", {kLong, CancelToken::make()}));
  CancelToken().cancel();
  CHECK(route.times() == 1);
  CHECK(all.times() == 1);
}

TEST_CASE("forms: closing ends what is under way, and what comes later") {
  Asked it;
  it.nameserver().answer(MockAnswers::kNoAnswer);
  Told<Result<Route>> route;
  CHECK(it.client().route_async("orders", kLong, route.handler()));
  auto future = it.client().refresh_all_future(kLong);
  std::promise<void> asked;
  std::thread blocked([&] {
    asked.set_value();
    CHECK(code_of(it.client().route("orders", kLong)) == ErrorCode::kCancelled);
  });
  asked.get_future().wait();
  CHECK(it.client().close(kLong));
  blocked.join();
  CHECK(route.wait());
  CHECK(code_of(route.result()) == ErrorCode::kCancelled);
  CHECK(route.times() == 1);
  CHECK(code_of(future.get()) == ErrorCode::kCancelled);
  CHECK(code_of(it.client().route_async("orders", kLong, route.handler())) ==
        ErrorCode::kCancelled);
  CHECK(code_of(it.client().route_future("orders", kLong).get()) ==
        ErrorCode::kCancelled);
  CHECK(code_of(
            it.client().send_future("orders", [](auto&&...) {}).get().status) ==
        ErrorCode::kCancelled);
  CHECK(route.times() == 1);
}

TEST_CASE("forms: a handler may throw, start another operation, and cancel") {
  Asked it;
  std::promise<Result<Route>> second;
  const auto cancel = CancelToken::make();
  CHECK(it.client().route_async(
      "orders", {kLong, cancel}, [&](const Result<Route>&) {
        cancel.cancel();  // it is over: nothing happens
        const auto started = it.client().route_async(
            "orders", kLong,
            [&](Result<Route> route) { second.set_value(std::move(route)); });
        CHECK(started);
        throw std::runtime_error("a handler");
      }));
  CHECK(second.get_future().get());
  CHECK(it.client().refresh("orders", kLong));
}

// --- Sending ---

// A transport that keeps its attempts until it is told what became of them.
class SlowTransport {
 public:
  AsyncAttempt attempt() {
    return [this](const Pick& pick, std::chrono::nanoseconds,
                  PendingAttempt pending) {
      const std::lock_guard lock(mutex_);
      brokers_.push_back(pick.broker_name());
      pending_.push_back(std::move(pending));
      changed_.notify_all();
    };
  }
  // The number-th attempt, once it has begun.
  PendingAttempt wait(std::size_t number) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kLong, [&] { return pending_.size() > number; });
    REQUIRE(pending_.size() > number);
    return pending_[number];
  }
  void drop_all() {
    std::vector<PendingAttempt> dropped;
    const std::lock_guard lock(mutex_);
    dropped.swap(pending_);
  }
  std::size_t size() {
    const std::lock_guard lock(mutex_);
    return brokers_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> brokers_;
  std::vector<PendingAttempt> pending_;
};

TEST_CASE("forms: an attempt that ends later, on another thread") {
  Asked it;
  SlowTransport transport;
  Told<SendResult> sent;
  CHECK(it.client().send_async("orders", transport.attempt(), {kLong, 3},
                               sent.handler()));
  const auto first = transport.wait(0);
  CHECK_FALSE(first.over());
  std::thread([first] {
    first.complete(AttemptResult::failed("refused"));
    first.complete(AttemptResult::ok());  // does not count
  }).join();
  CHECK(first.over());
  transport.wait(1).complete(AttemptResult::ok());
  REQUIRE(sent.wait());
  CHECK(sent.result().ok());
  REQUIRE(sent.result().attempts.size() == 2);
  CHECK(sent.result().attempts[0].detail == "refused");
  CHECK(sent.result().attempts[0].pick.broker_name() !=
        sent.result().attempts[1].pick.broker_name());
  CHECK(it.client().stats().avoided == 1);
  CHECK(sent.times() == 1);
  CHECK(PendingAttempt().over());

  auto rejected = it.client().send_future("orders", transport.attempt());
  transport.wait(2).complete(AttemptResult::rejected("too large"));
  CHECK(code_of(rejected.get().status) == ErrorCode::kInvalidArgument);
}

TEST_CASE("forms: attempts that stay away, are dropped, or throw have failed") {
  Asked it;
  SlowTransport transport;
  auto late =
      it.client().send_future("orders", transport.attempt(), {100ms, 2});
  const SendResult result = late.get();
  CHECK(code_of(result.status) == ErrorCode::kTimedOut);
  REQUIRE(result.attempts.size() == 2);
  CHECK(result.attempts[0].outcome == Outcome::kFailed);
  CHECK(result.attempts[0].detail.starts_with("no answer within "));
  CHECK(transport.wait(0).over());

  auto dropped =
      it.client().send_future("orders", transport.attempt(), {kLong, 1});
  transport.wait(2);
  transport.drop_all();
  const auto lost = dropped.get();
  CHECK(code_of(lost.status) == ErrorCode::kUnavailable);
  CHECK(lost.attempts[0].detail == "the transport dropped the attempt");

  const AsyncAttempt thrower = [](const Pick&, std::chrono::nanoseconds,
                                  const PendingAttempt&) {
    throw std::runtime_error("no socket");
  };
  const auto thrown =
      it.client().send_future("orders", thrower, {kLong, 2}).get();
  CHECK(code_of(thrown.status) == ErrorCode::kUnavailable);
  CHECK(thrown.attempts.size() == 2);
  CHECK(thrown.attempts[1].detail == "the attempt threw: no socket");
}

TEST_CASE("forms: a send is cancelled during its attempt and while it waits") {
  Asked it;
  SlowTransport transport;
  SendOptions options{kLong, 3};
  options.cancel = CancelToken::make();
  auto sent = it.client().send_future("orders", transport.attempt(), options);
  const auto pending = transport.wait(0);
  options.cancel.cancel();
  const auto result = sent.get();
  CHECK(code_of(result.status) == ErrorCode::kCancelled);
  CHECK(result.attempts.size() == 1);
  CHECK(pending.over());
  pending.complete(AttemptResult::ok());
  CHECK(it.client().stats().avoided == 0);  // nobody's fault

  it.nameserver().answer(MockAnswers::kNoAnswer);
  options.cancel = CancelToken::make();
  auto waiting =
      it.client().send_future("unknown", transport.attempt(), options);
  std::thread blocked([&] {
    const auto attempt = [](const Pick&, std::chrono::nanoseconds) {
      return AttemptResult::ok();
    };
    CHECK(code_of(it.client().send("unknown", attempt, options).status) ==
          ErrorCode::kCancelled);
  });
  options.cancel.cancel();
  CHECK(code_of(waiting.get().status) == ErrorCode::kCancelled);
  blocked.join();
  CHECK(transport.size() == 1);
}

TEST_CASE("forms: threads start, cancel and pick while the client closes") {
  for (int round = 0; round < 5; ++round) {
    Asked it;
    REQUIRE(it.client().route("orders", kLong));
    std::atomic<int> started{0};
    std::atomic<int> told{0};
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
      threads.emplace_back([&, seed] {
        base::Random random(seed);
        while (!stop) {
          const auto cancel = CancelToken::make();
          const CallLimits limits(std::chrono::milliseconds(random.below(20)),
                                  cancel);
          (void)it.client().pick("orders");
          bool begun = false;
          switch (random.below(3)) {
            case 0:
              begun = it.client()
                          .refresh_async("orders", limits,
                                         [&](const Status&) { ++told; })
                          .has_value();
              break;
            case 1:
              begun = it.client()
                          .route_async("orders", limits,
                                       [&](const Result<Route>&) { ++told; })
                          .has_value();
              break;
            default: {
              SendOptions options{5ms, 2};
              options.cancel = cancel;
              begun = it.client()
                          .send_async(
                              "orders",
                              [](const Pick&, std::chrono::nanoseconds,
                                 const PendingAttempt& attempt) {
                                attempt.complete(AttemptResult::ok());
                              },
                              options, [&](const SendResult&) { ++told; })
                          .has_value();
            }
          }
          if (begun) ++started;
          if (random.chance(0.5)) cancel.cancel();
          if (!it.client().pick("orders")) return;  // closed
        }
      });
    }
    while (started < 100) std::this_thread::yield();
    CHECK(it.client().close(kLong));
    stop = true;
    for (auto& each : threads) each.join();
    const auto until = std::chrono::steady_clock::now() + kLong;
    while (told != started && std::chrono::steady_clock::now() < until) {
      std::this_thread::yield();
    }
    CHECK(told.load() == started.load());
  }
}

// --- Fork ---

// Runs `child` in a forked process, which hangs for 20 s at most; its result is
// the exit status.
int in_child(const std::function<int()>& child) {
  const pid_t process = fork();
  if (process == 0) {
    alarm(20);
    _exit(child());
  }
  int status = 0;
  REQUIRE(waitpid(process, &status, 0) == process);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

// The first thing that the parent's client got wrong in the child; 0: nothing.
int misuse(Client& client, const Topic& topic, const Pick& pick) {
  const auto refused = [](const auto& result) {
    return !result && result.error().code == ErrorCode::kCancelled;
  };
  if (!refused(client.pick("orders"))) return 1;
  if (!refused(topic.pick())) return 2;
  if (!refused(client.pick("another"))) return 3;
  if (client.topic("another").valid()) return 4;
  if (!refused(client.route("orders", kLong))) return 5;
  if (!refused(client.refresh("orders", kLong))) return 6;
  if (!refused(client.refresh_all_async(kLong, [](const Status&) {}))) return 7;
  if (!refused(client.route_future("orders", kLong).get())) return 8;
  const auto attempt = [](const Pick&, std::chrono::nanoseconds) {
    return AttemptResult::ok();
  };
  if (!refused(client.send("orders", attempt).status)) return 9;
  client.report(pick, Outcome::kFailed, 1ms);
  if (client.stats().topics != 0 || client.route_age("orders")) return 10;
  if (!client.poll_events().empty()) return 11;
  if (!client.close(kLong)) return 12;
  return 0;
}

TEST_CASE(
    "forms: after fork a client is refused in the child, a new one works") {
  auto nameserver = Asked::start();
  std::optional<Client> client(Asked::make(nameserver.address()));
  REQUIRE(client->route("orders", kLong));
  const Topic topic = client->topic("orders");
  const Pick pick = *client->pick("orders");
  // Locks are held at the moment of a fork, as far as chance has it. (The
  // sanitizers' own locks do not survive a fork beside busy threads.)
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr int kBusyThreads = 0;
#else
  constexpr int kBusyThreads = 3;
#endif
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < kBusyThreads; ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; !stop; ++n) {
        client->report(pick, n % 2 == 0 ? Outcome::kFailed : Outcome::kOk, 1ms);
        (void)client->stats();
        (void)client->topic("t-" + std::to_string(i) + "-" +
                            std::to_string(n % 1000));
        (void)client->refresh_async("orders", 1ms, {});
      }
    });
  }
  for (int round = 0; round < 10; ++round) {
    CHECK(in_child([&] {
            const int wrong = misuse(*client, topic, pick);
            client.reset();
            return wrong;
          }) == 0);
  }
  stop = true;
  for (auto& each : threads) each.join();
#if !defined(__SANITIZE_THREAD__)  // makes no threads after such a fork
  CHECK(in_child([&] {
          auto made = Client::create(Asked::options(nameserver.address()));
          if (!made || !made->route("orders", 10s)) return 1;
          if (!made->pick("orders") || client->pick("orders")) return 2;
          if (!made->pick("orders")) return 3;
          return made->close(10s) ? 0 : 4;
        }) == 0);
#endif
  CHECK(client->refresh("orders", kLong));  // the parent's goes on
  CHECK(client->pick("orders"));
}

// --- Figures ---

TEST_CASE("forms: what a client did is counted, told, and read by Prometheus") {
  auto nameserver = Asked::start();
  auto options = Asked::options(nameserver.address());
  options.name = "a \"b\"";
  Told<ClientMetrics> told;
  options.on_metrics = [handler = told.handler()](
                           const ClientMetrics& metrics) { handler(metrics); };
  options.metrics_interval = 0s;
  auto client = Client::create(options);
  REQUIRE(client);
  REQUIRE(client->route("orders", kLong));
  for (int i = 0; i < 10; ++i) CHECK(client->pick("orders"));
  std::thread([&] { CHECK(client->pick("orders")); }).join();
  client->report(*client->pick("orders"), Outcome::kFailed, 1ms);
  CHECK(client->refresh("orders", kLong));
  const ClientMetrics metrics = client->metrics();
  CHECK(metrics.picks == 12);
  CHECK(metrics.avoidances == 1);
  CHECK(metrics.avoided_brokers == 1);
  CHECK(metrics.queries >= 2);
  CHECK(metrics.query_failures == 0);
  CHECK(metrics.connected);
  CHECK(metrics.topics == 1);
  CHECK(metrics.query_seconds.sum > 0);
  CHECK(metrics.oldest_route_seconds < 60);
  std::uint64_t routes = 0;
  for (const auto each : metrics.route_ages.counts) routes += each;
  CHECK(routes == 1);

  const std::string id = std::to_string(metrics.id);
  const std::string labels = "{client=\"a \\\"b\\\"\",id=\"" + id + "\"";
  const std::string text = prometheus_text({&metrics, 1});
  for (const std::string& line :
       {"# TYPE waypost_client_picks_total counter\n"
        "waypost_client_picks_total" +
            labels + "} 12\n",
        "waypost_client_routes" + labels + ",age_le=\"+Inf\"} 1\n",
        "waypost_client_query_seconds_count" + labels + "} " +
            std::to_string(metrics.queries) + "\n",
        "waypost_client_avoided_brokers" + labels + "} 1\n"}) {
    CHECK_MESSAGE(text.find(line) != std::string::npos, line, text);
  }
  REQUIRE(told.wait());
  CHECK(told.result().client == options.name);
  CHECK(client->close());
}

// --- A long life ---

std::size_t entries(const char* directory) {
  using Entries = std::filesystem::directory_iterator;
  return static_cast<std::size_t>(std::distance(Entries(directory), Entries()));
}

std::size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t size = 0;
  std::size_t resident = 0;
  statm >> size >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

TEST_CASE("forms: ten thousand reconnects leave descriptors, threads, memory") {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr std::uint64_t kReconnects = 500;
  constexpr std::size_t kGrowthMax = 64 << 20;  // quarantine and shadow
#else
  constexpr std::uint64_t kReconnects = 10'000;
  constexpr std::size_t kGrowthMax = 1 << 20;
#endif
  auto nameserver = Asked::start();
  std::vector<Client> clients;
  for (int i = 0; i < 50; ++i) {
    clients.push_back(Asked::make(nameserver.address()));
  }
  // A question may still meet the old connection and fail with it; the next
  // one makes a new connection.
  const auto reconnect = [&](std::uint64_t times) {
    const auto until = std::chrono::steady_clock::now() + 4 * kLong;
    const auto enough = nameserver.counts().connections + times;
    while (nameserver.counts().connections < enough &&
           std::chrono::steady_clock::now() < until) {
      nameserver.close_connections();
      std::vector<std::future<Status>> asked;
      for (auto& each : clients) {
        asked.push_back(each.refresh_future("orders", kLong));
      }
      for (auto& each : asked) (void)each.get();
    }
    for (auto& each : clients) {
      while (!each.refresh("orders", kLong)) {
      }
    }
    return nameserver.counts().connections >= enough;
  };
  CHECK(reconnect(kReconnects / 10));
  const std::size_t descriptors = entries("/proc/self/fd");
  const std::size_t threads = entries("/proc/self/task");
  const std::size_t memory = resident_bytes();
  CHECK(reconnect(kReconnects));
  CHECK(entries("/proc/self/fd") <= descriptors + 5);  // some may be closing
  CHECK(entries("/proc/self/task") == threads);
  CHECK(resident_bytes() < memory + kGrowthMax);
}

}  // namespace
}  // namespace waypost
