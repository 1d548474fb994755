#ifndef WAYPOST_CLIENT_SDK_RUNTIME_PICKER_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_PICKER_H_

// Choosing among a topic's brokers when it takes more than the next turn:
// somebody is avoided or suspect, the caller has a key, a selector or brokers
// that it does not want.

#include <cstdint>
#include <span>
#include <vector>

#include "base/clock.h"
#include "client_sdk/runtime/fault_board.h"
#include "client_sdk/runtime/route_table.h"
#include "client_sdk/runtime/thread_view.h"
#include "waypost/client.hpp"

namespace waypost::client {

// Immutable after construction; any thread.
class Picker {
 public:
  // The options' selection settings are copied; the others must outlive it.
  Picker(const ClientOptions& options, const FaultBoard& faults,
         const base::Clock& clock);

  // True when pick options without wishes mean the next turn.
  bool round_robin() const { return selector_ == Selector::kRoundRobin; }

  // REQUIRES: the plan for `options.purpose` has candidates, or the route has
  // an order and the options a key.
  Result<Pick> pick(ThreadView& view, TopicSlot slot, const TopicRoute& route,
                    const PickOptions& options) const;

 private:
  Result<Pick> pick_in_order(const TopicRoute& route,
                             std::string_view key) const;
  const Eligibility& eligibility(ThreadTopic::Purpose& mine,
                                 const TopicRoute& route, const PickPlan& plan,
                                 bool zone_first) const;
  std::vector<std::uint8_t> allowed_for_retry_of(
      ThreadTopic::Purpose& mine, const TopicRoute& route, const PickPlan& plan,
      const Eligibility& eligible, const PickOptions& options) const;
  Turn turn_for_key(const PickPlan& plan, std::string_view key,
                    std::span<const std::uint8_t> allowed) const;
  Turn turn_by_latency(base::Random& random, const PickPlan& plan,
                       std::span<const std::uint8_t> allowed) const;
  Result<Pick> pick_custom(const TopicRoute& route, const PickPlan& plan,
                           std::span<const std::uint8_t> allowed) const;

  const Selector selector_;
  const CustomSelector custom_;
  const std::int64_t max_avoided_percent_;
  const std::int64_t zone_spill_percent_;
  const FaultBoard& faults_;
  const base::Clock& clock_;
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_PICKER_H_
