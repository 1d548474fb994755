#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>

#include "benchmarks/driver/report.h"

namespace waypost::bench {
namespace {

[[gnu::format(printf, 2, 3)]] void add(std::string& text, const char* format,
                                       ...) {
  std::array<char, 512> line{};
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(line.data(), line.size(), format, arguments);
  va_end(arguments);
  text += line.data();
}

void add_machine(std::string& text, const ReportHead& head) {
  add(text, "%s, %u cores, %s\n", head.machine.cpu_model.c_str(),
      head.machine.cores, head.machine.kernel.c_str());
  text += head.command + "\n";
}

std::string head_text(const ReportHead& head) {
  const Settings& settings = head.settings;
  std::string text;
  add_machine(text, head);
  const auto kind = static_cast<WorkloadKind>(settings.workload);
  switch (kind) {
    case WorkloadKind::kRoute:
      add(text, "route query: %lld of %lld topics, on %lld brokers",
          static_cast<long long>(
              std::min(settings.topics_per_query, settings.topics)),
          static_cast<long long>(settings.topics),
          static_cast<long long>(settings.brokers));
      break;
    case WorkloadKind::kRegister:
      add(text, "unchanged registration of %lld topics",
          static_cast<long long>(settings.topics));
      break;
    case WorkloadKind::kPing:
      text += "ping";
      break;
  }
  if (settings.wire != 0) text += "; " + kWireFormatNames[settings.wire];
  add(text, "; %lld connections; ",
      static_cast<long long>(settings.connections));
  if (settings.rate > 0) {
    add(text, "open loop, %lld/s\n", static_cast<long long>(settings.rate));
  } else {
    text += "closed loop\n";
  }
  return text;
}

std::string marks(const LoadResult& load) {
  std::string text;
  if (load.generator_bound()) text += "  generator-bound";
  if (load.overdue > 0) {
    text += "  rate not met: " + std::to_string(load.overdue) + " overdue";
  }
  return text;
}

// One line of figures, under the columns of kColumns.
constexpr const char* kColumns =
    "             answers/s   CPU/answer   user  system  server  generator    "
    "  p50       p99     p99.9       max\n";

void add_figures(std::string& text, const char* name,
                 const Measurement& measurement) {
  const LoadResult& load = measurement.load;
  const Histogram& latency = load.latency_ns;
  add(text, "%-10s %11.0f", name, load.answers_per_second());
  if (measurement.server_cpu) {
    add(text, " %9.0f ns %6.0f  %6.0f   %4.0f %%",
        measurement.cpu_per_answer_ns(), measurement.user_per_answer_ns(),
        measurement.system_per_answer_ns(), measurement.server_share() * 100);
  } else {
    add(text, " %12s %6s  %6s   %6s", "-", "-", "-", "-");
  }
  add(text, "     %4.0f %%", load.generator_cpu * 100);
  for (const double percent : {50.0, 99.0, 99.9, 100.0}) {
    add(text, "  %8s",
        format_ns(static_cast<double>(latency.percentile(percent))).c_str());
  }
  text += marks(load) + "\n";
}

double to_mib(std::size_t bytes) {
  return static_cast<double>(bytes) / (1024 * 1024);
}

void add_percentiles(std::string& text, const char* name,
                     const Histogram& latency) {
  add(text, "  %-14s %8llu", name,
      static_cast<unsigned long long>(latency.count()));
  for (const auto& [label, percent] : {std::pair("p50", 50.0),
                                       {"p99", 99.0},
                                       {"p99.9", 99.9},
                                       {"max", 100.0}}) {
    add(text, "  %s %s", label,
        format_ns(static_cast<double>(latency.percentile(percent))).c_str());
  }
  text += "\n";
}

void add_distribution(std::string& text, const Histogram& latency) {
  add(text, "%14s %14s %14s\n", "latency", "percentile", "count");
  for (const Histogram::Step& step : latency.distribution()) {
    add(text, "%14s %14.6f %14llu\n",
        format_ns(static_cast<double>(step.value)).c_str(), step.percent,
        static_cast<unsigned long long>(step.count_up_to));
  }
  add(text, "mean %s, %llu values\n", format_ns(latency.mean()).c_str(),
      static_cast<unsigned long long>(latency.count()));
}

}  // namespace

std::string run_as_text(const ReportHead& head,
                        const std::vector<Measurement>& measurements) {
  std::string text = head_text(head);
  for (const Measurement& measurement : measurements) {
    add(text, "\ndepth %zu\n%s", measurement.depth, kColumns);
    add_figures(text, "server", measurement);
    text += "\n";
    add_distribution(text, measurement.load.latency_ns);
  }
  return text;
}

std::string comparison_as_text(const ReportHead& head,
                               const Comparison& comparison) {
  std::string text = head_text(head);
  add(text, "request %zu bytes, answer %zu bytes\n", comparison.request_bytes,
      comparison.answer_bytes);
  for (const DepthComparison& depth : comparison.depths) {
    add(text, "\ndepth %zu\n%s", depth.depth, kColumns);
    for (std::size_t i = 0; i < depth.ours.size(); ++i) {
      add_figures(text, "floor", depth.floor[i]);
      add_figures(text, "namesrv", depth.ours[i]);
    }
    const Spread ratio = depth.ratio();
    add(text,
        "server CPU per answer, namesrv / floor: median %.2f (%.2f to %.2f in "
        "%zu rounds)\n",
        ratio.median, ratio.min, ratio.max, depth.ours.size());
  }
  return text;
}

std::string burst_as_text(const ReportHead& head, const BurstResult& burst) {
  std::string text;
  add_machine(text, head);
  const std::size_t pairs = burst.fleet.brokers * burst.fleet.topics;
  add(text, "%zu brokers, %zu topics each, %zu bytes in each body\n",
      burst.fleet.brokers, burst.fleet.topics, burst.body_bytes);
  add(text,
      "resident: %.1f MiB before, %.1f MiB after: %.0f bytes for each of %zu "
      "topic-broker pairs\n",
      to_mib(burst.resident_before), to_mib(burst.resident_after),
      burst.resident_bytes_per_pair(), pairs);
  for (const BurstPhase& phase : burst.phases) {
    const Histogram& queries = phase.queries.latency_ns;
    const auto seconds = std::chrono::duration<double>(phase.lasted).count();
    add(text, "\n%s: %.2f s, server CPU %.2f s (%.2f s a minute)\n",
        phase.name.c_str(), seconds,
        std::chrono::duration<double>(phase.server_cpu.total).count(),
        phase.cpu_seconds_per_minute());
    add_percentiles(text, "route queries", queries);
    text.insert(text.size() - 1, marks(phase.queries));
    if (phase.registration_ns.count() > 0) {
      add_percentiles(text, "registrations", phase.registration_ns);
    }
  }
  return text;
}

}  // namespace waypost::bench
