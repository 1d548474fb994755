#ifndef WAYPOST_BENCHMARKS_DRIVER_SETTINGS_H_
#define WAYPOST_BENCHMARKS_DRIVER_SETTINGS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/error.h"
#include "base/options.h"
#include "benchmarks/driver/workload.h"

namespace waypost::bench {

enum class OutputForm : std::size_t { kTable = 0, kJson = 1 };

struct Settings {
  std::size_t output = 0;  // an OutputForm
  std::string json_file;

  // The load.
  std::size_t workload = 0;  // a WorkloadKind
  std::size_t wire = 0;      // a WireFormat
  std::int64_t connections = 50;
  std::string depths = "1,16";
  std::int64_t rate = 0;
  base::Duration duration = std::chrono::seconds(5);
  base::Duration warm_up = std::chrono::seconds(1);
  std::int64_t brokers = 4;
  std::int64_t topics = 1;
  std::int64_t topics_per_query = 1;

  // `run` only.
  base::Endpoint target{"127.0.0.1", 9876};
  std::int64_t server_pid = 0;

  // `burst` only.
  base::Duration register_interval = std::chrono::seconds(30);

  // `compare` only, but for the programs and the generator's core.
  std::int64_t rounds = 5;
  std::int64_t server_core = 0;
  std::int64_t generator_core = 1;
  std::string namesrv;  // empty: beside this program
  std::string floor;
  std::vector<std::string> namesrv_arguments;
};

void declare_options(base::OptionTable& table, Settings& settings);

// "1,16" -> {1, 16}; each 1 to 10 000.
base::Result<std::vector<std::size_t>> parse_depths(const std::string& text);

WorkloadSpec workload_spec(const Settings& settings);
TableSpec table_spec(const Settings& settings);

}  // namespace waypost::bench

#endif  // WAYPOST_BENCHMARKS_DRIVER_SETTINGS_H_
