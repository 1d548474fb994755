#include "client_sdk/runtime/picker.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include "client_sdk/core/retry_choice.h"
#include "wire/model/ids.h"

namespace waypost::client {
namespace {

std::vector<CandidateState> states_of(const PickPlan& plan) {
  std::vector<CandidateState> states;
  states.reserve(plan.candidates.size());
  for (const auto& each : plan.candidates) {
    states.push_back({each.health, each.broker->fault()});
  }
  return states;
}

// By group name, not by record: the one that failed may have another address by
// now.
std::vector<std::uint8_t> excluded_of(const PickPlan& plan,
                                      std::span<const Pick> avoid) {
  std::vector<std::uint8_t> excluded(plan.candidates.size(), 0);
  for (std::size_t i = 0; i < excluded.size(); ++i) {
    excluded[i] =
        std::any_of(avoid.begin(), avoid.end(), [&](const Pick& pick) {
          return !pick.empty() &&
                 pick.broker_name() == plan.candidates[i].broker->name;
        });
  }
  return excluded;
}

Error selector_error(const TopicRoute& route, const std::string& why) {
  return {ErrorCode::kInvalidArgument,
          "topic '" + route.route.topic + "': the custom selector " + why, ""};
}

}  // namespace

Picker::Picker(const ClientOptions& options, const FaultBoard& faults,
               const base::Clock& clock)
    : selector_(options.selector),
      custom_(options.custom_selector),
      max_avoided_percent_(options.fault_max_avoided_percent),
      zone_spill_percent_(options.zone_spill_percent),
      faults_(faults),
      clock_(clock) {}

Result<Pick> Picker::pick(ThreadView& view, TopicSlot slot,
                          const TopicRoute& route,
                          const PickOptions& options) const {
  if (!options.key.empty() && route.order &&
      options.purpose == PickFor::kProduce) {
    return pick_in_order(route, options.key);
  }
  const PickPlan& plan = route.plan(options.purpose);
  ThreadTopic::Purpose& mine = view.topic(slot).of(options.purpose);
  const Selector selector =
      options.selector == Selector::kDefault ? selector_ : options.selector;
  const bool retry = !options.avoid.empty();
  const Eligibility& eligible =
      eligibility(mine, route, plan, selector == Selector::kZoneFirst);
  std::vector<std::uint8_t> for_retry;
  std::span<const std::uint8_t> allowed = eligible.allowed;
  if (retry) {
    for_retry = allowed_for_retry_of(mine, route, plan, eligible, options);
    allowed = for_retry;
  }

  Turn turn;
  if (!options.key.empty()) {
    turn = turn_for_key(plan, options.key, allowed);
  } else if (selector == Selector::kLeastLatency) {
    turn = turn_by_latency(view.random, plan, allowed);
  } else if (selector == Selector::kCustom) {
    return pick_custom(route, plan, allowed);
  } else if (retry) {
    turn = plan.order.next_allowed(mine.retries, allowed);
  } else {
    turn = eligible.all ? plan.order.next(mine.turns)
                        : plan.order.next_allowed(mine.turns, allowed);
  }
  return PickMaker::make(plan.candidates[turn.candidate].broker, turn.queue);
}

// --- Who takes part ---

const Eligibility& Picker::eligibility(ThreadTopic::Purpose& mine,
                                       const TopicRoute& route,
                                       const PickPlan& plan,
                                       bool zone_first) const {
  if (!mine.eligibility) {
    mine.eligibility = std::make_unique<CachedEligibility>();
  }
  CachedEligibility& cached = *mine.eligibility;
  // Read before the faults themselves: what changes meanwhile shows next time.
  const std::uint64_t fault_version = faults_.version();
  const bool current =
      cached.route_id == route.id && cached.fault_version == fault_version &&
      cached.zone_first == zone_first &&
      (cached.eligibility.valid_until == base::Instant::max() ||
       clock_.now() < cached.eligibility.valid_until);
  if (!current) {
    cached.eligibility =
        decide_eligibility(states_of(plan), max_avoided_percent_, clock_.now());
    if (zone_first) {
      prefer_zone(cached.eligibility, plan.zones, zone_spill_percent_);
    }
    cached.route_id = route.id;
    cached.fault_version = fault_version;
    cached.zone_first = zone_first;
  }
  return cached.eligibility;
}

// A retry leaves its zone before it takes a bad broker in it.
std::vector<std::uint8_t> Picker::allowed_for_retry_of(
    ThreadTopic::Purpose& mine, const TopicRoute& route, const PickPlan& plan,
    const Eligibility& eligible, const PickOptions& options) const {
  const auto excluded = excluded_of(plan, options.avoid);
  bool any = false;
  for (std::size_t i = 0; i < excluded.size(); ++i) {
    any |= eligible.allowed[i] != 0 && excluded[i] == 0;
  }
  const Eligibility& wider =
      any ? eligible : eligibility(mine, route, plan, false);
  return allowed_for_retry(states_of(plan), wider.allowed, excluded,
                           clock_.now());
}

// --- Selectors ---

Result<Pick> Picker::pick_in_order(const TopicRoute& route,
                                   std::string_view key) const {
  const OrderPlan& order = *route.order;
  const auto place = order.config.place(model::hash_bytes(key) % order.queues);
  const BrokerRecord* broker = order.brokers[place.broker];
  if (broker != nullptr) return PickMaker::make(broker, place.queue);
  return Error{ErrorCode::kUnavailable,
               "topic '" + route.route.topic + "': broker " +
                   order.config.brokers[place.broker].name +
                   " takes no messages now, and the topic's order allows no "
                   "other for this key",
               "wait for the broker, or change the order configuration"};
}

Turn Picker::turn_for_key(const PickPlan& plan, std::string_view key,
                          std::span<const std::uint8_t> allowed) const {
  const std::uint64_t hash = model::hash_bytes(key);
  if (const auto turn = choose_for_key(hash, plan.keys, allowed)) return *turn;
  // Nobody but trickles that this key is not part of.
  std::vector<std::uint8_t> full(allowed.begin(), allowed.end());
  for (auto& each : full) each = each != 0 ? 1 : 0;
  return *choose_for_key(hash, plan.keys, full);
}

Turn Picker::turn_by_latency(base::Random& random, const PickPlan& plan,
                             std::span<const std::uint8_t> allowed) const {
  std::vector<KnownLatency> latencies;
  latencies.reserve(plan.candidates.size());
  for (const auto& each : plan.candidates) {
    latencies.push_back(each.broker->known_latency());
  }
  const std::uint32_t chosen =
      choose_least_latency(random, latencies, allowed, clock_.now());
  return {chosen,
          static_cast<std::uint32_t>(random.below(plan.keys[chosen].queues))};
}

Result<Pick> Picker::pick_custom(const TopicRoute& route, const PickPlan& plan,
                                 std::span<const std::uint8_t> allowed) const {
  if (!custom_) return selector_error(route, "is not set");
  std::vector<SelectorCandidate> candidates;
  for (std::size_t i = 0; i < plan.candidates.size(); ++i) {
    const auto& each = plan.candidates[i];
    candidates.push_back({each.broker, plan.keys[i].queues,
                          static_cast<BrokerHealth>(each.health),
                          allowed[i] == 0,
                          each.broker->known_latency().latency});
  }
  std::optional<SelectorChoice> choice;
  try {
    choice = custom_(route.route.topic, candidates);
  } catch (const std::exception& error) {
    return selector_error(route, std::string("threw: ") + error.what());
  } catch (...) {
    return selector_error(route, "threw");
  }
  if (!choice) {
    return Error{ErrorCode::kUnavailable,
                 "topic '" + route.route.topic +
                     "': the custom selector wants none of " +
                     std::to_string(candidates.size()) + " brokers",
                 ""};
  }
  if (choice->candidate >= candidates.size() ||
      choice->queue >= candidates[choice->candidate].queues) {
    return selector_error(
        route, "chose queue " + std::to_string(choice->queue) + " of broker " +
                   std::to_string(choice->candidate) + ", which do not exist");
  }
  return PickMaker::make(plan.candidates[choice->candidate].broker,
                         choice->queue);
}

}  // namespace waypost::client
