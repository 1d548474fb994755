#include "client_sdk/runtime/client_state.h"

#include <algorithm>
#include <utility>

#include "client_sdk/core/to_public.h"
#include "client_sdk/runtime/pending_calls.h"

namespace waypost::client {
namespace {

Error no_queues(const TopicRoute& route, PickFor purpose) {
  const bool produce = purpose == PickFor::kProduce;
  return {ErrorCode::kUnavailable,
          "topic '" + route.route.topic + "' has no " +
              (produce ? "writable" : "readable") + " queues",
          "its route is " + route.route.to_string()};
}

}  // namespace

ClientState::ClientState(const ClientOptions& options, const base::Clock& clock,
                         EngineMailbox& mailbox)
    : negative_ttl_(options.negative_ttl),
      clock_(clock),
      mailbox_(mailbox),
      directory_(static_cast<std::size_t>(options.topics_max)),
      faults_(options.fault_policy, options.adaptive, clock,
              options.broker_probe.kind),
      picker_(options, faults_, clock),
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
  if (view.table->closed) return no_longer();
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
  view.count_pick();
  const PickPlan& plan = route->plan(options.purpose);
  const bool no_wishes = options.selector == Selector::kDefault &&
                         options.key.empty() && options.avoid.empty();
  if (no_wishes && plan.same_health && !plan.order.empty() && !faults_.any() &&
      picker_.round_robin()) {
    const Turn turn =
        plan.order.next(view.topic(slot).of(options.purpose).turns);
    return PickMaker::make(plan.candidates[turn.candidate].broker, turn.queue);
  }
  const bool in_order = route->order && !options.key.empty() &&
                        options.purpose == PickFor::kProduce;
  if (plan.order.empty() && !in_order)
    return no_queues(*route, options.purpose);
  return picker_.pick(view, slot, *route, options);
}

Error ClientState::no_longer() const {
  return stranded() ? forked_error() : closed_error();
}

Error ClientState::no_route(const RouteTable& table, TopicSlot slot) {
  if (table.closed) return no_longer();
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
  if (pick.empty() || stranded()) return;
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
  route.origin = state.origin.load(std::memory_order_relaxed);
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

ClientMetrics ClientState::metrics() const {
  ClientMetrics metrics;
  metrics.id = routes_.id();
  metrics.topics = directory_.size();
  metrics.avoided_brokers = faults_.count();
  metrics.route_tables = routes_.version();
  metrics.picks = routes_.picks();
  metrics.route_ages.bounds = {1, 5, 15, 30, 60, 120, 300, 600, 3600};
  metrics.route_ages.counts.resize(metrics.route_ages.bounds.size() + 1);
  const auto table = routes_.current();
  for (std::size_t slot = 0; slot < table->routes.size(); ++slot) {
    if (table->routes[slot] == nullptr) continue;
    const double age =
        std::chrono::duration<double>(age_of(*table->topics[slot])).count();
    metrics.route_ages.add(age);
    metrics.oldest_route_seconds = std::max(metrics.oldest_route_seconds, age);
  }
  const std::lock_guard lock(facts_mutex_);
  metrics.connected = facts_.connected;
  metrics.switches = facts_.switches;
  metrics.queries = facts_.queries;
  metrics.query_failures = facts_.failures;
  metrics.hedges = facts_.hedges;
  metrics.pushed_routes = facts_.pushed_routes;
  metrics.avoidances = facts_.avoidances;
  metrics.query_seconds = facts_.query_seconds;
  return metrics;
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
