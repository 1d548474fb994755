#ifndef WAYPOST_CLIENT_SDK_RUNTIME_FAULT_BOARD_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_FAULT_BOARD_H_

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "client_sdk/core/fault_policy.h"
#include "client_sdk/runtime/broker_arena.h"

namespace waypost::client {

// The fault table that all threads share: the rules of core/fault_policy.h
// applied to the atomics of broker records. Reading needs no lock, and neither
// does the usual report: a quick success of a broker that is not avoided.
class FaultBoard {
 public:
  FaultBoard(FaultPolicy policy, const base::Clock& clock)
      : rules_(fault_rules(policy)), clock_(clock) {}

  // A broker is avoided from now on, until another time, or no longer.
  struct Change {
    enum class What : std::uint8_t { kAvoided, kRescheduled, kNoLonger };
    What what = What::kAvoided;
    const BrokerRecord* broker = nullptr;
    base::Instant at;
    base::Instant until;  // for kAvoided and kRescheduled
    std::string why;
    bool failed = false;  // by a failure, not by being slow
  };

  // Any thread.
  std::optional<Change> report(const BrokerRecord& broker, bool failed,
                               base::Duration latency);

  // Ends what is over at `now`.
  std::vector<Change> expire(base::Instant now);
  // When something ends next; Instant::max() when nothing does.
  base::Instant next_expiry() const;

  // True while any broker is avoided; without it no clock need be read.
  bool any() const { return count_.load(std::memory_order_relaxed) != 0; }
  std::size_t count() const { return count_.load(std::memory_order_relaxed); }
  // Grows with each change of any verdict.
  std::uint64_t version() const {
    return version_.load(std::memory_order_acquire);
  }

 private:
  std::optional<Change> change(const BrokerRecord& broker, bool failed,
                               base::Duration latency);

  const FaultRules* const rules_;  // null: off
  const base::Clock& clock_;
  std::atomic<std::size_t> count_{0};
  std::atomic<std::uint64_t> version_{0};

  mutable std::mutex mutex_;
  std::vector<const BrokerRecord*> avoided_;  // guarded by mutex_
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_FAULT_BOARD_H_
