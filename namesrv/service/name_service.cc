#include "namesrv/service/name_service.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <type_traits>
#include <utility>

#include "base/assert.h"

namespace waypost::service {
namespace {

// How often the registry thread looks at the clock when nothing comes in: well
// below the smallest gap that counts as our own sleep (2 s).
constexpr base::Duration kTickMax = std::chrono::milliseconds(250);

template <typename T, typename... Ts>
constexpr bool is_one_of = (std::is_same_v<T, Ts> || ...);

// Some milliseconds' worth.
constexpr std::size_t kSweptPerTurn = 4096;

constexpr base::Duration kLookInterval = std::chrono::seconds(1);

template <typename Event>
constexpr bool in_order(const Event&) {
  using namespace registry;
  return is_one_of<Event, Register, Unregister, RegisterUnchanged,
                   QueryDataVersion, RemotingUnregister, ChangeWritePermission,
                   DeleteTopic, RegisterTopic>;
}

WriteQueue::Lane lane_of(const registry::Event& event) {
  // What comes after a registration must find it done.
  return std::visit(
      [](const auto& one) {
        return in_order(one) ? WriteQueue::Lane::kRegistration
                             : WriteQueue::Lane::kLiveness;
      },
      event);
}

base::Error busy() {
  return {base::ErrorCode::kBusy, "too much waits at this nameserver",
          "try again after a while"};
}

// The broker that the event has registered, if it has.
const model::BrokerKey* registered(const registry::Event& event,
                                   const registry::Reply& reply) {
  if (const auto* same = std::get_if<registry::RegisterUnchanged>(&event)) {
    const auto* done = std::get_if<registry::RegisterUnchangedReply>(&reply);
    return done != nullptr && done->known ? &same->broker : nullptr;
  }
  const auto* registration = std::get_if<registry::Register>(&event);
  if (registration == nullptr) return nullptr;
  const auto* remoting = std::get_if<registry::RemotingRegisterReply>(&reply);
  const bool done = std::holds_alternative<model::RegisterReply>(reply) ||
                    (remoting != nullptr && remoting->accepted);
  return done ? &registration->request.broker : nullptr;
}

base::LogLevel level_of(registry::BrokerChange::What what) {
  using What = registry::BrokerChange::What;
  switch (what) {
    case What::kConnectionClosed:
    case What::kExpired:
    case What::kGoneAtPeers:
    case What::kSuspect:
    case What::kUnhealthy:
    case What::kBrakeEngaged:
      return base::LogLevel::kWarn;
    case What::kTopicsChanged:
    case What::kIndirect:
    case What::kDirect:
      return base::LogLevel::kDebug;
    default:
      return base::LogLevel::kInfo;
  }
}

}  // namespace

NameService::NameService(NameServiceSettings settings, NameServiceShell shell,
                         PublishedTable& table,
                         const std::vector<lifecycle::RosterEntry>& roster)
    : settings_(std::move(settings)),
      shell_(std::move(shell)),
      logger_(shell_.logger.for_component(base::LogComponent::kService)),
      table_(table),
      queue_(settings_.queue),
      returned_leases_(std::make_shared<ReturnedLeases>()),
      registry_(settings_.registry),
      lifecycle_(settings_.lifecycle, roster, shell_.executor->now()),
      started_(shell_.executor->now()),
      last_turn_(started_),
      // As the Java server, whose first scan comes after half an interval.
      next_scan_(started_ + settings_.scan_interval / 2),
      next_look_(started_ + kLookInterval),
      next_roster_(started_ + settings_.roster_interval),
      state_keeper_(shell_.hard_state, settings_.hard_state,
                    {.executor = shell_.executor,
                     .store = shell_.hard_state_store,
                     .run_on_store_thread = shell_.run_on_store_thread,
                     .on_committed =
                         [this](HardStateKeeper::State state,
                                std::vector<std::function<void()>> replies) {
                           take_state(std::move(state), std::move(replies));
                         }}),
      applied_state_(state_keeper_.state()),
      inherited_roster_(roster),
      self_(std::make_shared<NameService*>(this)) {
  apply(settings_.remoting);
  override_permissions({}, *applied_state_);
  settings_changed_ = true;
}

NameService::~NameService() {
  *self_ = nullptr;
  drop_returned_leases();
}

void NameService::start() {
  WAYPOST_ASSERT(shell_.executor->in_executor_thread());
  if (lifecycle_.state() == model::ServerState::kStarting) {
    logger_.info("starting", {{"reason", lifecycle_.reason()}});
  }
  publish_state();
  tick();
}

void NameService::stop() {
  WAYPOST_ASSERT(shell_.executor->in_executor_thread());
  if (std::exchange(stopped_, true)) return;
  tick_timer_.reset();
  state_keeper_.stop();
  keep_roster();
}

void NameService::write(registry::Event event, ReplyCallback on_reply) {
  const bool must_take = std::holds_alternative<registry::BindingClosed>(event);
  const auto lane = lane_of(event);
  const auto pushed =
      queue_.push(lane, {std::move(event), on_reply}, must_take);
  if (pushed == WriteQueue::Pushed::kFull) {
    if (on_reply) on_reply(busy());
    return;
  }
  enqueue_wakeup(pushed);
}

base::Status NameService::look(Look look) {
  auto work = [this, look = std::move(look)] {
    look(registry_, shell_.executor->now());
  };
  const auto pushed =
      queue_.push(WriteQueue::Lane::kLiveness, {std::move(work), nullptr});
  if (pushed == WriteQueue::Pushed::kFull) return tl::unexpected(busy());
  enqueue_wakeup(pushed);
  return {};
}

void NameService::enqueue_wakeup(WriteQueue::Pushed pushed) {
  if (pushed != WriteQueue::Pushed::kFirst) return;
  shell_.executor->post([self = self_] {
    if (*self != nullptr) (*self)->drain_queue();
  });
}

void NameService::drain_queue() {
  WAYPOST_ASSERT(shell_.executor->in_executor_thread());
  if (stopped_) return;
  notice_gap();
  WriteQueue::Batch batch =
      queue_.take(kRegistrationsAtWork - registrations_.size());
  std::move(batch.registrations.begin(), batch.registrations.end(),
            std::back_inserter(registrations_));
  for (Write& write : batch.liveness) perform(write);
  perform_registrations();
  publish_table();
  publish_state();
  auto replies = std::exchange(replies_, {});
  for (auto& [on_reply, reply] : replies) on_reply(std::move(reply));
  auto others = std::exchange(other_replies_, {});
  for (auto& reply : others) reply();
  if (registrations_.empty() && queue_.go_idle()) {
    closed_bindings_.clear();
    return;
  }
  shell_.executor->post([self = self_] {
    if (*self != nullptr) (*self)->drain_queue();
  });
}

void NameService::perform(Write& write) {
  if (const auto* look = std::get_if<std::function<void()>>(&write.work)) {
    (*look)();
    return;
  }
  apply(std::get<registry::Event>(write.work), write.on_reply);
}

void NameService::apply(const registry::Event& event,
                        const ReplyCallback& on_reply) {
  if (refuse_while_paused(event, on_reply)) return;
  if (hold_back(event)) return;
  registry::Effects effects = step(event);
  if (const auto* broker = registered(event, effects.reply)) {
    lifecycle_.on_registered(*broker, shell_.executor->now());
  }
  if (!on_reply) return;
  std::visit(
      [&](auto& reply) {
        using Reply = std::remove_reference_t<decltype(reply)>;
        if constexpr (std::is_same_v<Reply, model::RegisterReply> ||
                      std::is_same_v<Reply, model::HeartbeatReply>) {
          reply.incarnation = settings_.incarnation;
          reply.state = lifecycle_.state();
        }
      },
      effects.reply);
  replies_.emplace_back(on_reply, std::move(effects.reply));
}

// True when the event shall not reach the registry now.
bool NameService::hold_back(const registry::Event& event) {
  if (const auto* closed = std::get_if<registry::BindingClosed>(&event)) {
    closed_bindings_.insert(closed->binding);
    {
      const std::lock_guard lock(closers_mutex_);
      closers_.erase(closed->binding);
    }
    if (closed->cause != registry::BindingClosed::Cause::kPeer) return false;
    // Clients and agents that follow our drain notice close, too.
    if (lifecycle_.state() == model::ServerState::kDraining) return true;
    if (lifecycle_.closes_remove()) return false;
    // We slept, and an agent closes a connection that does not answer: that is
    // silence, and it is on its way back, perhaps after a pause of its own.
    step(registry::BindingClosed{closed->binding,
                                 registry::BindingClosed::Cause::kSilence});
    return true;
  }
  if (std::holds_alternative<registry::BindingIdle>(event)) {
    return !lifecycle_.removals_allowed();
  }
  if (const auto* registration = std::get_if<registry::Register>(&event)) {
    return closed_bindings_.contains(registration->binding);
  }
  if (const auto* same = std::get_if<registry::RegisterUnchanged>(&event)) {
    return closed_bindings_.contains(same->binding);
  }
  return false;
}

registry::Effects NameService::step(const registry::Event& event) {
  registry::Effects effects = registry_.step(event, shell_.executor->now());
  table_changed_ |= effects.table_changed;
  roster_changed_ |= effects.roster_changed;
  for (const registry::BrokerChange& change : effects.changes) {
    log_change(change);
  }
  if (effects.sweep_wanted) {
    sweep_wanted_ = true;
    sweep_soon();
  }
  close_expired(effects.expired_bindings);
  if (holding_listener_) {
    for (const registry::HoldingChange& change : effects.holdings) {
      holding_listener_(change);
    }
  }
  if (settings_.remoting.notify_min_broker_id_changed &&
      shell_.notify_min_broker_id) {
    for (const registry::MinBrokerIdChange& change : effects.min_id_changes) {
      shell_.notify_min_broker_id(change);
    }
  }
  return effects;
}

// What large brokers leave behind is cleared away in pieces between other work,
// for nobody waits for it.
void NameService::sweep_soon() {
  if (std::exchange(sweeping_, true)) return;
  shell_.executor->post([self = self_] {
    if (*self != nullptr) (*self)->sweep();
  });
}

void NameService::sweep() {
  sweeping_ = false;
  if (stopped_) return;
  if (sweep_wanted_) {
    sweep_wanted_ =
        registry_.step(registry::Sweep{kSweptPerTurn}, shell_.executor->now())
            .sweep_wanted;
    // The table that readers see still has it all.
    if (!sweep_wanted_) table_changed_ = true;
    publish_table();
  }
  if (table_.reclaim() || sweep_wanted_) sweep_soon();
}

void NameService::tick() {
  if (stopped_) return;
  notice_gap();
  const base::Instant now = shell_.executor->now();
  lifecycle_.set_smallest_expiry(registry_.smallest_expiry());
  lifecycle_.on_tick(now);
  scan(now);
  lapse_overrides();
  publish_table();
  publish_state();
  if (table_.reclaim()) sweep_soon();
  drop_returned_leases();
  if (roster_changed_ || now >= next_roster_) keep_roster();
  const base::Duration delay =
      std::clamp(next_scan_ - now, base::Duration::zero(), kTickMax);
  tick_timer_ = shell_.executor->run_after(delay, [this] { tick(); });
}

// Expiry on the documented schedule; suspicion and lapsing verdicts, which must
// be noticed within seconds, also in between.
void NameService::scan(base::Instant now) {
  if (paused_at_) {  // the registry is frozen
    next_scan_ = now + settings_.scan_interval;
    return;
  }
  const bool full = now >= next_scan_;
  if (!full && now < next_look_) return;
  if (full) {
    next_scan_ += settings_.scan_interval;
    if (next_scan_ <= now) next_scan_ = now + settings_.scan_interval;
  }
  next_look_ = now + std::min(kLookInterval, settings_.scan_interval);
  step(registry::Scan{.suspend_removals =
                          !full || !lifecycle_.removals_allowed()});
}

// We may have been stopped or suspended between two turns. What the silence of
// that time seems to say about the brokers is about us.
void NameService::notice_gap() {
  const base::Instant now = shell_.executor->now();
  const auto slept = lifecycle_.on_turn(shell_.boot_time(), now);
  const base::Duration unseen = now - std::exchange(last_turn_, now);
  if (!lifecycle_.napped()) return;
  if (slept) {
    logger_.warn(
        "this process did not run for a while; removals wait until "
        "queued input has been processed",
        {{"slept_ms", base::to_ms(*slept)}});
    step(registry::ClockGap{unseen});
    publish_state();
  } else {
    logger_.info(
        "this process did not run for a moment; connections that were closed "
        "meanwhile remove no broker",
        {{"napped_ms", base::to_ms(unseen)}});
  }
  auto processed = [self = self_] {
    if (*self == nullptr) return;
    NameService& service = **self;
    service.lifecycle_.on_input_processed(service.shell_.executor->now());
  };
  if (shell_.after_input_processed) {
    shell_.after_input_processed(std::move(processed));
  } else {
    processed();
  }
}

void NameService::start_draining(std::string reason) {
  lifecycle_.start_draining(std::move(reason));
  publish_state();
}

void NameService::publish_table() {
  const bool settings_changed = std::exchange(settings_changed_, false);
  if (!std::exchange(table_changed_, false) && !settings_changed) return;
  if (settings_changed) ++settings_version_;
  table_.publish({.routes = registry_.table(),
                  .state = applied_state_,
                  .remoting = settings_.remoting,
                  .settings_version = settings_version_});
  registry::RouteChanges changes = registry_.take_changes();
  changes.add(std::exchange(order_changes_, {}));
  route_feed_.publish(changes);
}

void NameService::publish_state() {
  const model::ServerState state = lifecycle_.state();
  StateView view{state, lifecycle_.reason()};
  {
    const std::lock_guard lock(state_view_mutex_);
    std::swap(state_view_, view);
  }
  const bool answers = lifecycle_.answers_routes();
  if (!answers_routes_.exchange(answers, std::memory_order_acq_rel) &&
      answers) {
    route_feed_.publish_everything();
  }
  if (state_.exchange(state, std::memory_order_acq_rel) == state) return;
  logger_.info("state changed", {{"from", model::server_state_name(view.state)},
                                 {"to", model::server_state_name(state)},
                                 {"reason", lifecycle_.reason()}});
  if (view.state == model::ServerState::kRecovering &&
      state == model::ServerState::kServing) {
    step(registry::SettleGap{std::exchange(resynced_, false)});
    publish_table();
  }
}

StateView NameService::state_view() const {
  const std::lock_guard lock(state_view_mutex_);
  return state_view_;
}

base::Error NameService::not_ready() const {
  const StateView view = state_view();
  return {base::ErrorCode::kNotReady,
          "nameserver " + settings_.server_name + " is " +
              std::string(model::server_state_name(view.state)) + ": " +
              view.reason,
          "ask another nameserver, or this one again in a while"};
}

model::ClusterView NameService::server_view() const {
  model::ClusterView view;
  const StateView state = state_view();
  view.server_name = settings_.server_name;
  view.server_version = settings_.server_version;
  view.incarnation = settings_.incarnation;
  view.state = state.state;
  view.state_reason = state.reason;
  view.uptime = shell_.executor->now() - started_;
  if (nameservers_) view.nameservers = nameservers_();
  return view;
}

void NameService::log_change(const registry::BrokerChange& change) const {
  logger_.write(level_of(change.what),
                registry::broker_change_name(change.what),
                {{"broker", change.broker.to_string()},
                 {"cluster", change.cluster.value()},
                 {"detail", change.detail}});
}

void NameService::keep_roster() {
  roster_changed_ = false;
  const base::Instant now = shell_.executor->now();
  next_roster_ = now + settings_.roster_interval;
  if (!shell_.save_roster) return;
  const base::WallTime wall_now = shell_.executor->wall_now();
  std::vector<lifecycle::RosterEntry> roster;
  for (auto& known : registry_.known_brokers()) {
    const base::Duration silence =
        std::max(base::Duration::zero(), now - known.heard);
    roster.push_back({std::move(known.cluster), std::move(known.broker),
                      wall_now - silence, known.expiry, silence});
  }
  // Whom we still wait for must not be forgotten by a crash while we do.
  if (lifecycle_.state() == model::ServerState::kStarting) {
    std::unordered_set<model::BrokerKey> back;
    for (const auto& entry : roster) back.insert(entry.broker);
    const auto known = [&](const lifecycle::RosterEntry& entry) {
      return back.contains(entry.broker);
    };
    std::copy_if(inherited_roster_.begin(), inherited_roster_.end(),
                 std::back_inserter(roster), std::not_fn(known));
  } else {
    inherited_roster_.clear();
  }
  shell_.save_roster(std::move(roster));
}

}  // namespace waypost::service
