// What a pick costs an application thread.
//
//   BM_pick/by_name/TOPICS/AVOIDED/threads:N    Client::pick(topic)
//   BM_pick/by_handle/TOPICS/AVOIDED/threads:N  Topic::pick()
//   BM_pick_consume          for consuming, by name
//   BM_pick_retry            another broker than the one that failed
//   BM_report_ok             a quick success of a broker in good standing
//
// Each topic is served by four brokers with four queues each, of which AVOIDED
// are avoided for as long as the benchmark runs; TOPICS is how many the client
// follows. Everything is real but the nameserver. Look at the CPU column: the
// other is divided by the number of threads.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>

#include "tests/client_sdk/runtime/fake_nameserver.h"
#include "waypost/waypost.hpp"
#include "wire/transport/loop.h"

namespace waypost {
namespace {

std::string topic_name(std::int64_t number) {
  return "orders-" + std::to_string(number);
}

// A nameserver on a thread of its own, that knows `topics` topics.
class Nameserver {
 public:
  explicit Nameserver(std::int64_t topics)
      : loop_(transport::Loop::create()),
        fake_(std::make_unique<client::FakeNameserver>(
            *loop_, loop_->network(), "bench", base::Endpoint{"127.0.0.1", 0})),
        address(fake_->address().to_string()) {
    for (std::int64_t i = 0; i < topics; ++i) {
      fake_->set_route(topic_name(i),
                       {"broker-a", "broker-b", "broker-c", "broker-d"});
    }
    thread_ = std::thread([this] {
      loop_->run();
      fake_.reset();
    });
  }
  ~Nameserver() {
    loop_->stop();
    thread_.join();
  }

 private:
  std::unique_ptr<transport::Loop> loop_;
  std::unique_ptr<client::FakeNameserver> fake_;
  std::thread thread_;

 public:
  const std::string address;
};

[[noreturn]] void give_up(const Error& error) {
  std::fprintf(stderr, "%s\n", error.to_string().c_str());
  std::abort();
}

// A client that knows all topics and avoids some brokers.
class Bench {
 public:
  Bench(std::int64_t topics, std::int64_t avoided)
      : nameserver_(topics), client_(make(topics)) {
    for (std::int64_t i = 0; i < topics; ++i) {
      const auto route = client_.route(topic_name(i), std::chrono::minutes(1));
      if (!route) give_up(route.error());
    }
    while (client_.stats().avoided < static_cast<std::uint64_t>(avoided)) {
      client_.report(*client_.pick(topic_name(0)), Outcome::kFailed,
                     std::chrono::milliseconds(1));
    }
    handle = client_.topic(topic_name(0));
  }

  Client& client() { return client_; }
  Topic handle;

 private:
  Client make(std::int64_t topics) {
    ClientOptions options;  // a failure is avoided for ten minutes
    options.nameservers = {nameserver_.address};
    options.rpc_timeout = std::chrono::minutes(1);
    for (std::int64_t i = 0; i < topics; ++i) {
      options.topics.push_back(topic_name(i));
    }
    auto client = Client::create(options);
    if (!client) give_up(client.error());
    return std::move(*client);
  }

  Nameserver nameserver_;
  Client client_;
};

// Made before the threads start, gone after they end.
std::unique_ptr<Bench> bench;

void set_up(const benchmark::State& state) {
  bench = std::make_unique<Bench>(state.range(0), state.range(1));
}
void tear_down(const benchmark::State&) { bench.reset(); }

void by_name(benchmark::State& state) {
  Client& client = bench->client();
  const std::string topic = topic_name(0);
  for (auto _ : state) {
    auto pick = client.pick(topic);
    benchmark::DoNotOptimize(pick);
  }
}

void by_handle(benchmark::State& state) {
  const Topic topic = bench->handle;
  for (auto _ : state) {
    auto pick = topic.pick();
    benchmark::DoNotOptimize(pick);
  }
}

void pick_consume(benchmark::State& state) {
  Client& client = bench->client();
  const std::string topic = topic_name(0);
  PickOptions options;
  options.purpose = PickFor::kConsume;
  for (auto _ : state) {
    auto pick = client.pick(topic, options);
    benchmark::DoNotOptimize(pick);
  }
}

void pick_retry(benchmark::State& state) {
  Client& client = bench->client();
  const std::string topic = topic_name(0);
  const Pick failed = *client.pick(topic);
  PickOptions options;
  options.avoid = std::span(&failed, 1);
  for (auto _ : state) {
    auto pick = client.pick(topic, options);
    benchmark::DoNotOptimize(pick);
  }
}

void report_ok(benchmark::State& state) {
  Client& client = bench->client();
  const Pick pick = *client.pick(topic_name(0));
  for (auto _ : state) {
    client.report(pick, Outcome::kOk, std::chrono::milliseconds(1));
  }
}

void picks(benchmark::internal::Benchmark* benchmark) {
  for (const std::int64_t topics : {1, 1000}) {
    for (const std::int64_t avoided : {0, 1, 2}) {
      benchmark->Args({topics, avoided});
    }
  }
  benchmark->Setup(set_up)
      ->Teardown(tear_down)
      ->Threads(1)
      ->Threads(2)
      ->Threads(4);
}

void single(benchmark::internal::Benchmark* benchmark) {
  benchmark->Args({1, 0})->Setup(set_up)->Teardown(tear_down);
}

BENCHMARK(by_name)->Name("BM_pick/by_name")->Apply(picks);
BENCHMARK(by_handle)->Name("BM_pick/by_handle")->Apply(picks);
BENCHMARK(pick_consume)->Name("BM_pick_consume")->Apply(single);
BENCHMARK(pick_retry)->Name("BM_pick_retry")->Apply(single);
BENCHMARK(report_ok)->Name("BM_report_ok")->Apply(single)->Threads(2);

}  // namespace
}  // namespace waypost

BENCHMARK_MAIN();
