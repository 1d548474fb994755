#ifndef WAYPOST_BENCHMARKS_DRIVER_LOAD_GENERATOR_H_
#define WAYPOST_BENCHMARKS_DRIVER_LOAD_GENERATOR_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/error.h"
#include "benchmarks/driver/histogram.h"
#include "benchmarks/driver/wire_format.h"

namespace waypost::bench {

// What one connection sends: whole request frames, taken in turn from `first`
// on, each with a number of the generator's at `id_offset`. `opening` goes out
// before (preface and hello frame) and gets one answer, which is not counted;
// where there is none nothing is waited for. Connections may share their
// requests.
struct ConnectionScript {
  std::string opening;
  std::shared_ptr<const std::vector<std::string>> requests;
  std::size_t first = 0;
  WireFormat format = WireFormat::kNative;
  std::size_t id_offset = 8;
};

struct LoadPlan {
  base::Endpoint target;  // a numeric IPv4 address
  std::size_t depth = 1;  // requests in flight on each connection, at most
  // Requests a second over all connections, at fixed times (open loop), and
  // latency counts from the time a request was *meant* to go out, so that a
  // server that stalls cannot hide it by slowing the generator down. 0: closed
  // loop, each answer is followed by the next request at once.
  double rate = 0;
  base::Duration warm_up{0};  // load without counting
  base::Duration duration{0};
  // Ends the counted stretch before its time is over, once it is true.
  const std::atomic<bool>* stop = nullptr;
  // Ends the run with an error when an answer takes longer.
  base::Duration answer_timeout = std::chrono::seconds(10);
  std::vector<ConnectionScript> connections;
  // At the edges of the counted stretch, for sampling the server.
  std::function<void()> on_measure_begin;
  std::function<void()> on_measure_end;
};

struct LoadResult {
  Histogram latency_ns;
  std::uint64_t answers = 0;        // whole answers within the stretch
  std::uint64_t answer_bytes = 0;   // of these, headers included
  std::uint64_t error_answers = 0;  // of these, those that ended in kError
  // Open loop: requests that were due within the stretch and not yet sent when
  // it ended (all connections had `depth` in flight). 0 when the rate was met.
  std::uint64_t overdue = 0;
  base::Duration measured{0};
  // Share of one core that the generator's thread used; above 0.8 it, and not
  // the server, limits the throughput.
  double generator_cpu = 0;

  bool generator_bound() const { return generator_cpu > 0.8; }
  double answers_per_second() const;
};

// Runs the load on the calling thread until it is over, with plain epoll and
// sockets so that it costs little beside the server. An error says which
// connection failed and why: a benchmark with failures has no figures.
base::Result<LoadResult> generate_load(const LoadPlan& plan);

}  // namespace waypost::bench

#endif  // WAYPOST_BENCHMARKS_DRIVER_LOAD_GENERATOR_H_
