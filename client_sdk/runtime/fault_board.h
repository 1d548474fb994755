#ifndef WAYPOST_CLIENT_SDK_RUNTIME_FAULT_BOARD_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_FAULT_BOARD_H_

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "client_sdk/core/adaptive_policy.h"
#include "client_sdk/core/fault_policy.h"
#include "client_sdk/runtime/broker_arena.h"

namespace waypost::client {

// The fault table that all threads share: the rules of core/fault_policy.h and
// core/adaptive_policy.h applied to the atomics of broker records. Reading
// needs no lock, and neither does the usual report: a quick success of a broker
// that is not avoided.
class FaultBoard {
 public:
  FaultBoard(FaultPolicy policy, const AdaptiveFaults& adaptive,
             const base::Clock& clock, ProbeKind probes = ProbeKind::kOff)
      : policy_(policy),
        rules_(fault_rules(policy)),
        adaptive_(adaptive),
        clock_(clock),
        probes_(probes) {}

  // A broker is avoided from now on, until another time, or no longer; or
  // reports have begun to come in, so judge() them before long.
  struct Change {
    enum class What : std::uint8_t {
      kAvoided,
      kRescheduled,
      kNoLonger,
      kReportsCame
    };
    What what = What::kAvoided;
    const BrokerRecord* broker = nullptr;  // null for kReportsCame
    base::Instant at;
    base::Instant until;  // for kAvoided and kRescheduled
    std::string why;
    bool failed = false;  // by a failure, not by being slow
    // With probes, for kAvoided and kRescheduled: from when on a success
    // counts.
    base::Instant probe_from{};
  };

  // Any thread.
  std::optional<Change> report(const BrokerRecord& broker, bool failed,
                               base::Duration latency);

  // Ends what is over at `now`.
  std::vector<Change> expire(base::Instant now);
  // When something ends next; Instant::max() when nothing does.
  base::Instant next_expiry() const;

  // --- With probes: what is avoided stays so until one of these ---

  // A probe that began at `started` succeeded. Nothing when that is no reason
  // to use the broker yet: it is older than the last failure, or too early.
  std::optional<Change> probe_succeeded(const BrokerRecord& broker,
                                        base::Instant started);
  // The broker has left all routes: nobody probes it, its time alone counts.
  void stop_holding(const BrokerRecord& broker);
  // It is back in a route. kRescheduled if it is still avoided.
  std::optional<Change> hold_again(const BrokerRecord& broker);

  // Policy `adaptive`: ejects who is far slower than the others. After this the
  // next report says kReportsCame again.
  std::vector<Change> judge(base::Instant now);

  // True while any broker does not take all its turns; without it no clock need
  // be read.
  bool any() const {
    return listed_count_.load(std::memory_order_relaxed) != 0;
  }
  // Avoided, until expire() ends it.
  std::size_t count() const;
  // Grows with each change of any verdict.
  std::uint64_t version() const {
    return version_.load(std::memory_order_acquire);
  }

 private:
  void note_latency(const BrokerRecord& broker, bool failed,
                    base::Duration latency);
  std::optional<Change> report_to_table(const BrokerRecord& broker, bool failed,
                                        base::Duration latency);
  std::optional<Change> report_adaptively(const BrokerRecord& broker,
                                          bool failed, base::Duration latency);
  // With the lock held.
  std::optional<Change> set(const BrokerRecord& broker, const FaultState& after,
                            base::Instant now, std::string why, bool failed);
  Change release(const BrokerRecord& broker, base::Instant now, std::string why,
                 bool on_trust);
  void note_through(const BrokerRecord& broker);
  base::Instant probe_from(const BrokerRecord& broker) const;
  Change eject_now(const BrokerRecord& broker, base::Duration latency,
                   base::Instant now, std::string why, bool failed);
  void set_listed(const BrokerRecord& broker, bool listed);

  const FaultPolicy policy_;
  const FaultRules* const rules_;  // null: no table
  const AdaptiveFaults adaptive_;
  const base::Clock& clock_;
  const ProbeKind probes_;
  std::atomic<std::size_t> listed_count_{0};
  std::atomic<std::uint64_t> version_{0};
  std::atomic<bool> to_be_judged_{false};

  // Who is avoided, or was and gets a trickle.
  struct Listed {
    const BrokerRecord* broker = nullptr;
    bool avoided = true;
  };
  Listed* find_listed(const BrokerRecord& broker);

  mutable std::mutex mutex_;
  std::vector<Listed> listed_;               // guarded by mutex_
  std::vector<const BrokerRecord*> judged_;  // by judge(); guarded by mutex_
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_FAULT_BOARD_H_
