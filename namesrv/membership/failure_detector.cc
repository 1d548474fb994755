#include "namesrv/membership/failure_detector.h"

#include <algorithm>
#include <cmath>

namespace waypost::membership {
namespace {

double seconds(base::Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

base::Duration duration(double seconds) {
  return std::chrono::duration_cast<base::Duration>(
      std::chrono::duration<double>(seconds));
}

}  // namespace

double phi(base::Duration silence, base::Duration mean,
           base::Duration deviation) {
  // A logistic curve for the normal distribution's tail; its error is below
  // 0.00014.
  const double y = (seconds(silence) - seconds(mean)) / seconds(deviation);
  const double exponent = y * (1.5976 + 0.070566 * y * y);
  // -log10(e / (1 + e)) with e = exp(-exponent), without an e that vanishes.
  if (silence > mean) {
    return (exponent + std::log1p(std::exp(-exponent))) / std::log(10.0);
  }
  return -std::log10(1.0 - 1.0 / (1.0 + std::exp(-exponent)));
}

void FailureDetector::heard(base::Instant now) {
  // An interval that ended in a loss says nothing of the peer's rhythm.
  if (last_ && !closed_ && reachable(now)) {
    const double interval = seconds(now - *last_);
    intervals_.push_back(interval);
    sum_ += interval;
    squares_ += interval * interval;
    if (intervals_.size() > settings_.samples_max) {
      const double oldest = intervals_.front();
      intervals_.pop_front();
      sum_ -= oldest;
      squares_ -= oldest * oldest;
    }
  }
  last_ = now;
  closed_ = false;
}

void FailureDetector::restart(base::Instant now) {
  intervals_.clear();
  sum_ = squares_ = 0;
  last_ = now;
  closed_ = false;
}

bool FailureDetector::reachable(base::Instant now) const {
  if (!last_ || closed_) return false;
  if (settings_.form == DetectorForm::kTimeout) {
    return silence(now) <= settings_.timeout;
  }
  return suspicion(now) < settings_.phi_threshold;
}

base::Duration FailureDetector::silence(base::Instant now) const {
  return last_ ? std::max(base::Duration(0), now - *last_)
               : base::Duration::max();
}

double FailureDetector::suspicion(base::Instant now) const {
  if (!last_) return settings_.phi_threshold;
  if (settings_.form == DetectorForm::kTimeout) {
    return settings_.phi_threshold * seconds(silence(now)) /
           seconds(settings_.timeout);
  }
  return phi(silence(now), mean() + settings_.acceptable_pause, deviation());
}

// Until a few intervals are known the promised one stands in.
base::Duration FailureDetector::mean() const {
  if (intervals_.size() < 2) return settings_.heartbeat_interval;
  return duration(sum_ / static_cast<double>(intervals_.size()));
}

base::Duration FailureDetector::deviation() const {
  base::Duration measured = settings_.heartbeat_interval / 4;
  if (intervals_.size() >= 2) {
    const auto count = static_cast<double>(intervals_.size());
    const double average = sum_ / count;
    measured = duration(
        std::sqrt(std::max(0.0, squares_ / count - average * average)));
  }
  return std::max(measured, settings_.min_deviation);
}

DetectionWindow detection_window(base::Duration timeout,
                                 base::Duration heartbeat_interval) {
  return {timeout - heartbeat_interval, timeout + heartbeat_interval};
}

}  // namespace waypost::membership
