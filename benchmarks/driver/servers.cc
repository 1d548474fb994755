#include "benchmarks/driver/servers.h"

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>

namespace waypost::bench {
namespace {

constexpr base::Duration kStartDeadline = std::chrono::seconds(20);

std::string program(const std::string& given, const char* name) {
  return given.empty() ? own_directory() + "/" + name : given;
}

}  // namespace

base::Result<std::unique_ptr<ScratchDirectory>> ScratchDirectory::create() {
  std::string name =
      (std::filesystem::temp_directory_path() / "waypost-bench-XXXXXX")
          .string();
  if (mkdtemp(name.data()) == nullptr) {
    return base::fail(base::ErrorCode::kInternal,
                      "cannot make a temporary directory",
                      "set TMPDIR to a writable one");
  }
  return std::unique_ptr<ScratchDirectory>(new ScratchDirectory(name));
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

base::Result<Server> start_namesrv(const Settings& settings,
                                   std::optional<unsigned> core,
                                   const std::filesystem::path& scratch) {
  const std::filesystem::path data = scratch / "data";
  ChildProcess::Options options;
  options.arguments = {program(settings.namesrv, "waypost-namesrv"), "--listen",
                       "127.0.0.1:0", "--data-dir", data.string()};
  options.arguments.insert(options.arguments.end(),
                           settings.namesrv_arguments.begin(),
                           settings.namesrv_arguments.end());
  options.core = core;
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

base::Result<Server> start_floor(const Settings& settings, unsigned core,
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
  options.core = core;
  auto process = ChildProcess::start(options);
  if (!process) return tl::unexpected(process.error());
  const auto line = (*process)->read_line(kStartDeadline);
  if (!line) return tl::unexpected(line.error());
  const int port = std::atoi(line->c_str());
  return Server{std::move(*process),
                {"127.0.0.1", static_cast<std::uint16_t>(port)}};
}

}  // namespace waypost::bench
