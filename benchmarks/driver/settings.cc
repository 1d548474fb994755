#include "benchmarks/driver/settings.h"

#include <charconv>
#include <chrono>
#include <string_view>

namespace waypost::bench {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr std::size_t kDepthMax = 10'000;

void declare_load(base::OptionTable& table, Settings& settings) {
  table.choice("workload", settings.workload, kWorkloadNames,
               "What is asked: route queries, unchanged registrations of one "
               "broker for each connection, or pings.");
  table.choice("wire", settings.wire, kWireFormatNames,
               "The protocol of the load: native, or RocketMQ's remoting "
               "protocol with JSON or binary headers.");
  table.number("connections", settings.connections, 1, 20'000,
               "Connections that carry the load.");
  table.text("depth", settings.depths,
             "Requests in flight on each connection; a list, as in 1,16, "
             "measures one after another.");
  table.number("rate", settings.rate, 0, 100'000'000,
               "Requests a second over all connections at fixed times (open "
               "loop; latency counts from when a request was due). 0: closed "
               "loop, the next request follows the answer.");
  table.duration(
      "duration", settings.duration, milliseconds(10), hours(1),
      "How long answers are counted, for each depth and round; burst: for "
      "each way of registering again.");
  table.duration("warm-up", settings.warm_up, milliseconds(0), hours(1),
                 "Load before that is not counted.");
  table.number(
      "brokers", settings.brokers, 1, 10'000,
      "Brokers that are registered before; each serves every topic. burst: "
      "the brokers that register at once.");
  table.number("topics", settings.topics, 1, 1'000'000,
               "Topics in the table, and in each registration of the register "
               "workload and of burst.");
  table.number("topics-per-query", settings.topics_per_query, 1, 10'000,
               "Topics that one route query asks for.");
}

void declare_servers(base::OptionTable& table, Settings& settings) {
  table.endpoint("target", settings.target,
                 "run: the nameserver under load, by its IPv4 address.");
  table.number("server-pid", settings.server_pid, 0, 1 << 30,
               "run: its process, to tell its CPU time per answer. 0: not "
               "measured.");
  table.duration("register-interval", settings.register_interval,
                 milliseconds(10), hours(1),
                 "burst: how often each broker registers again.");
  table.number("rounds", settings.rounds, 1, 1000,
               "compare: rounds of floor and nameserver in turn.");
  table.number("server-core", settings.server_core, 0, 1023,
               "compare: the core of both servers.");
  table.number("generator-core", settings.generator_core, 0, 1023,
               "compare, burst: the core of the load generator.");
  table.text(
      "namesrv", settings.namesrv,
      "compare, burst: the nameserver's program; by default waypost-namesrv "
      "beside this one.");
  table.text("floor", settings.floor,
             "compare: the floor's program; by default waypost-bench-floor "
             "beside this one.");
  table.text_list(
      "namesrv-argument", settings.namesrv_arguments,
      "compare, burst: one more argument for the nameserver, such as "
      "--namesrv-argument=--io-threads=1.");
}

}  // namespace

void declare_options(base::OptionTable& table, Settings& settings) {
  table.choice("output", settings.output, {"table", "json"},
               "The form of the result on standard output.");
  table.text("json-file", settings.json_file,
             "Also writes the result as JSON to this file.");
  declare_load(table, settings);
  declare_servers(table, settings);
}

base::Result<std::vector<std::size_t>> parse_depths(const std::string& text) {
  std::vector<std::size_t> depths;
  std::string_view rest = text;
  while (true) {
    const std::string_view word = rest.substr(0, rest.find(','));
    std::size_t depth = 0;
    const auto [end, error] =
        std::from_chars(word.data(), word.data() + word.size(), depth);
    if (error != std::errc{} || end != word.data() + word.size() ||
        depth == 0 || depth > kDepthMax) {
      return base::fail(base::ErrorCode::kInvalidArgument,
                        "depth: '" + text + "' is not a list of numbers",
                        "allowed: 1 to " + std::to_string(kDepthMax) +
                            ", separated by commas, as in 1,16");
    }
    depths.push_back(depth);
    if (word.size() == rest.size()) return depths;
    rest.remove_prefix(word.size() + 1);
  }
}

WorkloadSpec workload_spec(const Settings& settings) {
  WorkloadSpec spec;
  spec.kind = static_cast<WorkloadKind>(settings.workload);
  spec.format = static_cast<WireFormat>(settings.wire);
  spec.topics_per_query = static_cast<std::size_t>(settings.topics_per_query);
  spec.connections = static_cast<std::size_t>(settings.connections);
  return spec;
}

TableSpec table_spec(const Settings& settings) {
  return {static_cast<std::size_t>(settings.brokers),
          static_cast<std::size_t>(settings.topics)};
}

}  // namespace waypost::bench
