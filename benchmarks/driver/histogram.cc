#include "benchmarks/driver/histogram.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdio>

namespace waypost::bench {
namespace {

constexpr unsigned kBits = Histogram::kSubBucketBits;
constexpr std::uint64_t kLinear = std::uint64_t{1} << (kBits + 1);

// The first kLinear values have buckets of their own; from there each power of
// two has 2^kBits buckets of width 2^shift.
std::size_t index_of(std::uint64_t value) {
  if (value < kLinear) return static_cast<std::size_t>(value);
  const auto shift = static_cast<unsigned>(std::bit_width(value)) - (kBits + 1);
  return static_cast<std::size_t>((std::uint64_t{shift} << kBits) +
                                  (value >> shift));
}

std::uint64_t largest_of(std::size_t index) {
  if (index < kLinear) return index;
  const auto shift = static_cast<unsigned>((index >> kBits) - 1);
  const std::uint64_t sub = index - (std::size_t{shift} << kBits);
  return ((sub + 1) << shift) - 1;
}

}  // namespace

Histogram::Histogram() : counts_(index_of(kValueMax) + 1, 0) {}

void Histogram::record(std::uint64_t value, std::uint64_t times) {
  if (times == 0) return;
  value = std::min(value, kValueMax);
  counts_[index_of(value)] += times;
  count_ += times;
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
  sum_ += static_cast<double>(value) * static_cast<double>(times);
}

void Histogram::merge(const Histogram& other) {
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    counts_[i] += other.counts_[i];
  }
  count_ += other.count_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
}

void Histogram::clear() { *this = Histogram(); }

double Histogram::mean() const {
  return count_ == 0 ? 0 : sum_ / static_cast<double>(count_);
}

std::uint64_t Histogram::percentile(double percent) const {
  if (count_ == 0) return 0;
  const double share = std::clamp(percent, 0.0, 100.0) / 100.0;
  const auto wanted = std::max<std::uint64_t>(
      1, static_cast<std::uint64_t>(
             std::ceil(share * static_cast<double>(count_))));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen >= wanted) return std::clamp(largest_of(i), min_, max_);
  }
  return max_;
}

std::vector<Histogram::Step> Histogram::distribution(
    unsigned steps_per_half) const {
  std::vector<Step> steps;
  if (count_ == 0) return steps;
  const auto add = [&](double percent) {
    const std::uint64_t value = percentile(percent);
    std::uint64_t up_to = 0;
    const std::size_t last = index_of(value);
    for (std::size_t i = 0; i <= last; ++i) up_to += counts_[i];
    steps.push_back({percent, value, up_to});
  };
  const unsigned steps_in_half = std::max(1U, steps_per_half);
  double rest = 100.0;
  // Below one value in `rest` percent the steps would repeat the maximum.
  while (rest / 100.0 * static_cast<double>(count_) >= 1.0) {
    for (unsigned i = 0; i < steps_in_half; ++i) {
      add(100.0 - rest + rest / 2 * i / steps_in_half);
    }
    rest /= 2;
  }
  add(100.0);
  return steps;
}

std::string format_ns(double nanoseconds) {
  struct Unit {
    double ns;
    const char* name;
  };
  constexpr std::array<Unit, 3> kUnits = {
      {{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}}};
  std::array<char, 48> text{};
  for (const Unit& unit : kUnits) {
    if (nanoseconds < unit.ns) continue;
    std::snprintf(text.data(), text.size(), "%.3g %s", nanoseconds / unit.ns,
                  unit.name);
    // Three digits, but no exponent for a long time in seconds.
    if (nanoseconds / unit.ns >= 1000) {
      std::snprintf(text.data(), text.size(), "%.0f %s", nanoseconds / unit.ns,
                    unit.name);
    }
    return text.data();
  }
  std::snprintf(text.data(), text.size(), "%.0f ns", nanoseconds);
  return text.data();
}

}  // namespace waypost::bench
