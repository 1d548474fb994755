// What the registry's decisions cost on its one thread, and lookups on any.
//
//   PrepareRegistration/n      check, sort and digest n topics; done where the
//                              request is decoded, not on the registry thread
//   UnchangedRegistration/n    the same n topics again, prepared
//   FirstRegistration/n        n topics of a new broker, into an empty table
//   LargestPart/n              of the same in parts, the slowest: what others
//                              wait for
//   FirstRegistrationInto/n    10 000 new topics into a table of n
//   SecondBroker/n             n topics that another broker has already
//   OneChangedOfThousand/n     a full registration of 1 000 topics, one of them
//                              changed, in a table of n
//   OneChangedIncremental/n    one changed topic of a broker of n topics
//   RouteLookup/n              find a topic of 4 groups by name among n, and
//                              tell whether its cached encoding is current
//   RouteBuild                 make the route of a topic with 4 groups
//   HeartbeatOfOne/n           from one of n brokers in turn
//   ScanNoneDue/n              n brokers, nobody's time has come
//   ScanHundredExpire/n        n brokers and a hundred more, which expire
//   GroupAddressChange/n       a new address of a broker of n topics
//   BrokerLeaves/n             the only broker of n topics leaves: out of the
//                              routes at once, its topics with sweeps
//   SweepOf4096/n              4096 topics of such a broker
//   DropOf4096Nodes/n          4096 nodes of a table of n topics are freed
//   RemotingUnchanged/n        n topics over remoting again, not parsed
//   RemotingSameVersion/n      the same, parsed and prepared
//   RemotingOtherVersion/n     with another version, which changes nothing
//
// Each change is made with the version before it still published, as a
// nameserver does, so that the path to it is copied.
//
// registry_benchmark [--benchmark_filter=REGEX]; times are of one operation.

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "base/random.h"
#include "namesrv/registry/parts.h"
#include "namesrv/registry/prepare.h"
#include "namesrv/registry/registry.h"

namespace waypost::registry {
namespace {

using namespace std::chrono_literals;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::int64_t kBig = 20'000;  // only to see that it runs
#else
constexpr std::int64_t kBig = 1'000'000;
#endif
constexpr std::int64_t kSmall = 1000;
constexpr int kGroups = 4;

constexpr base::Instant kStart{1000h};

std::string topic_name(std::int64_t number) {
  return "bench-topic-" + std::to_string(10'000'000 + number);
}

// A full registration of topics [first, first + count) by `name`/0.
Register registration(const std::string& name, std::uint64_t binding,
                      std::int64_t first, std::int64_t count) {
  Register event;
  event.request.cluster = model::ClusterName("bench");
  event.request.broker = {model::BrokerName(name), model::kMasterId};
  event.request.address = {"10.0.0.1", 10911};
  event.request.epoch = model::Epoch(1);
  event.binding = model::BindingId(binding);
  event.request.topics.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = first; i < first + count; ++i) {
    event.request.topics.push_back(
        {model::TopicName(topic_name(i)), {8, 8, {}, 0}});
  }
  return event;
}

Register prepared(Register event) {
  event.prepared = false;
  if (!prepare(event)) std::abort();
  return event;
}

std::string group_name(int number) {
  return "bench-group-" + std::to_string(number);
}

// `topics` topics with 4 groups each. Made once: a million takes a while.
Registry& table_of(std::int64_t topics) {
  static std::map<std::int64_t, std::unique_ptr<Registry>> made;
  auto& registry = made[topics];
  if (registry == nullptr) {
    registry = std::make_unique<Registry>(RegistrySettings{});
    for (int i = 0; i < kGroups; ++i) {
      registry->step(
          prepared(registration(group_name(i),
                                static_cast<std::uint64_t>(i) + 1, 0, topics)),
          kStart);
    }
  }
  return *registry;
}

// Brokers of one topic.
std::unique_ptr<Registry> fleet_of(std::int64_t brokers,
                                   Origin origin = Origin::kNative) {
  auto registry = std::make_unique<Registry>(RegistrySettings{});
  for (std::int64_t i = 0; i < brokers; ++i) {
    Register event =
        registration("broker-" + std::to_string(i),
                     static_cast<std::uint64_t>(i) + 1, i % 1000, 1);
    event.origin = origin;
    event.remoting.address = "10.0.0.1:10911";
    registry->step(prepared(std::move(event)), kStart);
  }
  return registry;
}

void check(benchmark::State& state, bool as_expected) {
  if (!as_expected) state.SkipWithError("the registry did something else");
}

bool was_refused(const Effects& effects) {
  return std::holds_alternative<base::Error>(effects.reply);
}

void PrepareRegistration(benchmark::State& state) {
  Register event = registration("broker", 1, 0, state.range(0));
  for (auto _ : state) {
    event.prepared = false;
    if (!prepare(event)) state.SkipWithError("refused");
  }
}
BENCHMARK(PrepareRegistration)->Arg(10'000)->Unit(benchmark::kMicrosecond);

void UnchangedRegistration(benchmark::State& state) {
  Registry registry({});
  const Event event = prepared(registration("broker", 1, 0, state.range(0)));
  registry.step(event, kStart);
  for (auto _ : state) {
    const Effects effects = registry.step(event, kStart);
    check(state, !effects.table_changed && !was_refused(effects));
  }
}
BENCHMARK(UnchangedRegistration)->Arg(100)->Arg(10'000);

void FirstRegistration(benchmark::State& state) {
  const Event event = prepared(registration("broker", 1, 0, state.range(0)));
  for (auto _ : state) {
    auto registry = std::make_unique<Registry>(RegistrySettings{});
    benchmark::DoNotOptimize(registry->step(event, kStart));
    check(state, registry->table().topic_count() ==
                     static_cast<std::size_t>(state.range(0)));
    state.PauseTiming();
    registry.reset();
    state.ResumeTiming();
  }
}
BENCHMARK(FirstRegistration)
    ->Arg(10'000)
    ->Arg(kBig)
    ->Unit(benchmark::kMillisecond);

double thread_cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) +
         static_cast<double>(now.tv_nsec) * 1e-9;
}

void LargestPart(benchmark::State& state) {
  Event event = prepared(registration("broker", 1, 0, state.range(0)));
  auto& whole = std::get<Register>(event);
  for (auto _ : state) {
    auto registry = std::make_unique<Registry>(RegistrySettings{});
    RouteTable published = registry->table();
    double largest = 0;
    const auto timed = [&](const auto& work) {
      const double start = thread_cpu_seconds();
      work();
      largest = std::max(largest, thread_cpu_seconds() - start);
    };
    for (std::size_t first = 0; first < whole.request.topics.size();
         first += kTopicsPerPart) {
      timed([&] { registry->step(part_of(whole, first), kStart); });
    }
    timed([&] { registry->step(event, kStart); });
    check(state, registry->table().topic_count() ==
                     static_cast<std::size_t>(state.range(0)));
    state.SetIterationTime(largest);
  }
}
BENCHMARK(LargestPart)
    ->Arg(kBig)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// One more broker with `event` in a table that is published; it leaves again.
void add_and_remove(benchmark::State& state, Registry& registry,
                    const Event& event) {
  const auto& request = std::get<Register>(event).request;
  const Unregister leave{{request.broker, request.epoch, ""},
                         std::get<Register>(event).binding};
  for (auto _ : state) {
    {
      const RouteTable published = registry.table();
      check(state, registry.step(event, kStart).table_changed);
      state.PauseTiming();
    }
    registry.step(leave, kStart);
    registry.step(Sweep{request.topics.size()}, kStart);
    state.ResumeTiming();
  }
}

void FirstRegistrationInto(benchmark::State& state) {
  add_and_remove(
      state, table_of(state.range(0)),
      prepared(registration("newcomer", 77, state.range(0), 10'000)));
}
BENCHMARK(FirstRegistrationInto)
    ->Arg(kSmall)
    ->Arg(kBig)
    ->Unit(benchmark::kMillisecond);

void SecondBroker(benchmark::State& state) {
  Registry registry({});
  registry.step(prepared(registration("first", 1, 0, state.range(0))), kStart);
  add_and_remove(state, registry,
                 prepared(registration("second", 2, 0, state.range(0))));
}
BENCHMARK(SecondBroker)->Arg(10'000)->Unit(benchmark::kMillisecond);

// Two registrations in turn that differ in one topic.
void alternate(benchmark::State& state, Registry& registry, const Event& one,
               const Event& other) {
  registry.step(one, kStart);
  bool turn = false;
  RouteTable published = registry.table();
  for (auto _ : state) {
    turn = !turn;
    check(state, registry.step(turn ? other : one, kStart).table_changed);
    published = registry.table();
  }
}

void OneChangedOfThousand(benchmark::State& state) {
  Registry& registry = table_of(state.range(0));
  // Its topics lie scattered among those of the table.
  Register event = registration("bench-changer", 50, 0, 0);
  for (std::int64_t i = 0; i < 1000; ++i) {
    event.request.topics.push_back(
        {model::TopicName(topic_name(i * (state.range(0) / 1000))),
         {8, 8, {}, 0}});
  }
  const Event one = prepared(event);
  event.request.topics[500].queues.read_queues = 16;
  alternate(state, registry, one, prepared(event));
  registry.step(
      BindingClosed{model::BindingId(50), BindingClosed::Cause::kPeer}, kStart);
}
BENCHMARK(OneChangedOfThousand)
    ->Arg(kSmall)
    ->Arg(kBig)
    ->Unit(benchmark::kMicrosecond);

void OneChangedIncremental(benchmark::State& state) {
  Registry& registry = table_of(state.range(0));
  Register event = registration(group_name(0), 1, state.range(0) / 2, 1);
  event.request.mode = model::RegisterMode::kIncremental;
  event.topics = TopicsPolicy::kMerge;
  const Event one = prepared(event);
  event.request.topics[0].queues.read_queues = 16;
  alternate(state, registry, prepared(event), one);
}
BENCHMARK(OneChangedIncremental)->Arg(kSmall)->Arg(kBig);

void RouteLookup(benchmark::State& state) {
  const RouteTable& table = table_of(state.range(0)).table();
  base::Random random(1);
  std::vector<std::string> names(4096);
  for (std::string& name : names) {
    name = topic_name(static_cast<std::int64_t>(
        random.below(static_cast<std::uint64_t>(state.range(0)))));
  }
  std::size_t next = 0;
  for (auto _ : state) {
    const std::string& name = names[next++ % names.size()];
    const TopicEntry* entry = table.find_topic(name, model::hash_bytes(name));
    if (entry == nullptr) {
      state.SkipWithError("a topic is missing");
      break;
    }
    benchmark::DoNotOptimize(table.stamp(*entry));
  }
}
BENCHMARK(RouteLookup)->Arg(kSmall)->Arg(kBig);

void RouteBuild(benchmark::State& state) {
  const RouteTable& table = table_of(kSmall).table();
  const std::string name = topic_name(7);
  const TopicEntry* entry = table.find_topic(name, model::hash_bytes(name));
  for (auto _ : state) benchmark::DoNotOptimize(table.route(*entry));
}
BENCHMARK(RouteBuild);

void HeartbeatOfOne(benchmark::State& state) {
  const auto registry = fleet_of(state.range(0));
  std::vector<Event> beats;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    const std::string name = "broker-" + std::to_string(i);
    beats.emplace_back(Heartbeat{
        {{model::BrokerName(name), model::kMasterId}, model::Epoch(1), {}},
        model::BindingId(static_cast<std::uint64_t>(i) + 1)});
  }
  std::size_t next = 0;
  base::Instant now = kStart;
  for (auto _ : state) {
    now += 100us;
    const Effects effects = registry->step(beats[next++ % beats.size()], now);
    check(state, std::get<model::HeartbeatReply>(effects.reply).known);
  }
}
BENCHMARK(HeartbeatOfOne)->Arg(10'000);

void ScanNoneDue(benchmark::State& state) {
  const auto registry = fleet_of(state.range(0));
  const Event scan = Scan{};
  for (auto _ : state) {
    check(state, registry->step(scan, kStart + 1s).changes.empty());
  }
}
BENCHMARK(ScanNoneDue)->Arg(100)->Arg(10'000);

void ScanHundredExpire(benchmark::State& state) {
  constexpr int kExpiring = 100;
  // Without heartbeats, so that nobody becomes suspect meanwhile.
  const auto registry = fleet_of(state.range(0), Origin::kRemoting);
  std::vector<Event> short_lived;
  for (int i = 0; i < kExpiring; ++i) {
    Register event =
        registration("short-lived-" + std::to_string(i),
                     500'000 + static_cast<std::uint64_t>(i), 0, 1);
    event.request.expiry = 1s;
    short_lived.emplace_back(prepared(std::move(event)));
  }
  const Event scan = Scan{};
  base::Instant now = kStart;
  for (auto _ : state) {
    state.PauseTiming();
    for (const Event& event : short_lived) registry->step(event, now);
    now += 1001ms;
    RouteTable published = registry->table();
    state.ResumeTiming();
    check(state, registry->step(scan, now).changes.size() == kExpiring);
    state.PauseTiming();
    published = RouteTable();
    state.ResumeTiming();
  }
}
BENCHMARK(ScanHundredExpire)
    ->Arg(10'000)
    ->Iterations(50)
    ->Unit(benchmark::kMicrosecond);

void GroupAddressChange(benchmark::State& state) {
  Registry registry({});
  Register event = registration("broker", 1, 0, state.range(0));
  const Event one = prepared(event);
  event.request.address.port = 10912;
  alternate(state, registry, one, prepared(event));
}
BENCHMARK(GroupAddressChange)->Arg(10)->Arg(10'000);

// A registry whose only broker, of so many topics, has left; `published` is the
// version before.
std::unique_ptr<Registry> left_by_broker(std::int64_t topics,
                                         RouteTable& published) {
  auto registry = std::make_unique<Registry>(RegistrySettings{});
  registry->step(prepared(registration("broker", 1, 0, topics)), kStart);
  published = registry->table();
  return registry;
}
Event leave() {
  return Unregister{
      {{model::BrokerName("broker"), model::kMasterId}, model::Epoch(1), ""},
      model::BindingId(1)};
}

void BrokerLeaves(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    RouteTable published;
    auto registry = left_by_broker(state.range(0), published);
    state.ResumeTiming();
    check(state, registry->step(leave(), kStart).table_changed);
    state.PauseTiming();
    registry.reset();
    published = RouteTable();
    state.ResumeTiming();
  }
}
BENCHMARK(BrokerLeaves)
    ->Arg(512)
    ->Arg(kBig)
    ->Iterations(3)
    ->Unit(benchmark::kMicrosecond);

void SweepOf4096(benchmark::State& state) {
  RouteTable published;
  std::unique_ptr<Registry> registry;
  bool more = false;
  for (auto _ : state) {
    if (!more) {
      state.PauseTiming();
      registry = left_by_broker(state.range(0), published);
      registry->step(leave(), kStart);
      state.ResumeTiming();
    }
    more = registry->step(Sweep{4096}, kStart).sweep_wanted;
  }
}
BENCHMARK(SweepOf4096)
    ->Arg(kBig)
    ->Iterations(kBig / 4096)
    ->Unit(benchmark::kMillisecond);

void DropOf4096Nodes(benchmark::State& state) {
  RouteTable::Remains remains;
  for (auto _ : state) {
    if (remains.empty()) {
      state.PauseTiming();
      RouteTable published;
      auto registry = left_by_broker(state.range(0), published);
      registry.reset();
      remains = published.dismantle();
      state.ResumeTiming();
    }
    benchmark::DoNotOptimize(remains.drop(4096));
  }
}
BENCHMARK(DropOf4096Nodes)
    ->Arg(kBig)
    ->Iterations(kBig / 20'000)
    ->Unit(benchmark::kMillisecond);

Register remoting_registration(std::int64_t topics, std::int64_t version) {
  Register event = registration("broker", 1, 0, topics);
  event.origin = Origin::kRemoting;
  event.topics = TopicsPolicy::kMerge;
  event.apply_if = ApplyIf::kDifferent;
  event.remoting.address = "10.0.0.1:10911";
  event.remoting.version.counter = version;
  event.remoting.body = model::digest_bytes("body");
  return prepared(std::move(event));
}

void RemotingUnchanged(benchmark::State& state) {
  Registry registry({});
  const Register first = remoting_registration(state.range(0), 1);
  registry.step(first, kStart);
  const Event again =
      RegisterUnchanged{first.request.broker, first.remoting.address,
                        first.remoting.body, first.binding};
  for (auto _ : state) {
    const Effects effects = registry.step(again, kStart);
    check(state, std::get<RegisterUnchangedReply>(effects.reply).known);
  }
}
BENCHMARK(RemotingUnchanged)->Arg(10'000);

void RemotingSameVersion(benchmark::State& state) {
  Registry registry({});
  const Event event = remoting_registration(state.range(0), 1);
  registry.step(event, kStart);
  for (auto _ : state) {
    const Effects effects = registry.step(event, kStart);
    check(state, !effects.table_changed && !was_refused(effects));
  }
}
BENCHMARK(RemotingSameVersion)->Arg(10'000);

void RemotingOtherVersion(benchmark::State& state) {
  Registry registry({});
  const Event one = remoting_registration(state.range(0), 1);
  const Event other = remoting_registration(state.range(0), 2);
  registry.step(one, kStart);
  bool turn = false;
  for (auto _ : state) {
    turn = !turn;
    const Effects effects = registry.step(turn ? other : one, kStart);
    check(state, !effects.table_changed && !was_refused(effects));
  }
}
BENCHMARK(RemotingOtherVersion)->Arg(10'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace waypost::registry

BENCHMARK_MAIN();
