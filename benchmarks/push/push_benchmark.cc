// waypost-bench-push: how long after a broker's connection is closed at a
// nameserver its clients have the route without it.
//
//   waypost-bench-push [CLIENTS [ROUNDS]]      (1000 and 20)
//
// Starts a nameserver, as many clients of the SDK (in this process, on their
// one background thread), and two brokers of which one leaves in each round.
// Clients poll each ten minutes, so what they learn they were told. As measure
// of what loopback allows, each round also writes a frame of the same size to
// as many bare TCP connections, which one thread reads.
//
// Times are from the close, or the first write, to each single client; a round
// gives as many as there are clients. Nothing is pinned.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "benchmarks/driver/histogram.h"
#include "benchmarks/driver/prepared_table.h"
#include "benchmarks/driver/servers.h"
#include "waypost/waypost.hpp"
#include "wire/codec/native.h"

namespace waypost::bench {
namespace {

using namespace std::chrono_literals;

constexpr const char* kLeaves = "broker-leaves";
constexpr auto kPatience = 30s;

std::uint64_t now_ns() {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(
          std::chrono::steady_clock::now().time_since_epoch())
          .count());
}

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "waypost-bench-push: %s\n", what.c_str());
  std::exit(1);
}

template <typename Done>
void wait_for(const char* what, const Done& done) {
  const auto start = std::chrono::steady_clock::now();
  while (!done()) {
    if (std::chrono::steady_clock::now() - start > kPatience) {
      fail(std::string("waited in vain for ") + what);
    }
    std::this_thread::sleep_for(1ms);
  }
}

// A sample of each client for the event of this round, taken by the thread that
// sees it arrive.
struct Samples {
  explicit Samples(std::size_t count) : arrived_ns(count) {}

  void begin() {
    arrived = 0;
    start_ns = now_ns();
  }
  void add(std::size_t who) {
    arrived_ns[who] = now_ns();
    ++arrived;
  }
  void record(Histogram& histogram) const {
    for (const std::uint64_t at : arrived_ns) histogram.record(at - start_ns);
  }

  std::atomic<std::uint64_t> start_ns{0};
  std::atomic<std::size_t> arrived{0};
  std::vector<std::uint64_t> arrived_ns;
};

// Clients of the SDK that follow one topic.
class Clients {
 public:
  Clients(const base::Endpoint& nameserver, std::size_t count) : left(count) {
    for (std::size_t i = 0; i < count; ++i) {
      ClientOptions options;
      options.nameservers = {nameserver.to_string()};
      options.topics = {bench_topic(0).value()};
      options.poll_interval = 10min;
      // At once, on the thread that has just taken the route over.
      options.event_delivery = EventDelivery::kExecutor;
      options.event_executor = [](const std::function<void()>& task) {
        task();
      };
      options.on_event = [this, i](const Event& event) { note(i, event); };
      auto client = Client::create(std::move(options));
      if (!client) fail(client.error().to_string());
      clients_.push_back(std::move(*client));
    }
  }

  std::size_t count() const { return clients_.size(); }
  std::size_t whole() const { return whole_; }
  // The first one's table has it, too.
  bool have(std::size_t groups) {
    const auto route = clients_.front().route(bench_topic(0).value());
    return route && route->groups.size() == groups;
  }

  Samples left;

 private:
  static bool names_it(const std::vector<std::string>& brokers) {
    return std::find(brokers.begin(), brokers.end(), kLeaves) != brokers.end();
  }
  void note(std::size_t who, const Event& event) {
    const auto* changed = std::get_if<RouteChanged>(&event.what);
    if (changed == nullptr) return;
    if (names_it(changed->added)) {
      ++whole_;
    } else if (names_it(changed->removed)) {
      --whole_;
      left.add(who);
    }
  }

  std::atomic<std::size_t> whole_{0};
  std::vector<Client> clients_;
};

// As many connections of nothing but TCP, told the same number of bytes.
class FanOut {
 public:
  FanOut(std::size_t count, std::size_t bytes)
      : told(count), message_(bytes, 'x'), poller_(epoll_create1(0)) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto [writer, reader] = connected_pair();
      writers_.push_back(writer);
      readers_.push_back(reader);
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u64 = i;
      epoll_ctl(poller_, EPOLL_CTL_ADD, reader, &event);
    }
    thread_ = std::thread([this] { read_all(); });
  }
  ~FanOut() {
    stop_ = true;
    thread_.join();
    for (const int fd : writers_) close(fd);
    for (const int fd : readers_) close(fd);
    close(poller_);
    close(listener_);
  }
  FanOut(const FanOut&) = delete;
  FanOut& operator=(const FanOut&) = delete;

  void tell() {
    told.begin();
    for (const int fd : writers_) {
      if (send(fd, message_.data(), message_.size(), 0) < 0) fail("send");
    }
  }

  Samples told;

 private:
  std::pair<int, int> connected_pair() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    if (listener_ < 0) {
      listener_ = socket(AF_INET, SOCK_STREAM, 0);
      if (bind(listener_, raw, size) != 0 || listen(listener_, 16) != 0) {
        fail("listen");
      }
    }
    getsockname(listener_, raw, &size);
    const int reader = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(reader, raw, size) != 0) fail("connect");
    const int writer = accept(listener_, nullptr, nullptr);
    if (writer < 0) fail("accept");
    return {writer, reader};
  }

  void read_all() {
    std::vector<epoll_event> events(256);
    std::vector<char> buffer(64UL * 1024);
    while (!stop_) {
      const int ready = epoll_wait(poller_, events.data(),
                                   static_cast<int>(events.size()), 100);
      for (int i = 0; i < ready; ++i) {
        const auto who = events[static_cast<std::size_t>(i)].data.u64;
        if (recv(readers_[who], buffer.data(), buffer.size(), 0) > 0) {
          told.add(who);
        }
      }
    }
  }

  const std::string message_;
  const int poller_;
  int listener_ = -1;
  std::vector<int> writers_;
  std::vector<int> readers_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

// Registered over a connection of its own, which ends with it.
std::unique_ptr<NativeClient> register_broker(const base::Endpoint& nameserver,
                                              const char* name,
                                              std::uint64_t epoch) {
  auto client = NativeClient::connect(nameserver, 10s);
  if (!client) fail(client.error().to_string());
  model::RegisterRequest request = bench_registration(name, 1);
  request.epoch = model::Epoch(epoch);
  request.expiry = 10min;
  const auto reply =
      (*client)->call(codec::FrameKind::kRegister, codec::encode(request));
  if (!reply) fail(reply.error().to_string());
  return std::move(*client);
}

// What a push of that route has on the wire.
std::size_t push_bytes(const base::Endpoint& nameserver) {
  auto client = NativeClient::connect(nameserver, 10s);
  if (!client) fail(client.error().to_string());
  const auto answer = (*client)->call(
      codec::FrameKind::kQueryRoutes,
      codec::encode(
          model::RouteQueryRequest{{{bench_topic(0), model::Digest{}}}}));
  if (!answer) fail(answer.error().to_string());
  const auto header = codec::decode_frame_header(
      reinterpret_cast<const std::byte*>(answer->data()));
  return codec::kFrameHeaderBytes + header.payload_bytes;
}

void print(const char* what, const Histogram& histogram) {
  std::printf("%-26s", what);
  for (const double percent : {50.0, 90.0, 99.0}) {
    std::printf(
        "  %9s",
        format_ns(static_cast<double>(histogram.percentile(percent))).c_str());
  }
  std::printf("  %9s\n",
              format_ns(static_cast<double>(histogram.max())).c_str());
}

void raise_descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void run(std::size_t count, int rounds) {
  raise_descriptor_limit();
  const auto scratch = ScratchDirectory::create();
  if (!scratch) fail(scratch.error().to_string());
  const auto server = start_namesrv(Settings{}, {}, (*scratch)->path());
  if (!server) fail(server.error().to_string());
  // It stays, and its heartbeats keep it from being suspected.
  const auto stays =
      PreparedTable::create(server->endpoint, {.brokers = 1, .topics = 1});
  if (!stays) fail(stays.error().to_string());
  FanOut floor(count, push_bytes(server->endpoint));
  Clients clients(server->endpoint, count);

  Histogram pushed;
  Histogram bare;
  for (int round = 1; round <= rounds; ++round) {
    auto leaves = register_broker(server->endpoint, kLeaves,
                                  static_cast<std::uint64_t>(round));
    wait_for("all clients to know both brokers",
             [&] { return clients.whole() == count && clients.have(2); });
    std::this_thread::sleep_for(100ms);
    clients.left.begin();
    leaves.reset();
    wait_for("all clients to be told",
             [&] { return clients.left.arrived == count && clients.have(1); });
    clients.left.record(pushed);

    floor.tell();
    wait_for("all connections", [&] { return floor.told.arrived == count; });
    floor.told.record(bare);
  }
  std::printf("%zu clients, %d rounds, %zu bytes each\n", count, rounds,
              push_bytes(server->endpoint));
  std::printf("%-26s  %9s  %9s  %9s  %9s\n", "", "p50", "p90", "p99", "max");
  print("broker gone to new route", pushed);
  print("bare TCP", bare);
}

}  // namespace
}  // namespace waypost::bench

int main(int argc, char** argv) {
  const int count = argc > 1 ? std::atoi(argv[1]) : 1000;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 20;
  if (argc > 3 || count < 1 || count > 5000 || rounds < 1) {
    std::fprintf(stderr,
                 "usage: waypost-bench-push [CLIENTS [ROUNDS]]: up to 5000\n");
    return 2;
  }
  waypost::bench::run(static_cast<std::size_t>(count), rounds);
  return 0;
}
