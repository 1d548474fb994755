// A client and its process: fork, figures, and what a long life leaves behind.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <iterator>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/client_sdk/runtime/client_forms.h"

namespace waypost {
namespace {

using namespace std::chrono_literals;

// --- Fork ---

// Runs `child` in a forked process, which hangs for 90 s at most; its result is
// the exit status.
int in_child(const std::function<int()>& child) {
  const pid_t process = fork();
  if (process == 0) {
    alarm(90);
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
    "process: after fork a client is refused in the child, a new one works") {
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
          if (!made || !made->route("orders", kLong)) return 1;
          if (!made->pick("orders") || client->pick("orders")) return 2;
          if (!made->pick("orders")) return 3;
          return made->close(kLong) ? 0 : 4;
        }) == 0);
#endif
  CHECK(client->refresh("orders", kLong));  // the parent's goes on
  CHECK(client->pick("orders"));
}

// --- Figures ---

TEST_CASE(
    "process: what a client did is counted, told, and read by Prometheus") {
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

TEST_CASE(
    "process: ten thousand reconnects leave descriptors, threads, memory") {
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
