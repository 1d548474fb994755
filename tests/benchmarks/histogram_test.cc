#include "benchmarks/driver/histogram.h"

#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>

#include "base/random.h"

namespace waypost::bench {
namespace {

TEST_CASE("small values are counted exactly") {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 200; ++value) histogram.record(value);
  CHECK(histogram.count() == 200);
  CHECK(histogram.min() == 1);
  CHECK(histogram.max() == 200);
  CHECK(histogram.mean() == doctest::Approx(100.5));
  CHECK(histogram.percentile(0) == 1);
  CHECK(histogram.percentile(50) == 100);
  CHECK(histogram.percentile(99) == 198);
  CHECK(histogram.percentile(99.9) == 200);
  CHECK(histogram.percentile(100) == 200);
}

TEST_CASE("every value lies within 1/128 below what is told") {
  base::Random random(7);
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t value =
        (std::uint64_t{1} << random.below(42)) + random.below(1000);
    if (value > Histogram::kValueMax) continue;
    Histogram histogram;
    histogram.record(value);
    histogram.record(Histogram::kValueMax);  // so that max() does not clamp
    const std::uint64_t told = histogram.percentile(50);
    REQUIRE(told >= value);
    REQUIRE(static_cast<double>(told - value) <=
            static_cast<double>(value) / 128.0);
  }
}

TEST_CASE("percentiles agree with a sorted list") {
  base::Random random(11);
  Histogram histogram;
  std::vector<std::uint64_t> all;
  for (int i = 0; i < 50'000; ++i) {
    const auto value =
        static_cast<std::uint64_t>(std::exp(random.unit() * 20.0));
    all.push_back(value);
    histogram.record(value);
  }
  std::sort(all.begin(), all.end());
  for (const double percent : {1.0, 25.0, 50.0, 90.0, 99.0, 99.9, 99.99}) {
    const auto rank = static_cast<std::size_t>(
        std::ceil(percent / 100 * static_cast<double>(all.size())));
    const auto exact = static_cast<double>(all[rank - 1]);
    const auto told = static_cast<double>(histogram.percentile(percent));
    CHECK(told >= exact);
    CHECK(told <= exact * (1 + 1.0 / 128) + 1);
  }
  CHECK(histogram.percentile(100) == all.back());
}

TEST_CASE("an empty histogram says zero and too large values are clamped") {
  Histogram histogram;
  CHECK(histogram.percentile(99) == 0);
  CHECK(histogram.min() == 0);
  CHECK(histogram.mean() == 0);
  CHECK(histogram.distribution().empty());
  histogram.record(~std::uint64_t{0});
  CHECK(histogram.max() == Histogram::kValueMax);
  CHECK(histogram.count() == 1);
}

TEST_CASE("merging equals recording everything in one") {
  Histogram one;
  Histogram other;
  Histogram both;
  for (std::uint64_t value = 10; value < 10'000'000; value = value * 3 / 2) {
    (value % 2 == 0 ? one : other).record(value, 3);
    both.record(value, 3);
  }
  one.merge(other);
  CHECK(one.count() == both.count());
  CHECK(one.min() == both.min());
  CHECK(one.max() == both.max());
  CHECK(one.mean() == doctest::Approx(both.mean()));
  for (const double percent : {5.0, 50.0, 95.0}) {
    CHECK(one.percentile(percent) == both.percentile(percent));
  }
  one.clear();
  CHECK(one.count() == 0);
  CHECK(one.max() == 0);
}

TEST_CASE("the distribution halves what is left and ends with all values") {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 1000; ++value) {
    histogram.record(value * 1000);
  }
  const auto steps = histogram.distribution();
  REQUIRE(steps.size() > 10);
  CHECK(steps.front().percent == 0);
  CHECK(steps[2].percent == 50);
  CHECK(steps.back().percent == 100);
  CHECK(steps.back().value == 1'000'000);
  CHECK(steps.back().count_up_to == 1000);
  for (std::size_t i = 1; i < steps.size(); ++i) {
    CHECK(steps[i].percent > steps[i - 1].percent);
    CHECK(steps[i].value >= steps[i - 1].value);
    CHECK(steps[i].count_up_to >= steps[i - 1].count_up_to);
  }
}

TEST_CASE("times are printed with three digits and a unit") {
  CHECK(format_ns(0) == "0 ns");
  CHECK(format_ns(812) == "812 ns");
  CHECK(format_ns(34'120) == "34.1 us");
  CHECK(format_ns(2'050'000) == "2.05 ms");
  CHECK(format_ns(1.2e9) == "1.2 s");
  CHECK(format_ns(4000e9) == "4000 s");
}

}  // namespace
}  // namespace waypost::bench
