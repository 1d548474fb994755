#ifndef WAYPOST_BENCHMARKS_DRIVER_CHILD_PROCESS_H_
#define WAYPOST_BENCHMARKS_DRIVER_CHILD_PROCESS_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/clock.h"
#include "base/error.h"

namespace waypost::bench {

// A server under measurement, started and stopped by us.
class ChildProcess {
 public:
  struct Options {
    std::vector<std::string> arguments;  // [0] is the program's path
    std::optional<unsigned> core;        // run on that core only
    // Where its standard error goes; its standard output can be read by
    // read_line.
    std::string stderr_path = "/dev/null";
  };

  // Must be called while no other thread of ours runs.
  static base::Result<std::unique_ptr<ChildProcess>> start(
      const Options& options);
  // SIGTERM, and SIGKILL when that has not helped within five seconds.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }

  // The next line that it prints, without its end.
  base::Result<std::string> read_line(base::Duration deadline);

  // An error with its exit status when it has ended.
  base::Status check_alive();

 private:
  ChildProcess(pid_t pid, int output_fd, std::string name)
      : pid_(pid), output_fd_(output_fd), name_(std::move(name)) {}

  pid_t pid_;
  int output_fd_;
  std::string name_;
  std::string output_;
  bool ended_ = false;
};

// The first line of a file that a child of ours writes once it is ready.
base::Result<std::string> wait_for_file(const std::string& path,
                                        base::Duration deadline,
                                        ChildProcess& writer);

// The directory of this very program, where its companions are.
std::string own_directory();

}  // namespace waypost::bench

#endif  // WAYPOST_BENCHMARKS_DRIVER_CHILD_PROCESS_H_
