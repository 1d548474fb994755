#include "benchmarks/driver/compare.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

#include "benchmarks/driver/child_process.h"
#include "benchmarks/driver/prepared_table.h"

namespace waypost::bench {
namespace {

constexpr base::Duration kStartDeadline = std::chrono::seconds(20);

// A directory of our own that goes when we do.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::string name =
        (std::filesystem::temp_directory_path() / "waypost-bench-XXXXXX")
            .string();
    if (mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

struct Server {
  std::unique_ptr<ChildProcess> process;
  base::Endpoint endpoint;
};

std::string program(const std::string& given, const char* name) {
  return given.empty() ? own_directory() + "/" + name : given;
}

base::Result<Server> start_namesrv(const Settings& settings,
                                   const std::filesystem::path& scratch) {
  const std::filesystem::path data = scratch / "data";
  ChildProcess::Options options;
  options.arguments = {program(settings.namesrv, "waypost-namesrv"), "--listen",
                       "127.0.0.1:0", "--data-dir", data.string()};
  options.arguments.insert(options.arguments.end(),
                           settings.namesrv_arguments.begin(),
                           settings.namesrv_arguments.end());
  options.core = static_cast<unsigned>(settings.server_core);
  options.stderr_path = (scratch / "namesrv.log").string();
  auto process = ChildProcess::start(options);
  if (!process) return tl::unexpected(process.error());
  // It took a free port and tells which.
  const auto address =
      wait_for_file((data / "address").string(), kStartDeadline, **process);
  if (!address) {
    std::ifstream log(options.stderr_path);
    std::string line;
    std::getline(log, line);
    return base::fail(address.error().code, address.error().message,
                      "it says: " + line);
  }
  const auto endpoint = base::parse_endpoint(*address);
  if (!endpoint) return tl::unexpected(endpoint.error());
  return Server{std::move(*process), *endpoint};
}

base::Result<Server> start_floor(const Settings& settings,
                                 const std::filesystem::path& scratch,
                                 const Workload& sample) {
  const std::string reply_file = (scratch / "reply").string();
  std::ofstream(reply_file, std::ios::binary) << sample.sample_answer;
  ChildProcess::Options options;
  options.arguments = {program(settings.floor, "waypost-bench-floor"),
                       "127.0.0.1", "0", reply_file};
  const ConnectionScript& script = sample.connections.front();
  if (script.format != WireFormat::kNative) {
    const auto id = find_request_id(script.format, sample.sample_answer);
    if (!id) {
      return base::fail(base::ErrorCode::kMalformed,
                        "the nameserver's answer has another number than the "
                        "request");
    }
    for (const std::size_t argument :
         {script.id_offset, *id, request_id_bytes(script.format)}) {
      options.arguments.push_back(std::to_string(argument));
    }
  }
  options.core = static_cast<unsigned>(settings.server_core);
  auto process = ChildProcess::start(options);
  if (!process) return tl::unexpected(process.error());
  const auto line = (*process)->read_line(kStartDeadline);
  if (!line) return tl::unexpected(line.error());
  const int port = std::atoi(line->c_str());
  return Server{std::move(*process),
                {"127.0.0.1", static_cast<std::uint16_t>(port)}};
}

base::Status measure_rounds(const Settings& settings, const Server& floor,
                            const Server& ours, const Workload& workload,
                            DepthComparison& comparison) {
  for (std::int64_t round = 0; round < settings.rounds; ++round) {
    for (const auto& [server, list] : {std::pair(&floor, &comparison.floor),
                                       std::pair(&ours, &comparison.ours)}) {
      auto measured =
          measure(settings, server->endpoint, server->process->pid(),
                  workload.connections, comparison.depth);
      if (!measured) {
        return tl::unexpected(measured.error().with_context(
            server == &floor ? "the floor" : "the nameserver"));
      }
      list->push_back(std::move(*measured));
    }
  }
  return {};
}

}  // namespace

Spread DepthComparison::ratio() const {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < floor.size() && i < ours.size(); ++i) {
    const double least = floor[i].cpu_per_answer_ns();
    if (least > 0) ratios.push_back(ours[i].cpu_per_answer_ns() / least);
  }
  return spread_of(ratios);
}

base::Result<Comparison> compare_with_floor(const Settings& settings) {
  const auto depths = parse_depths(settings.depths);
  if (!depths) return tl::unexpected(depths.error());
  const base::Status pinned =
      pin_to_core(static_cast<unsigned>(settings.generator_core));
  if (!pinned) return tl::unexpected(pinned.error());
  const ScratchDirectory scratch;
  if (scratch.path().empty()) {
    return base::fail(base::ErrorCode::kInternal,
                      "cannot make a temporary directory",
                      "set TMPDIR to a writable one");
  }
  auto ours = start_namesrv(settings, scratch.path());
  if (!ours) return tl::unexpected(ours.error());
  // The floor answers with what the nameserver answers, so that is asked first,
  // over a table that is gone again before the floor is forked: no thread of
  // ours may run then.
  auto sample = [&]() -> base::Result<Workload> {
    auto table = PreparedTable::create(ours->endpoint, table_spec(settings));
    if (!table) return tl::unexpected(table.error());
    return make_workload(workload_spec(settings), table_spec(settings),
                         ours->endpoint);
  }();
  if (!sample) return tl::unexpected(sample.error());
  auto floor = start_floor(settings, scratch.path(), *sample);
  if (!floor) return tl::unexpected(floor.error());

  auto table = PreparedTable::create(ours->endpoint, table_spec(settings));
  if (!table) return tl::unexpected(table.error());
  Comparison comparison;
  comparison.request_bytes = sample->request_bytes;
  comparison.answer_bytes = sample->sample_answer.size();
  for (const std::size_t depth : *depths) {
    DepthComparison& at = comparison.depths.emplace_back();
    at.depth = depth;
    const base::Status measured =
        measure_rounds(settings, *floor, *ours, *sample, at);
    if (!measured) return tl::unexpected(measured.error());
  }
  const base::Status kept = (*table)->check();
  if (!kept) return tl::unexpected(kept.error());
  return comparison;
}

}  // namespace waypost::bench
