#ifndef WAYPOST_BENCHMARKS_DRIVER_BURST_H_
#define WAYPOST_BENCHMARKS_DRIVER_BURST_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "benchmarks/driver/cpu_time.h"
#include "benchmarks/driver/load_generator.h"
#include "benchmarks/driver/registration_fleet.h"
#include "benchmarks/driver/settings.h"

namespace waypost::bench {

// Route queries at a fixed rate, and what brokers did meanwhile.
struct BurstPhase {
  std::string name;
  base::Duration lasted{0};
  CpuTime server_cpu;
  LoadResult queries;
  Histogram registration_ns;  // from due to answered; empty: there were none

  // Seconds of CPU in a minute.
  double cpu_seconds_per_minute() const;
};

struct BurstResult {
  FleetSpec fleet;
  std::size_t body_bytes = 0;       // of each registration
  std::size_t resident_before = 0;  // bytes
  std::size_t resident_after = 0;
  // In order: the burst, then queries alone, with unchanged registrations, and
  // with registrations that must be parsed.
  std::vector<BurstPhase> phases;

  double resident_bytes_per_pair() const;
};

// Starts a nameserver, lets `settings.brokers` brokers register
// `settings.topics` topics all at once while routes are queried, and then again
// every `settings.register_interval`, for `settings.duration` each way.
base::Result<BurstResult> measure_burst(const Settings& settings);

}  // namespace waypost::bench

#endif  // WAYPOST_BENCHMARKS_DRIVER_BURST_H_
