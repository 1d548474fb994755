#ifndef WAYPOST_NAMESRV_MEMBERSHIP_FAILURE_DETECTOR_H_
#define WAYPOST_NAMESRV_MEMBERSHIP_FAILURE_DETECTOR_H_

// Is a peer that should be heard each second still there? As values that take
// `now`: a fixed timeout, or a suspicion that adapts to how regular the peer is
// heard (phi accrual: Hayashibara et al., "The phi accrual failure detector",
// 2004, with the parameters and the logistic approximation that Akka uses).

#include <cstddef>
#include <deque>
#include <optional>

#include "base/clock.h"

namespace waypost::membership {

enum class DetectorForm { kTimeout, kAdaptive };

struct DetectorSettings {
  DetectorForm form = DetectorForm::kTimeout;
  base::Duration heartbeat_interval = std::chrono::seconds(1);
  // kTimeout: silence after which a peer is unreachable.
  base::Duration timeout = std::chrono::seconds(5);
  // kAdaptive: the suspicion from which on it is. 8 is one mistake in 10^8
  // under the model; a longer pause than usual is accepted on top.
  double phi_threshold = 8;
  base::Duration acceptable_pause = std::chrono::seconds(3);
  base::Duration min_deviation = std::chrono::milliseconds(100);
  std::size_t samples_max = 200;
};

// -log10 of the probability that a heartbeat comes even later than `silence`
// after the last, when their intervals have this mean and deviation.
double phi(base::Duration silence, base::Duration mean,
           base::Duration deviation);

// One peer's. A closed connection counts at once; whatever is heard after it
// makes the peer reachable again.
class FailureDetector {
 public:
  explicit FailureDetector(const DetectorSettings& settings)
      : settings_(settings) {}

  void heard(base::Instant now);
  void closed() { closed_ = true; }
  // Forgets the rhythm: a new life of the peer, or our own gap.
  void restart(base::Instant now);

  // False before anything was heard.
  bool reachable(base::Instant now) const;
  bool was_heard() const { return last_.has_value(); }
  base::Duration silence(base::Instant now) const;
  // kAdaptive: see phi(); kTimeout: the share of the timeout that has passed,
  // scaled so that the threshold is the same.
  double suspicion(base::Instant now) const;

 private:
  base::Duration mean() const;
  base::Duration deviation() const;

  DetectorSettings settings_;
  std::optional<base::Instant> last_;
  bool closed_ = false;
  // Of the last intervals, in seconds.
  std::deque<double> intervals_;
  double sum_ = 0;
  double squares_ = 0;
};

// How long after its death a silent peer is noticed at the earliest and at the
// latest, by a fixed timeout: the last heartbeat was sent up to one interval
// before, and the look comes up to one interval after.
struct DetectionWindow {
  base::Duration min{0};
  base::Duration max{0};
};
DetectionWindow detection_window(base::Duration timeout,
                                 base::Duration heartbeat_interval);

}  // namespace waypost::membership

#endif  // WAYPOST_NAMESRV_MEMBERSHIP_FAILURE_DETECTOR_H_
