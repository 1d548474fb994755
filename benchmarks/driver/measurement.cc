#include "benchmarks/driver/measurement.h"

#include <algorithm>

namespace waypost::bench {
namespace {

double per_answer(const Measurement& measurement,
                  base::Duration CpuTime::*part) {
  if (!measurement.server_cpu || measurement.load.answers == 0) return 0;
  return static_cast<double>(((*measurement.server_cpu).*part).count()) /
         static_cast<double>(measurement.load.answers);
}

}  // namespace

double Measurement::cpu_per_answer_ns() const {
  return per_answer(*this, &CpuTime::total);
}
double Measurement::user_per_answer_ns() const {
  return per_answer(*this, &CpuTime::user);
}
double Measurement::system_per_answer_ns() const {
  return per_answer(*this, &CpuTime::system);
}

double Measurement::server_share() const {
  if (!server_cpu || load.measured.count() == 0) return 0;
  return static_cast<double>(server_cpu->total.count()) /
         static_cast<double>(load.measured.count());
}

base::Result<Measurement> measure(const Settings& settings,
                                  const base::Endpoint& target, pid_t server,
                                  const std::vector<ConnectionScript>& scripts,
                                  std::size_t depth) {
  base::Result<CpuTime> begin = CpuTime{};
  base::Result<CpuTime> end = CpuTime{};
  LoadPlan plan;
  plan.target = target;
  plan.depth = depth;
  plan.rate = static_cast<double>(settings.rate);
  plan.warm_up = settings.warm_up;
  plan.duration = settings.duration;
  plan.connections = scripts;
  if (server != 0) {
    plan.on_measure_begin = [&] { begin = process_cpu_time(server); };
    plan.on_measure_end = [&] { end = process_cpu_time(server); };
  }
  auto load = generate_load(plan);
  if (!load) return tl::unexpected(load.error());
  if (!begin) return tl::unexpected(begin.error());
  if (!end) return tl::unexpected(end.error());
  Measurement measurement;
  measurement.depth = depth;
  measurement.load = std::move(*load);
  if (server != 0) measurement.server_cpu = *end - *begin;
  if (measurement.load.error_answers > 0) {
    return base::fail(base::ErrorCode::kConflict,
                      std::to_string(measurement.load.error_answers) + " of " +
                          std::to_string(measurement.load.answers) +
                          " answers were errors");
  }
  return measurement;
}

Spread spread_of(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  const double median = values.size() % 2 == 1
                            ? values[middle]
                            : (values[middle - 1] + values[middle]) / 2;
  return {values.front(), median, values.back()};
}

}  // namespace waypost::bench
