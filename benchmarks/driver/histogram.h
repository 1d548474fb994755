#ifndef WAYPOST_BENCHMARKS_DRIVER_HISTOGRAM_H_
#define WAYPOST_BENCHMARKS_DRIVER_HISTOGRAM_H_

#include <cstdint>
#include <string>
#include <vector>

namespace waypost::bench {

// Counts of values (nanoseconds, here) over their whole range with a bounded
// relative error, in the manner of Gil Tene's HdrHistogram: buckets are linear
// within each power of two. 128 of them for each power of two keep the error
// below 1/128 (0.8 %); values below 256 are exact. Recording is a shift, an
// addition and an increment; memory is some 5 000 counters and does not grow.
//
// Values above kValueMax are counted as kValueMax. Not thread-safe.
class Histogram {
 public:
  static constexpr unsigned kSubBucketBits = 7;
  static constexpr std::uint64_t kValueMax = (std::uint64_t{1} << 42) - 1;

  Histogram();

  void record(std::uint64_t value) { record(value, 1); }
  void record(std::uint64_t value, std::uint64_t times);
  void merge(const Histogram& other);
  void clear();

  std::uint64_t count() const { return count_; }
  std::uint64_t min() const { return count_ == 0 ? 0 : min_; }  // exact
  std::uint64_t max() const { return max_; }                    // exact
  double mean() const;  // exact, of the values as clamped

  // The smallest recorded value (up to the error, rounded up within its bucket
  // and never above max()) that at least `percent` % of all values do not
  // exceed. 0 when nothing was recorded.
  std::uint64_t percentile(double percent) const;

  // One line of HdrHistogram's percentile distribution.
  struct Step {
    double percent = 0;
    std::uint64_t value = 0;
    std::uint64_t count_up_to = 0;
  };
  // 0, then halving what is left towards 100 with `steps_per_half` steps each,
  // as far as the number of recorded values has something to say; 100 is last.
  std::vector<Step> distribution(unsigned steps_per_half = 2) const;

 private:
  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  std::uint64_t min_ = ~std::uint64_t{0};
  std::uint64_t max_ = 0;
  double sum_ = 0;
};

// "812 ns", "34.1 us", "2.05 ms", "1.20 s".
std::string format_ns(double nanoseconds);

}  // namespace waypost::bench

#endif  // WAYPOST_BENCHMARKS_DRIVER_HISTOGRAM_H_
