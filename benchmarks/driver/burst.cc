#include "benchmarks/driver/burst.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <span>
#include <thread>

#include <sys/resource.h>
#include <unistd.h>

#include "benchmarks/driver/prepared_table.h"
#include "benchmarks/driver/remoting_client.h"
#include "benchmarks/driver/remoting_requests.h"
#include "benchmarks/driver/resident_memory.h"
#include "benchmarks/driver/servers.h"
#include "benchmarks/driver/workload.h"
#include "wire/codec/remoting/bodies.h"

namespace waypost::bench {
namespace {

using std::chrono::seconds;

constexpr base::Duration kBurstDeadline = std::chrono::minutes(5);
constexpr base::Duration kCallDeadline = seconds(20);
// For the allocator to give back what the burst needed for a moment: jemalloc
// takes 10 s.
constexpr base::Duration kSettleMax = seconds(15);
constexpr double kRateDefault = 1000;

// What is asked for meanwhile; none of the brokers that register serves it.
constexpr TableSpec kQueriedTable{4, 1};

// The calling thread plays the brokers, on the generator's core: what it takes
// there must not look like the server's latency.
void yield_to_the_generator() {
  constexpr int kLess = 5;
  // On Linux this is of the thread, in spite of the constant's name.
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kLess);
}

class Burst {
 public:
  Burst(const Settings& settings, const Server& server,
        std::vector<ConnectionScript> queries)
      : settings_(settings), server_(server), queries_(std::move(queries)) {}

  // Queries routes while `brokers_work` runs on a thread of its own.
  base::Result<BurstPhase> run(
      const std::string& name,
      const std::function<base::Status()>& brokers_work) const;

 private:
  LoadPlan plan() const;

  const Settings& settings_;
  const Server& server_;
  const std::vector<ConnectionScript> queries_;
};

LoadPlan Burst::plan() const {
  LoadPlan plan;
  plan.target = server_.endpoint;
  plan.depth = 64;  // more than a stall of this test's leaves in flight
  plan.rate =
      settings_.rate > 0 ? static_cast<double>(settings_.rate) : kRateDefault;
  plan.warm_up = settings_.warm_up;
  plan.duration = std::chrono::hours(1);
  plan.answer_timeout = kBurstDeadline;
  plan.connections = queries_;
  return plan;
}

base::Result<BurstPhase> Burst::run(
    const std::string& name,
    const std::function<base::Status()>& brokers_work) const {
  const pid_t pid = server_.process->pid();
  std::atomic<bool> done = false;
  base::Status worked;
  std::thread worker;
  base::Result<CpuTime> begin = CpuTime{};
  base::Result<CpuTime> end = CpuTime{};
  LoadPlan load = plan();
  load.stop = &done;
  load.on_measure_begin = [&] {
    begin = process_cpu_time(pid);
    worker = std::thread([&] {
      yield_to_the_generator();
      worked = brokers_work();
      done = true;
    });
  };
  load.on_measure_end = [&] { end = process_cpu_time(pid); };
  auto queries = generate_load(load);
  if (worker.joinable()) worker.join();
  if (!queries) return tl::unexpected(queries.error().with_context(name));
  if (!worked) return tl::unexpected(worked.error().with_context(name));
  if (!begin) return tl::unexpected(begin.error());
  if (!end) return tl::unexpected(end.error());
  BurstPhase phase;
  phase.name = name;
  phase.lasted = queries->measured;
  phase.server_cpu = *end - *begin;
  phase.queries = std::move(*queries);
  return phase;
}

// That every topic of the fleet is served by all of it.
base::Status check_table(const base::Endpoint& target, const FleetSpec& fleet) {
  auto client = RemotingClient::connect(target, kCallDeadline);
  if (!client) return tl::unexpected(client.error());
  const auto answer =
      (*client)->call(remoting::encode_frame(route_query_command(
          remoting::Serialization::kJson, fleet_topic(fleet.topics - 1))));
  if (!answer) return tl::unexpected(answer.error());
  const auto scan =
      remoting::scan_frame(std::as_bytes(std::span(*answer)), answer->size());
  const auto route = remoting::decode_route(scan.frame.body);
  if (!route) return tl::unexpected(route.error());
  if (route->brokers.size() == fleet.brokers) return {};
  return base::fail(base::ErrorCode::kConflict,
                    "a topic has " + std::to_string(route->brokers.size()) +
                        " brokers of " + std::to_string(fleet.brokers));
}

base::Status run_phases(const Settings& settings, const Server& server,
                        const Burst& burst, RegistrationFleet& fleet,
                        BurstResult& result) {
  const pid_t pid = server.process->pid();
  const auto before = resident_bytes(pid);
  if (!before) return tl::unexpected(before.error());
  result.resident_before = *before;
  const auto add = [&](const std::string& name,
                       const std::function<base::Status()>& work) {
    auto phase = burst.run(name, work);
    if (!phase) return base::Status(tl::unexpected(phase.error()));
    phase->registration_ns = fleet.take_latency();
    result.phases.push_back(std::move(*phase));
    return base::Status();
  };
  base::Status done =
      add("burst", [&] { return fleet.register_all(kBurstDeadline); });
  if (!done) return done;
  done = check_table(server.endpoint, result.fleet);
  if (!done) return done;
  std::this_thread::sleep_for(std::min(kSettleMax, settings.duration));
  const auto after = resident_bytes(pid);
  if (!after) return tl::unexpected(after.error());
  result.resident_after = *after;

  done = add("queries alone", [&] {
    std::this_thread::sleep_for(settings.duration);
    return base::Status();
  });
  for (const bool vary : {false, true}) {
    if (!done) return done;
    done = add(
        vary ? "registered again, parsed" : "registered again, unchanged", [&] {
          return fleet.register_steadily(settings.register_interval,
                                         settings.duration, vary);
        });
  }
  if (!done) return done;
  return check_table(server.endpoint, result.fleet);
}

}  // namespace

double BurstPhase::cpu_seconds_per_minute() const {
  if (lasted.count() == 0) return 0;
  return 60 * static_cast<double>(server_cpu.total.count()) /
         static_cast<double>(lasted.count());
}

double BurstResult::resident_bytes_per_pair() const {
  const auto grown = static_cast<double>(resident_after) -
                     static_cast<double>(resident_before);
  return grown / static_cast<double>(fleet.brokers * fleet.topics);
}

base::Result<BurstResult> measure_burst(const Settings& settings) {
  const base::Status pinned =
      pin_to_core(static_cast<unsigned>(settings.generator_core));
  if (!pinned) return tl::unexpected(pinned.error());
  const auto scratch = ScratchDirectory::create();
  if (!scratch) return tl::unexpected(scratch.error());
  const auto server = start_namesrv(settings, std::nullopt, (*scratch)->path());
  if (!server) return tl::unexpected(server.error());
  const auto table = PreparedTable::create(server->endpoint, kQueriedTable);
  if (!table) return tl::unexpected(table.error());
  WorkloadSpec queries;
  queries.format = WireFormat::kRemoting;
  queries.connections = static_cast<std::size_t>(settings.connections);
  const auto workload = make_workload(queries, kQueriedTable, server->endpoint);
  if (!workload) return tl::unexpected(workload.error());

  BurstResult result;
  result.fleet = {static_cast<std::size_t>(settings.brokers),
                  static_cast<std::size_t>(settings.topics)};
  const auto fleet = RegistrationFleet::connect(server->endpoint, result.fleet);
  if (!fleet) return tl::unexpected(fleet.error());
  result.body_bytes = (*fleet)->body_bytes();
  const Burst burst(settings, *server, workload->connections);
  const base::Status done =
      run_phases(settings, *server, burst, **fleet, result);
  if (!done) return tl::unexpected(done.error());
  const base::Status kept = (*table)->check();
  if (!kept) return tl::unexpected(kept.error());
  return result;
}

}  // namespace waypost::bench
