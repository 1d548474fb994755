#include "benchmarks/driver/cpu_time.h"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace waypost::bench {
namespace {

std::string read_whole(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Nanoseconds on a CPU, the first number of each thread's schedstat; 0 where
// the kernel does not keep it. A thread that ends meanwhile is left out.
base::Duration scheduler_time(pid_t pid) {
  const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
  std::error_code error;
  std::filesystem::directory_iterator entry(tasks, error);
  std::uint64_t total = 0;
  while (!error && entry != std::filesystem::directory_iterator()) {
    std::istringstream text(read_whole(entry->path() / "schedstat"));
    std::uint64_t nanoseconds = 0;
    if (text >> nanoseconds) total += nanoseconds;
    entry.increment(error);
  }
  return base::Duration(static_cast<base::Duration::rep>(total));
}

base::Duration from_ticks(std::uint64_t ticks, long ticks_per_second) {
  return std::chrono::nanoseconds(
      ticks *
      (1'000'000'000ULL / static_cast<std::uint64_t>(ticks_per_second)));
}

}  // namespace

base::Result<CpuTime> parse_stat(std::string_view line, long ticks_per_second) {
  // "pid (name) state ppid ...": after the last ')' the fields are plain;
  // utime and stime are the 12th and 13th of them (proc(5): 14 and 15).
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string_view::npos) {
    return base::fail(base::ErrorCode::kMalformed,
                      "no program name in the stat line");
  }
  std::istringstream fields(std::string(line.substr(name_end + 1)));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  std::uint64_t user = 0;
  std::uint64_t system = 0;
  if (!(fields >> user >> system)) {
    return base::fail(base::ErrorCode::kMalformed,
                      "no utime and stime in the stat line");
  }
  CpuTime time;
  time.user = from_ticks(user, ticks_per_second);
  time.system = from_ticks(system, ticks_per_second);
  time.total = time.user + time.system;
  return time;
}

base::Result<CpuTime> process_cpu_time(pid_t pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/stat";
  const std::string line = read_whole(path);
  if (line.empty()) {
    return base::fail(base::ErrorCode::kNotFound,
                      "cannot read " + path + ": the process has ended");
  }
  base::Result<CpuTime> time = parse_stat(line, sysconf(_SC_CLK_TCK));
  if (!time) return time;
  const base::Duration exact = scheduler_time(pid);
  if (exact.count() > 0) time->total = exact;
  return time;
}

base::Duration thread_cpu_time() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) +
         std::chrono::nanoseconds(time.tv_nsec);
}

base::Status pin_to_core(unsigned core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  if (sched_setaffinity(0, sizeof cores, &cores) == 0) return {};
  return base::fail(base::ErrorCode::kInvalidArgument,
                    "cannot run on core " + std::to_string(core) + ": " +
                        std::strerror(errno),
                    "cores are counted from 0; see nproc");
}

Machine this_machine() {
  Machine machine;
  std::istringstream lines(read_whole("/proc/cpuinfo"));
  std::string line;
  while (std::getline(lines, line)) {
    const std::size_t colon = line.find(": ");
    if (line.rfind("model name", 0) == 0 && colon != std::string::npos) {
      machine.cpu_model = line.substr(colon + 2);
      break;
    }
  }
  utsname system{};
  if (uname(&system) == 0) {
    machine.kernel = std::string(system.sysname) + " " + system.release;
  }
  machine.cores = static_cast<unsigned>(sysconf(_SC_NPROCESSORS_ONLN));
  return machine;
}

}  // namespace waypost::bench
