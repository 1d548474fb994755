#ifndef WAYPOST_BENCHMARKS_DRIVER_WORKLOAD_H_
#define WAYPOST_BENCHMARKS_DRIVER_WORKLOAD_H_

#include <cstddef>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/error.h"
#include "benchmarks/driver/load_generator.h"
#include "benchmarks/driver/prepared_table.h"

namespace waypost::bench {

// What is asked.
enum class WorkloadKind : std::size_t {
  // A route query for `topics_per_query` topics. The queries go through all
  // topics of the table in turn, each connection from another place.
  kRoute = 0,
  // Each connection registers, again and again, a broker of its own with all
  // topics and nothing changed.
  kRegister = 1,
  kPing = 2,
};
inline const std::vector<std::string> kWorkloadNames = {"route", "register",
                                                        "ping"};

struct WorkloadSpec {
  WorkloadKind kind = WorkloadKind::kRoute;
  WireFormat format = WireFormat::kNative;
  std::size_t topics_per_query = 1;
  std::size_t connections = 50;
};

struct Workload {
  std::vector<ConnectionScript> connections;
  // The nameserver's answer to the first request, all frames: what the floor
  // answers with.
  std::string sample_answer;
  std::size_t request_bytes = 0;  // of the first request
};

// Makes the requests for a nameserver that holds `table`, asks it the first of
// them and checks that the answer is what it should be: a benchmark of wrong
// answers measures nothing.
base::Result<Workload> make_workload(const WorkloadSpec& spec,
                                     const TableSpec& table,
                                     const base::Endpoint& target);

// The same where the format is one of remoting's.
base::Result<Workload> make_remoting_workload(const WorkloadSpec& spec,
                                              const TableSpec& table,
                                              const base::Endpoint& target);

}  // namespace waypost::bench

#endif  // WAYPOST_BENCHMARKS_DRIVER_WORKLOAD_H_
