#ifndef WAYPOST_BENCHMARKS_PEERS_REPORT_H_
#define WAYPOST_BENCHMARKS_PEERS_REPORT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "benchmarks/driver/histogram.h"

namespace waypost::bench {

// What a stretch cost, with the same nameserver without peers beside it.
struct Stretch {
  std::string name;
  base::Duration wall{0};
  // Between each two nameservers, both ways.
  double bytes_per_pair = 0;
  double segments_per_pair = 0;
  // CPU of a nameserver, on average, and of the one without peers.
  base::Duration cpu{0};
  base::Duration cpu_alone{0};
  Histogram heartbeat_ns;        // at those with peers; may be empty
  Histogram heartbeat_alone_ns;  // at the one without
};

// How a starting nameserver came to serve.
struct WarmStart {
  std::size_t brokers = 0;
  std::size_t topics = 0;
  std::size_t pairs = 0;
  base::Duration until_serving{0};  // from the start of its process
  base::Duration cpu{0};
  base::Duration cpu_of_givers{0};  // of all others together
  double bytes = 0;                 // between all
  std::size_t peak_bytes = 0;
  std::size_t giver_peak_before = 0;
  std::size_t giver_peak_after = 0;
};

void print_heading();
void print(const Stretch& stretch);
void print_changes(const std::string& what, const Histogram& histogram);
void print(const WarmStart& start);

}  // namespace waypost::bench

#endif  // WAYPOST_BENCHMARKS_PEERS_REPORT_H_
