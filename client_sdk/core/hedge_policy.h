#ifndef WAYPOST_CLIENT_SDK_CORE_HEDGE_POLICY_H_
#define WAYPOST_CLIENT_SDK_CORE_HEDGE_POLICY_H_

// When a question is asked of a second nameserver although the first one may
// still answer. (Dean, Barroso: "The Tail at Scale", 2013: waiting for the 95th
// percentile first makes the extra load some 5 % by itself; the cap holds where
// the distribution shifts faster than it is learnt.)

#include <array>
#include <cstddef>
#include <optional>

#include "base/clock.h"
#include "waypost/options.hpp"

namespace waypost::client {

// Pure: one client's view of how long answers take. One thread.
class HedgePolicy {
 public:
  HedgePolicy(Hedge mode, base::Duration after, std::int64_t extra_load_percent)
      : mode_(mode), after_(after), earned_per_call_(extra_load_percent) {}

  // How long to wait for the first nameserver. Nothing: it is waited for to the
  // end, because hedging is off or too little is known of what is usual.
  std::optional<base::Duration> delay() const;

  // A question is asked; earns its part of a hedge.
  void on_call();
  // An answer took so long, on a connection that stood.
  void on_answer(base::Duration took);

  // Spends a hedge if the cap allows one.
  bool take();

 private:
  static constexpr std::size_t kSamples = 64;
  static constexpr std::size_t kSamplesMin = 5;
  static constexpr std::int64_t kPrice = 100;  // of a hedge

  const Hedge mode_;
  const base::Duration after_;
  const std::int64_t earned_per_call_;
  // A client that starts may hedge once.
  std::int64_t saved_ = kPrice;
  std::array<base::Duration, kSamples> samples_{};
  std::size_t count_ = 0;  // ever
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_CORE_HEDGE_POLICY_H_
