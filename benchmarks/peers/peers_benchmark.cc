// waypost-bench-peers: what nameservers that know each other cost each other.
//
//   waypost-bench-peers [OPTION]...
//
// Starts a group of nameservers and, as measure, one without peers; the same
// brokers register at all of them. Then, one after another:
//
//   all register          every broker at every nameserver, as fast as it goes
//   nothing changes       heartbeats each second, registrations each 30 s
//   all register anew     every broker, every topic changed
//   one changed topic     of a broker that only the first nameserver hears: how
//                         soon all others' answers show it
//   a start               a further nameserver that knows nothing, until it
//                         serves; and one into a group of one with a large
//                         table
//
// Bytes are the kernel's account of the connections between nameservers (both
// ways, without heads); CPU time is that of all threads.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

#include "base/options.h"
#include "benchmarks/driver/histogram.h"
#include "benchmarks/driver/prepared_table.h"
#include "benchmarks/peers/broker_fleet.h"
#include "benchmarks/peers/nameserver_group.h"
#include "benchmarks/peers/report.h"
#include "process/command_line.h"
#include "wire/codec/native.h"

namespace waypost::bench {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr base::Duration kPatience = 60s;

struct PeersSettings {
  std::int64_t nameservers = 5;
  std::int64_t brokers = 1000;
  std::int64_t topics = 100'000;
  std::int64_t copies = 2;
  std::int64_t changes = 100;
  std::int64_t changer_topics = 200;
  base::Duration duration = 30s;
  std::int64_t warm_brokers = 1000;
  std::int64_t warm_topics = 500'000;
  std::string namesrv;
};

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "waypost-bench-peers: %s\n", what.c_str());
  std::exit(1);
}

template <typename T>
T must(base::Result<T> result) {
  if (!result) fail(result.error().to_string());
  return std::move(*result);
}
void must(const base::Status& status) {
  if (!status) fail(status.error().to_string());
}

// What the calling thread does must not look like the servers' latency.
void play_brokers() {
  constexpr int kLess = 5;
  // On Linux this is of the thread, in spite of the constant's name.
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kLess);
}

PeerTableSpec spec_of(std::int64_t brokers, std::int64_t topics,
                      std::int64_t copies) {
  return {static_cast<std::size_t>(brokers), static_cast<std::size_t>(topics),
          static_cast<std::size_t>(copies)};
}

// The nameservers, the one without peers last, and their brokers.
class Bench {
 public:
  Bench(const PeersSettings& settings, const std::filesystem::path& scratch)
      : settings_(settings),
        spec_(spec_of(settings.brokers, settings.topics, settings.copies)),
        group_(settings.namesrv, scratch) {
    for (std::int64_t i = 0; i < settings.nameservers; ++i) {
      must(group_.start_next());
    }
    alone_ = must(group_.start_alone());
    must(group_.wait_until_alike(kPatience));
    for (const Nameserver& each : group_.members()) add_fleet(each);
    add_fleet(alone_);
  }

  void run() {
    print_heading();
    Stretch first = begin("all register");
    register_all(1);
    must(group_.wait_until_alike(kPatience));
    print(end(std::move(first)));

    for (const auto& fleet : fleets_) fleet->keep_alive();
    std::this_thread::sleep_for(
        std::min<base::Duration>(2s, settings_.duration));
    Stretch quiet = begin("nothing changes");
    std::this_thread::sleep_for(settings_.duration);
    print(end(std::move(quiet)));
    for (const auto& fleet : fleets_) must(fleet->rest());

    register_anew();
    change_topics();
    for (auto& fleet : fleets_) must(fleet->rest());
    start_another();
  }

 private:
  void add_fleet(const Nameserver& nameserver) {
    fleets_.push_back(
        must(BrokerFleet::connect(nameserver.server.endpoint, spec_)));
  }

  void register_all(std::uint32_t queues) {
    std::vector<std::thread> threads;
    for (const auto& fleet : fleets_) {
      threads.emplace_back([&] {
        play_brokers();
        must(fleet->register_all(queues));
      });
    }
    for (std::thread& thread : threads) thread.join();
  }

  base::Duration cpu_of_members() const {
    base::Duration total{0};
    for (const Nameserver& each : group_.members()) {
      total += must(each.cpu()).total;
    }
    return total;
  }

  // Until end() the counters are those of the beginning.
  Stretch begin(std::string name) const {
    Stretch stretch;
    stretch.name = std::move(name);
    const TcpTraffic traffic = must(group_.traffic());
    stretch.bytes_per_pair = static_cast<double>(traffic.bytes);
    stretch.segments_per_pair = static_cast<double>(traffic.segments);
    stretch.cpu = cpu_of_members();
    stretch.cpu_alone = must(alone_.cpu()).total;
    stretch.wall = steady_clock::now().time_since_epoch();
    return stretch;
  }
  Stretch end(Stretch stretch) const {
    stretch.wall = steady_clock::now().time_since_epoch() - stretch.wall;
    const TcpTraffic traffic = must(group_.traffic());
    const auto pairs = static_cast<double>(group_.pairs());
    stretch.bytes_per_pair =
        (static_cast<double>(traffic.bytes) - stretch.bytes_per_pair) / pairs;
    stretch.segments_per_pair =
        (static_cast<double>(traffic.segments) - stretch.segments_per_pair) /
        pairs;
    stretch.cpu = (cpu_of_members() - stretch.cpu) / settings_.nameservers;
    stretch.cpu_alone = must(alone_.cpu()).total - stretch.cpu_alone;
    return stretch;
  }

  void register_anew() {
    const auto pulse = must(Pulse::start(group_.members()[0].server.endpoint));
    const auto pulse_alone = must(Pulse::start(alone_.server.endpoint));
    std::this_thread::sleep_for(100ms);
    Stretch stretch = begin("all register anew");
    register_all(2);
    must(group_.wait_until_alike(kPatience));
    stretch = end(std::move(stretch));
    for (const std::uint64_t each : must(pulse->stop())) {
      stretch.heartbeat_ns.record(each);
    }
    for (const std::uint64_t each : must(pulse_alone->stop())) {
      stretch.heartbeat_alone_ns.record(each);
    }
    print(stretch);
  }

  // Whether the changing broker has so many queues of the topic there.
  static bool shows(NativeClient& client,
                    const model::RegisterRequest& change) {
    const std::string answer = must(
        client.call(codec::FrameKind::kQueryRoutes,
                    codec::encode(model::RouteQueryRequest{
                        {{change.topics.front().name, model::Digest{}}}})));
    const auto header = codec::decode_frame_header(
        reinterpret_cast<const std::byte*>(answer.data()));
    if (header.kind != codec::FrameKind::kRoute) return false;
    const auto route = must(codec::decode<model::VersionedRoute>(
        std::as_bytes(std::span(answer))
            .subspan(codec::kFrameHeaderBytes, header.payload_bytes)));
    return std::any_of(route.route.groups.begin(), route.route.groups.end(),
                       [&](const model::RouteGroup& group) {
                         return group.broker_name ==
                                    change.broker.broker_name &&
                                group.queues == change.topics.front().queues;
                       });
  }

  void change_topics() {
    const auto& members = group_.members();
    std::vector<std::unique_ptr<NativeClient>> clients;
    clients.reserve(members.size());
    for (const Nameserver& each : members) {
      clients.push_back(must(NativeClient::connect(each.server.endpoint, 30s)));
    }
    model::RegisterRequest change = bench_registration(
        "changer", static_cast<std::size_t>(settings_.changer_topics));
    change.expiry = 10min;
    must(clients.front()->call(codec::FrameKind::kRegister,
                               codec::encode(change)));
    must(group_.wait_until_alike(kPatience));
    change.mode = model::RegisterMode::kIncremental;
    change.topics.resize(1);
    Histogram until_shown;
    for (std::int64_t i = 0; i < settings_.changes; ++i) {
      change.topics.front().queues.read_queues =
          100 + static_cast<std::uint32_t>(i);
      const std::string request = codec::encode(change);
      const auto start = steady_clock::now();
      must(clients.front()->call(codec::FrameKind::kRegister, request));
      for (const auto& client : clients) {
        while (!shows(*client, change)) {
          if (steady_clock::now() - start > kPatience) {
            fail("a changed topic does not reach all peers");
          }
          std::this_thread::sleep_for(500us);
        }
      }
      until_shown.record(static_cast<std::uint64_t>(
          std::chrono::nanoseconds(steady_clock::now() - start).count()));
      std::this_thread::sleep_for(20ms);
    }
    print_changes("one changed topic until all show it", until_shown);
  }

  void start_another();

  const PeersSettings settings_;
  const PeerTableSpec spec_;
  NameserverGroup group_;
  Nameserver alone_;
  std::vector<std::unique_ptr<BrokerFleet>> fleets_;
};

// Starts the next one and measures until it serves; all others know the table.
void start_next(NameserverGroup& group, const PeerTableSpec& spec) {
  WarmStart warm;
  warm.brokers = spec.brokers;
  warm.topics = spec.topics;
  warm.pairs = spec.pairs();
  const auto cpu_of_givers = [&](std::size_t count) {
    base::Duration total{0};
    for (std::size_t i = 0; i < count; ++i) {
      total += must(group.members()[i].cpu()).total;
    }
    return total;
  };
  const std::size_t givers = group.members().size();
  const Nameserver* giver = &group.members().front();
  warm.giver_peak_before = must(peak_resident_bytes(*giver));
  const base::Duration before = cpu_of_givers(givers);
  const auto bytes_before = must(group.traffic()).bytes;
  const auto start = steady_clock::now();
  must(group.start_next());
  const Nameserver& newcomer = group.members().back();
  for (;;) {
    const auto view = must(newcomer.view());
    if (view.state == model::ServerState::kServing) {
      warm.until_serving = steady_clock::now() - start;
      if (view.brokers < spec.brokers || view.topics < spec.topics) {
        fail("it serves with " + std::to_string(view.brokers) +
             " brokers and " + std::to_string(view.topics) + " topics");
      }
      break;
    }
    if (steady_clock::now() - start > kPatience) fail("a start takes too long");
    std::this_thread::sleep_for(5ms);
  }
  warm.cpu = must(newcomer.cpu()).total;
  warm.cpu_of_givers = cpu_of_givers(givers) - before;
  warm.bytes = static_cast<double>(must(group.traffic()).bytes - bytes_before);
  warm.peak_bytes = must(peak_resident_bytes(newcomer));
  warm.giver_peak_after = must(peak_resident_bytes(group.members().front()));
  print(warm);
}

void Bench::start_another() { start_next(group_, spec_); }

// One nameserver with a large table, and one that starts.
void start_into_large(const PeersSettings& settings,
                      const std::filesystem::path& scratch) {
  if (settings.warm_topics == 0) return;
  const PeerTableSpec spec =
      spec_of(settings.warm_brokers, settings.warm_topics, settings.copies);
  NameserverGroup group(settings.namesrv, scratch / "large");
  must(group.start_next());
  const auto fleet =
      must(BrokerFleet::connect(group.members().front().server.endpoint, spec));
  must(fleet->register_all(1));
  start_next(group, spec);
}

process::Program describe_program() {
  process::Program program;
  program.name = "waypost-bench-peers";
  program.summary = "what nameservers that know each other cost each other";
  program.synopsis = {"[OPTION]..."};
  program.exit_statuses = {{1, "something failed; figures are incomplete"}};
  return program;
}

void declare_peers(base::OptionTable& table, PeersSettings& settings) {
  table.number("nameservers", settings.nameservers, 2, 50,
               "Nameservers that know each other.");
  table.number("brokers", settings.brokers, 1, 60'000,
               "Brokers; each registers at every nameserver.");
  table.number("topics", settings.topics, 1, 10'000'000, "Topics in all.");
  table.number("copies", settings.copies, 1, 1000,
               "Brokers that serve each topic.");
  table.number("changes", settings.changes, 1, 1'000'000,
               "Topics that change, one after another.");
  table.number("changer-topics", settings.changer_topics, 1, 100'000,
               "Topics of the broker of which one changes.");
  table.duration("duration", settings.duration, 100ms, std::chrono::hours(1),
                 "How long nothing changes.");
  table.number("warm-brokers", settings.warm_brokers, 1, 60'000,
               "Brokers of the large table that a start takes over.");
  table.number("warm-topics", settings.warm_topics, 0, 10'000'000,
               "Topics of it in all; 0: left out.");
  table.text("namesrv", settings.namesrv,
             "The nameserver's program; by default waypost-namesrv beside this "
             "one.");
}

}  // namespace
}  // namespace waypost::bench

int main(int argc, char** argv) {
  using namespace waypost;
  bench::PeersSettings settings;
  base::OptionTable options;
  bench::declare_peers(options, settings);
  const auto line = process::parse_command_line(
      argc, argv, bench::describe_program(), options);
  if (line.exit_status) return *line.exit_status;
  const auto scratch = bench::must(bench::ScratchDirectory::create());
  { bench::Bench(settings, scratch->path()).run(); }
  bench::start_into_large(settings, scratch->path());
  return 0;
}
