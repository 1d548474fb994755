#ifndef WAYPOST_BENCHMARKS_DRIVER_COMPARE_H_
#define WAYPOST_BENCHMARKS_DRIVER_COMPARE_H_

#include <vector>

#include "base/error.h"
#include "benchmarks/driver/measurement.h"
#include "benchmarks/driver/settings.h"

namespace waypost::bench {

// The rounds of one depth: floor and nameserver measured in turn.
struct DepthComparison {
  std::size_t depth = 1;
  std::vector<Measurement> floor;
  std::vector<Measurement> ours;

  // Server CPU for each answer, ours by the floor's, round by round.
  Spread ratio() const;
};

struct Comparison {
  std::size_t request_bytes = 0;
  std::size_t answer_bytes = 0;
  std::vector<DepthComparison> depths;
};

// Starts a nameserver and a floor, both on one core, prepares the nameserver's
// table, gives the floor the nameserver's real answer, and loads them in turn
// from another core. Both live through all rounds; the one that is not loaded
// sleeps.
base::Result<Comparison> compare_with_floor(const Settings& settings);

}  // namespace waypost::bench

#endif  // WAYPOST_BENCHMARKS_DRIVER_COMPARE_H_
