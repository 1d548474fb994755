#include "client_sdk/runtime/client_state.h"

#include <algorithm>
#include <utility>

#include "client_sdk/core/retry_choice.h"
#include "client_sdk/core/to_public.h"

namespace waypost::client {
namespace {

Error closed_error() {
  return {ErrorCode::kCancelled, "the client is closed", ""};
}

Error no_queues(const TopicRoute& route, PickFor purpose) {
  const bool produce = purpose == PickFor::kProduce;
  return {ErrorCode::kUnavailable,
          "topic '" + route.route.topic + "' has no " +
              (produce ? "writable" : "readable") + " queues",
          "its route is " + route.route.to_string()};
}

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

}  // namespace

ClientState::ClientState(const ClientOptions& options, const base::Clock& clock,
                         EngineMailbox& mailbox)
    : max_avoided_percent_(options.fault_max_avoided_percent),
      negative_ttl_(options.negative_ttl),
      clock_(clock),
      mailbox_(mailbox),
      directory_(static_cast<std::size_t>(options.topics_max)),
      faults_(options.fault_policy, clock),
      routes_(options.random_seed) {}

base::Result<TopicState*> ClientState::topic(std::string_view name) {
  const auto added = directory_.add(name);
  if (!added) return tl::unexpected(added.error());
  if (added->is_new) mailbox_.want(*added->topic);
  return added->topic;
}

// --- Picking ---

Result<Pick> ClientState::pick(std::string_view topic,
                               const PickOptions& options) {
  ThreadView& view = routes_.view();
  if (const auto slot = view.table->names->find(topic)) {
    return pick(view, *slot, options);
  }
  if (view.table->closed) return closed_error();
  const auto followed = this->topic(topic);
  if (!followed) return to_public(followed.error());
  return no_route(*view.table, (*followed)->slot);
}

Result<Pick> ClientState::pick(TopicSlot slot, const PickOptions& options) {
  return pick(routes_.view(), slot, options);
}

Result<Pick> ClientState::pick(ThreadView& view, TopicSlot slot,
                               const PickOptions& options) {
  const RouteTable& table = *view.table;
  const TopicRoute* route =
      slot < table.routes.size() ? table.routes[slot].get() : nullptr;
  if (route == nullptr) return no_route(table, slot);
  const PickPlan& plan = route->plan(options.purpose);
  if (plan.order.empty()) return no_queues(*route, options.purpose);
  ThreadTopic::Purpose& mine = view.topic(slot).of(options.purpose);
  const bool simple =
      plan.same_health && options.avoid.empty() && !faults_.any();
  const Turn turn = simple ? plan.order.next(mine.turns)
                           : choose(mine, *route, plan, options);
  return PickMaker::make(plan.candidates[turn.candidate].broker, turn.queue);
}

Turn ClientState::choose(ThreadTopic::Purpose& mine, const TopicRoute& route,
                         const PickPlan& plan,
                         const PickOptions& options) const {
  const Eligibility& now_eligible = eligibility(mine, route, plan);
  if (options.avoid.empty()) {
    return now_eligible.all
               ? plan.order.next(mine.turns)
               : plan.order.next_allowed(mine.turns, now_eligible.allowed);
  }
  return choose_for_retry(plan.order, mine.retries, states_of(plan),
                          now_eligible.allowed,
                          excluded_of(plan, options.avoid), clock_.now());
}

const Eligibility& ClientState::eligibility(ThreadTopic::Purpose& mine,
                                            const TopicRoute& route,
                                            const PickPlan& plan) const {
  if (!mine.eligibility) {
    mine.eligibility = std::make_unique<CachedEligibility>();
  }
  CachedEligibility& cached = *mine.eligibility;
  // Read before the faults themselves: what changes meanwhile shows next time.
  const std::uint64_t fault_version = faults_.version();
  const bool current =
      cached.route_id == route.id && cached.fault_version == fault_version &&
      (cached.eligibility.valid_until == base::Instant::max() ||
       clock_.now() < cached.eligibility.valid_until);
  if (!current) {
    cached.eligibility =
        decide_eligibility(states_of(plan), max_avoided_percent_, clock_.now());
    cached.route_id = route.id;
    cached.fault_version = fault_version;
  }
  return cached.eligibility;
}

Error ClientState::no_route(const RouteTable& table, TopicSlot slot) {
  if (table.closed) return closed_error();
  TopicState* topic = directory_.at(slot);
  if (topic == nullptr) {
    return {ErrorCode::kInvalidArgument, "no such topic handle", ""};
  }
  if (!topic->missing.load(std::memory_order_relaxed)) {
    return {ErrorCode::kNotReady,
            "the route of topic '" + topic->name + "' is not known yet",
            "wait for it with route()"};
  }
  // Denied a while ago: one of those who want it asks again.
  const base::Duration now = clock_.now().time_since_epoch();
  base::Duration::rep due = topic->ask_again.load(std::memory_order_relaxed);
  if (now.count() >= due && topic->ask_again.compare_exchange_strong(
                                due, (now + negative_ttl_).count())) {
    mailbox_.want(*topic);
  }
  return {ErrorCode::kNotFound, "no broker serves topic '" + topic->name + "'",
          "check its name, and that its brokers are registered"};
}

void ClientState::report(const Pick& pick, Outcome outcome,
                         base::Duration latency) {
  if (pick.empty()) return;
  const auto change = faults_.report(PickMaker::record(pick),
                                     outcome == Outcome::kFailed, latency);
  if (change) mailbox_.fault_changed(*change);
}

// --- Looking ---

base::Duration ClientState::age_of(const TopicState& topic) const {
  const base::Duration confirmed(
      topic.confirmed.load(std::memory_order_relaxed));
  return std::max(clock_.now().time_since_epoch() - confirmed,
                  base::Duration::zero());
}

std::optional<Route> ClientState::route(std::string_view topic) const {
  const auto table = routes_.current();
  const auto slot = table->names->find(topic);
  if (!slot || *slot >= table->routes.size() || !table->routes[*slot]) {
    return std::nullopt;
  }
  Route route = table->routes[*slot]->route;
  const TopicState& state = *table->topics[*slot];
  route.age = age_of(state);
  route.missing = state.missing.load(std::memory_order_relaxed);
  return route;
}

std::optional<base::Duration> ClientState::route_age(
    std::string_view topic) const {
  const auto table = routes_.current();
  const auto slot = table->names->find(topic);
  if (!slot || *slot >= table->routes.size() || !table->routes[*slot]) {
    return std::nullopt;
  }
  return age_of(*table->topics[*slot]);
}

void ClientState::set_link_facts(LinkFacts facts) {
  const std::lock_guard lock(facts_mutex_);
  facts_ = std::move(facts);
}

ClientStats ClientState::stats() const {
  ClientStats stats;
  stats.topics = directory_.size();
  stats.avoided = faults_.count();
  stats.published = routes_.version();
  const std::lock_guard lock(facts_mutex_);
  stats.nameserver = facts_.nameserver;
  stats.connected = facts_.connected;
  stats.switches = facts_.switches;
  stats.queries = facts_.queries;
  stats.failures = facts_.failures;
  return stats;
}

}  // namespace waypost::client
