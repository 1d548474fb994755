#include "benchmarks/peers/report.h"

#include <chrono>
#include <cstdio>

namespace waypost::bench {
namespace {

double seconds(base::Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

std::string time(std::uint64_t ns) {
  return format_ns(static_cast<double>(ns));
}

void print_latency(const char* what, const Histogram& histogram) {
  if (histogram.count() == 0) return;
  std::printf("    heartbeats%-18s p50 %s, p99 %s, largest %s\n", what,
              time(histogram.percentile(50)).c_str(),
              time(histogram.percentile(99)).c_str(),
              time(histogram.max()).c_str());
}

}  // namespace

void print_heading() {
  std::printf("%-28s %8s %12s %12s %10s %10s %9s\n", "", "wall", "kB/s/pair",
              "segm./s/pair", "CPU", "CPU alone", "CPU of");
  std::printf("%-28s %8s %12s %12s %10s %10s %9s\n", "", "", "", "", "each", "",
              "peers");
}

void print(const Stretch& stretch) {
  const double wall = seconds(stretch.wall);
  std::printf("%-28s %6.2f s %12.2f %12.1f %7.1f ms %7.1f ms %7.2f %%\n",
              stretch.name.c_str(), wall, stretch.bytes_per_pair / wall / 1000,
              stretch.segments_per_pair / wall, seconds(stretch.cpu) * 1e3,
              seconds(stretch.cpu_alone) * 1e3,
              seconds(stretch.cpu - stretch.cpu_alone) / wall * 100);
  std::printf("    in all %.1f kB and %.0f segments between each two\n",
              stretch.bytes_per_pair / 1000, stretch.segments_per_pair);
  print_latency("", stretch.heartbeat_ns);
  print_latency(" without peers", stretch.heartbeat_alone_ns);
}

void print_changes(const std::string& what, const Histogram& histogram) {
  std::printf("%s: p50 %s, p99 %s, largest %s (%zu changes)\n", what.c_str(),
              time(histogram.percentile(50)).c_str(),
              time(histogram.percentile(99)).c_str(),
              time(histogram.max()).c_str(),
              static_cast<std::size_t>(histogram.count()));
}

void print(const WarmStart& start) {
  std::printf(
      "a start of %zu brokers, %zu topics, %zu pairs: serves after %.2f s; CPU "
      "%.2f s, of all others %.2f s; %.1f MB between them; its peak %.0f MB; "
      "peak of who was there before %.0f -> %.0f MB\n",
      start.brokers, start.topics, start.pairs, seconds(start.until_serving),
      seconds(start.cpu), seconds(start.cpu_of_givers), start.bytes / 1e6,
      static_cast<double>(start.peak_bytes) / 1e6,
      static_cast<double>(start.giver_peak_before) / 1e6,
      static_cast<double>(start.giver_peak_after) / 1e6);
}

}  // namespace waypost::bench
