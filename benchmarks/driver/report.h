#ifndef WAYPOST_BENCHMARKS_DRIVER_REPORT_H_
#define WAYPOST_BENCHMARKS_DRIVER_REPORT_H_

#include <string>
#include <vector>

#include "benchmarks/driver/burst.h"
#include "benchmarks/driver/compare.h"
#include "benchmarks/driver/cpu_time.h"
#include "benchmarks/driver/measurement.h"
#include "benchmarks/driver/settings.h"

namespace waypost::bench {

// What was measured where, for the head of every result.
struct ReportHead {
  std::string command;  // the command line
  Machine machine;
  Settings settings;
};

// For people.
std::string run_as_text(const ReportHead& head,
                        const std::vector<Measurement>& measurements);
std::string comparison_as_text(const ReportHead& head,
                               const Comparison& comparison);

std::string burst_as_text(const ReportHead& head, const BurstResult& burst);

// For programs; benchmarks/README.md describes the members.
std::string run_as_json(const ReportHead& head,
                        const std::vector<Measurement>& measurements);
std::string comparison_as_json(const ReportHead& head,
                               const Comparison& comparison);
std::string burst_as_json(const ReportHead& head, const BurstResult& burst);

}  // namespace waypost::bench

#endif  // WAYPOST_BENCHMARKS_DRIVER_REPORT_H_
