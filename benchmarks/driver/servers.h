#ifndef WAYPOST_BENCHMARKS_DRIVER_SERVERS_H_
#define WAYPOST_BENCHMARKS_DRIVER_SERVERS_H_

#include <filesystem>
#include <memory>
#include <optional>

#include "base/endpoint.h"
#include "base/error.h"
#include "benchmarks/driver/child_process.h"
#include "benchmarks/driver/settings.h"
#include "benchmarks/driver/workload.h"

namespace waypost::bench {

// A directory of our own that goes when we do.
class ScratchDirectory {
 public:
  static base::Result<std::unique_ptr<ScratchDirectory>> create();
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  explicit ScratchDirectory(std::filesystem::path path)
      : path_(std::move(path)) {}

  const std::filesystem::path path_;
};

struct Server {
  std::unique_ptr<ChildProcess> process;
  base::Endpoint endpoint;
};

// Both: while no other thread of ours runs. Without a core it runs on any.
base::Result<Server> start_namesrv(const Settings& settings,
                                   std::optional<unsigned> core,
                                   const std::filesystem::path& scratch);
// Answers with the sample's answer.
base::Result<Server> start_floor(const Settings& settings, unsigned core,
                                 const std::filesystem::path& scratch,
                                 const Workload& sample);

}  // namespace waypost::bench

#endif  // WAYPOST_BENCHMARKS_DRIVER_SERVERS_H_
