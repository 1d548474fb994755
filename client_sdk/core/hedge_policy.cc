#include "client_sdk/core/hedge_policy.h"

#include <algorithm>

namespace waypost::client {
namespace {

// Answers in microseconds are no reason to ask twice after some more of them.
constexpr base::Duration kDelayMin = std::chrono::milliseconds(2);

// Saved hedges: after an hour without trouble not all questions of the next
// minute shall be asked twice.
constexpr std::int64_t kSavedMax = 3;

}  // namespace

std::optional<base::Duration> HedgePolicy::delay() const {
  if (mode_ == Hedge::kOff) return std::nullopt;
  if (mode_ == Hedge::kAfter) return after_;
  if (count_ < kSamplesMin) return std::nullopt;
  auto sorted = samples_;
  const std::size_t known = std::min(count_, kSamples);
  // Of few samples the 95th percentile is the largest.
  const std::size_t rank = std::min(known * 95 / 100, known - 1);
  std::nth_element(sorted.begin(),
                   sorted.begin() + static_cast<std::ptrdiff_t>(rank),
                   sorted.begin() + static_cast<std::ptrdiff_t>(known));
  return std::max(sorted[rank], kDelayMin);
}

void HedgePolicy::on_call() {
  saved_ = std::min(saved_ + earned_per_call_, kSavedMax * kPrice);
}

void HedgePolicy::on_answer(base::Duration took) {
  samples_[count_++ % kSamples] = took;
}

bool HedgePolicy::take() {
  if (saved_ < kPrice) return false;
  saved_ -= kPrice;
  return true;
}

}  // namespace waypost::client
