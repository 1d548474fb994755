#include "wire/transport/large_reads.h"

#include <algorithm>

namespace waypost::transport {

std::size_t LargeReads::share() {
  const base::Instant now = executor_.now();
  if (now - period_began_ >= kPeriod) {
    period_began_ = now;
    left_ = kShareBytes;
  }
  return left_;
}

void LargeReads::hold(Reader& reader, bool served) {
  (served ? served_ : unserved_).push_back(&reader);
  set_timer();
}

void LargeReads::forget(Reader& reader) {
  std::erase(unserved_, &reader);
  std::erase(served_, &reader);
}

LargeReads::Reader* LargeReads::take_next() {
  auto& queue = unserved_.empty() ? served_ : unserved_;
  if (queue.empty()) return nullptr;
  Reader* const next = queue.front();
  queue.pop_front();
  return next;
}

void LargeReads::set_timer() {
  if (timer_) return;
  timer_ = executor_.run_after(kPeriod, [this] { begin_period(); });
}

void LargeReads::begin_period() {
  timer_.reset();
  for (std::size_t i = 0; i < kReadersPerPeriod && share() > 0; ++i) {
    Reader* const next = take_next();
    if (next == nullptr) return;
    next->read_on();
  }
  if (!unserved_.empty() || !served_.empty()) set_timer();
}

}  // namespace waypost::transport
