// waypost-bench: loads a nameserver and tells what an answer costs it.
//
//   run      against a nameserver that runs already
//   compare  against a bare libuv server that sends the same bytes; starts both
//   burst    what many brokers that register at once, and again and again, cost
//            a nameserver and those who query it meanwhile; starts it
//
// Workloads: route (one topic or many), register (unchanged), ping; closed loop
// or open loop without coordinated omission. benchmarks/README.md explains the
// figures.

#include <cstdio>
#include <fstream>
#include <iostream>

#include "base/options.h"
#include "benchmarks/driver/burst.h"
#include "benchmarks/driver/compare.h"
#include "benchmarks/driver/measurement.h"
#include "benchmarks/driver/prepared_table.h"
#include "benchmarks/driver/report.h"
#include "benchmarks/driver/settings.h"
#include "process/command_line.h"

namespace waypost::bench {
namespace {

process::Program describe_program() {
  process::Program program;
  program.name = "waypost-bench";
  program.summary = "loads a nameserver and tells what an answer costs it";
  program.synopsis = {"run [--target H:P] [OPTION]...", "compare [OPTION]...",
                      "burst [OPTION]..."};
  program.examples = {
      {"compare --brokers 4 --connections 50 --depth 1,16",
       "starts a nameserver and a bare libuv server on one core and compares "
       "their CPU time per route query"},
      {"run --target 127.0.0.1:9876 --server-pid $(pidof waypost-namesrv) "
       "--rate 100000 --depth 64",
       "100 000 queries a second at fixed times, with the latency that clients "
       "would see"},
      {"burst --brokers 300 --topics 10000 --duration 60s",
       "300 RocketMQ brokers register at once, and then every 30 s, while "
       "routes are queried"},
      {"run --workload register --topics 10000 --depth 1 --output json",
       "unchanged registrations of 10 000 topics"}};
  program.notes = {
      "run registers --brokers brokers with --topics topics over a connection "
      "of its own, and they are gone afterwards.",
      "A figure marked generator-bound was limited by the generator's own core "
      "(above 80 % of it): take its CPU time per answer, not its answers per "
      "second."};
  program.exit_statuses = {{1, "something failed; there are no figures"}};
  program.takes_words = true;
  return program;
}

base::Result<std::vector<Measurement>> run(const Settings& settings) {
  const auto depths = parse_depths(settings.depths);
  if (!depths) return tl::unexpected(depths.error());
  auto table = PreparedTable::create(settings.target, table_spec(settings));
  if (!table) return tl::unexpected(table.error());
  const auto workload = make_workload(workload_spec(settings),
                                      table_spec(settings), settings.target);
  if (!workload) return tl::unexpected(workload.error());
  std::vector<Measurement> measurements;
  for (const std::size_t depth : *depths) {
    auto measured = measure(settings, settings.target,
                            static_cast<pid_t>(settings.server_pid),
                            workload->connections, depth);
    if (!measured) return tl::unexpected(measured.error());
    measurements.push_back(std::move(*measured));
  }
  const base::Status kept = (*table)->check();
  if (!kept) return tl::unexpected(kept.error());
  return measurements;
}

int fail(const base::Error& error) {
  std::cerr << "waypost-bench: " << error.to_string() << "\n";
  return 1;
}

int finish(const Settings& settings, const std::string& text,
           const std::string& json) {
  const bool as_json =
      static_cast<OutputForm>(settings.output) == OutputForm::kJson;
  std::cout << (as_json ? json : text) << std::flush;
  if (settings.json_file.empty()) return 0;
  std::ofstream file(settings.json_file);
  file << json << std::flush;
  if (file) return 0;
  return fail(
      {base::ErrorCode::kInternal, "cannot write " + settings.json_file, ""});
}

int perform(const std::string& command, const ReportHead& head) {
  if (command == "compare") {
    const auto comparison = compare_with_floor(head.settings);
    if (!comparison) return fail(comparison.error());
    return finish(head.settings, comparison_as_text(head, *comparison),
                  comparison_as_json(head, *comparison));
  }
  if (command == "burst") {
    const auto burst = measure_burst(head.settings);
    if (!burst) return fail(burst.error());
    return finish(head.settings, burst_as_text(head, *burst),
                  burst_as_json(head, *burst));
  }
  const auto measurements = run(head.settings);
  if (!measurements) return fail(measurements.error());
  return finish(head.settings, run_as_text(head, *measurements),
                run_as_json(head, *measurements));
}

}  // namespace
}  // namespace waypost::bench

int main(int argc, char** argv) {
  using waypost::bench::Settings;
  Settings settings;
  waypost::base::OptionTable options;
  waypost::bench::declare_options(options, settings);
  const auto line = waypost::process::parse_command_line(
      argc, argv, waypost::bench::describe_program(), options);
  if (line.exit_status) return *line.exit_status;
  if (line.words.size() != 1 ||
      (line.words[0] != "run" && line.words[0] != "compare" &&
       line.words[0] != "burst")) {
    std::cerr
        << "waypost-bench: say what to do: run, compare or burst (--help)\n";
    return waypost::process::kExitUsage;
  }
  std::string command = "waypost-bench";
  for (int i = 1; i < argc; ++i) command += std::string(" ") + argv[i];
  return waypost::bench::perform(
      line.words[0], {command, waypost::bench::this_machine(), settings});
}
