#ifndef WAYPOST_BENCHMARKS_DRIVER_CPU_TIME_H_
#define WAYPOST_BENCHMARKS_DRIVER_CPU_TIME_H_

#include <string>
#include <string_view>

#include <sys/types.h>

#include "base/clock.h"
#include "base/error.h"

namespace waypost::bench {

// CPU time used so far by all threads of a process.
struct CpuTime {
  base::Duration total{0};
  base::Duration user{0};
  base::Duration system{0};

  friend CpuTime operator-(const CpuTime& after, const CpuTime& before) {
    return {after.total - before.total, after.user - before.user,
            after.system - before.system};
  }
};

// Of a process, from /proc/<pid>. The total is the scheduler's own account of
// the living threads in nanoseconds (task/*/schedstat), where the kernel has
// it; user and system come from /proc/<pid>/stat in ticks of 10 ms, and their
// sum is the total where it has not.
base::Result<CpuTime> process_cpu_time(pid_t pid);

// Of the calling thread.
base::Duration thread_cpu_time();

// utime and stime of one line of /proc/<pid>/stat. The program's name in it may
// hold blanks and parentheses.
base::Result<CpuTime> parse_stat(std::string_view line, long ticks_per_second);

// The calling thread, and those it starts later, run on that core only.
base::Status pin_to_core(unsigned core);

// What the figures were measured on.
struct Machine {
  std::string cpu_model;
  std::string kernel;
  unsigned cores = 0;
};
Machine this_machine();

}  // namespace waypost::bench

#endif  // WAYPOST_BENCHMARKS_DRIVER_CPU_TIME_H_
