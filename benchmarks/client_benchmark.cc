// What clients cost a process.
//
//   BM_first_route    from the options to the first route, over loopback
//   BM_clients/COUNT  so many clients at once, connected, with one route each:
//                     threads besides the one for all, resident bytes for each
//
// The nameserver, a mock, runs in a process of its own, so that what it holds
// for each connection is not counted.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>
#include <sys/resource.h>
#include <unistd.h>

#include "waypost/testing/mock_nameserver.hpp"
#include "waypost/waypost.hpp"

namespace waypost {
namespace {

std::string nameserver;

// Serves until the parent ends. To be called before there are threads.
void start_nameserver() {
  int address[2];
  int alive[2];
  if (pipe(address) != 0 || pipe(alive) != 0) std::abort();
  if (fork() == 0) {
    close(alive[1]);
    auto mock = testing::MockNameserver::start();
    if (!mock) _exit(1);
    mock->set_route("orders", {{"broker-a", "10.0.0.1:10911"},
                               {"broker-b", "10.0.0.2:10911"}});
    const std::string& text = mock->address();
    if (write(address[1], text.data(), text.size()) < 0) _exit(1);
    close(address[1]);
    char nothing = 0;
    while (read(alive[0], &nothing, 1) > 0) {
    }
    _exit(0);
  }
  close(address[1]);
  close(alive[0]);
  char text[64];
  const ssize_t size = read(address[0], text, sizeof text);
  if (size <= 0) std::abort();
  nameserver.assign(text, static_cast<std::size_t>(size));
}

ClientOptions options() {
  ClientOptions options;
  options.nameservers = {nameserver};
  return options;
}

void first_route(benchmark::State& state) {
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    auto client = Client::create(options());
    if (!client || !client->route("orders", std::chrono::seconds(10))) {
      return state.SkipWithError("no route");
    }
    state.SetIterationTime(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
            .count());
  }
}

double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  double size = 0;
  double resident = 0;
  statm >> size >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double threads() {
  using Tasks = std::filesystem::directory_iterator;
  return static_cast<double>(std::distance(Tasks("/proc/self/task"), Tasks()));
}

void clients(benchmark::State& state) {
  for (auto _ : state) {
    // What the first one makes for all.
    auto first = Client::create(options());
    if (!first || !first->route("orders", std::chrono::seconds(10))) {
      return state.SkipWithError("no route");
    }
    const double threads_before = threads();
    const double resident_before = resident_bytes();
    std::vector<Client> all;
    const auto count = static_cast<std::size_t>(state.range(0));
    all.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      auto client = Client::create(options());
      if (!client || !client->route("orders", std::chrono::seconds(10))) {
        return state.SkipWithError("no route");
      }
      all.push_back(std::move(*client));
    }
    const auto each = static_cast<double>(count);
    state.counters["resident_each"] =
        (resident_bytes() - resident_before) / each;
    state.counters["threads_more"] = threads() - threads_before;
  }
}

BENCHMARK(first_route)
    ->Name("BM_first_route")
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(clients)
    ->Name("BM_clients")
    ->Arg(1000)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace waypost

int main(int argc, char** argv) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  waypost::start_nameserver();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
