#ifndef WAYPOST_BENCHMARKS_DRIVER_MEASUREMENT_H_
#define WAYPOST_BENCHMARKS_DRIVER_MEASUREMENT_H_

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/error.h"
#include "benchmarks/driver/cpu_time.h"
#include "benchmarks/driver/load_generator.h"
#include "benchmarks/driver/settings.h"

namespace waypost::bench {

// One stretch of load against one server.
struct Measurement {
  std::size_t depth = 1;
  LoadResult load;
  std::optional<CpuTime> server_cpu;  // used by the server in the stretch

  // Nanoseconds of server CPU for each answer; 0 when not known.
  double cpu_per_answer_ns() const;
  double user_per_answer_ns() const;
  double system_per_answer_ns() const;
  // Share of one core that the server used.
  double server_share() const;
};

// Loads `target` at one depth as `settings` say; `server` 0: CPU not measured.
base::Result<Measurement> measure(const Settings& settings,
                                  const base::Endpoint& target, pid_t server,
                                  const std::vector<ConnectionScript>& scripts,
                                  std::size_t depth);

// Smallest, middle and largest of several rounds.
struct Spread {
  double min = 0;
  double median = 0;
  double max = 0;
};
Spread spread_of(std::vector<double> values);

}  // namespace waypost::bench

#endif  // WAYPOST_BENCHMARKS_DRIVER_MEASUREMENT_H_
