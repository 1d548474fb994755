#include "namesrv/cluster/cluster_keeper.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/units.h"

namespace waypost::cluster {
namespace {

std::string whole_ms(base::Duration duration) {
  return base::format_duration(
      std::chrono::floor<std::chrono::milliseconds>(duration));
}

std::int64_t ms_of(base::WallTime time) {
  return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch())
      .count();
}

model::PeerInfo with_mode(model::PeerInfo self, partition::Mode mode) {
  self.partition_handling = partition::mode_name(mode);
  return self;
}

}  // namespace

ClusterKeeper::ClusterKeeper(ClusterSettings settings, model::PeerInfo self,
                             ClusterShell shell)
    : settings_(std::move(settings)),
      shell_(std::move(shell)),
      logger_(shell_.logger.for_component(base::LogComponent::kCluster)),
      membership_(settings_.membership,
                  with_mode(std::move(self), settings_.partition.mode),
                  settings_.peers, shell_.executor->now()),
      history_(membership::kPartitionRecordsMax, shell_.kept_partitions),
      holdings_(
          *shell_.executor, *shell_.calls, *shell_.table,
          [this] { check_copies(); }, logger_) {
  shell_.calls->set_observer(this);
  driver_ = partition::family_of(settings_.partition.mode) ==
                    partition::Family::kPause
                ? make_pause_driver(settings_.partition, *this)
                : make_downing_driver(settings_.partition, *this, shell_.lease);
}

ClusterKeeper::~ClusterKeeper() {
  *alive_ = false;
  shell_.calls->set_observer(nullptr);
}

void ClusterKeeper::start() {
  WAYPOST_ASSERT(shell_.executor->in_executor_thread());
  started_ = now();
  if (membership_.was_down()) {
    note("was set to down before it was restarted, and is not up again yet");
    hold_as_down();
  }
  if (!settings_.peers.empty()) {
    copying_since_ = now();
    shell_.service->start_copying();
  }
  tick();
}

void ClusterKeeper::leave() {
  step(membership::Leave{});
  beat();
}

void ClusterKeeper::stop() {
  timer_.reset();
  history_.on_time(shell_.executor->wall_now(), /*last=*/true);
  keep_history();
}

void ClusterKeeper::tick() {
  notice_gap();
  step(membership::Tick{});
  beat();
  note_never_heard();
  note_observers();
  driver_->on_tick();
  holdings_.on_tick();
  check_copies();
  check_readiness();
  // What is in the lease's way changes without a change of the view.
  if (shell_.lease != nullptr) warn_of_settings();
  history_.on_time(shell_.executor->wall_now());
  keep_history();
  timer_ = shell_.executor->run_after(
      settings_.membership.detector.heartbeat_interval, [this] { tick(); });
}

// A sleeper's peers have written it off, and it never saw anybody leave.
void ClusterKeeper::notice_gap() {
  const base::Duration boot_time = shell_.boot_time();
  const auto before = std::exchange(last_boot_time_, boot_time);
  if (!before) return;
  const base::Duration gap = boot_time - *before;
  if (gap <= settings_.membership.detector.timeout) return;
  logger_.warn("this nameserver did not run for a while",
               {{"gap_ms", base::to_ms(gap)}});
  history_.on_own_gap(gap, shell_.executor->wall_now());
  driver_->on_own_gap(gap);
  step(membership::OwnGap{gap});
  mistrust("did not run for " + whole_ms(gap));
}

model::PeerHeartbeat ClusterKeeper::own_heartbeat() const {
  model::PeerHeartbeat heartbeat = membership_.heartbeat();
  heartbeat.state = shell_.service->state();
  heartbeat.state_reason = shell_.service->state_reason();
  heartbeat.client_connections = shell_.service->client_connections();
  heartbeat.holdings = holdings_.digest();
  heartbeat.sent_at_ms = ms_of(shell_.executor->wall_now());
  heartbeat.restarts = restarts_;
  return heartbeat;
}

void ClusterKeeper::beat() {
  std::vector<PeerCalls::Target> targets;
  for (const auto& target : membership_.targets()) {
    if (target.addresses.empty()) continue;
    targets.push_back({target.name, target.addresses});
  }
  shell_.calls->beat(targets, own_heartbeat());
}

void ClusterKeeper::on_answer(const model::PeerHeartbeat& heartbeat,
                              const base::Endpoint& dialed) {
  hear(heartbeat, dialed);
}

void ClusterKeeper::on_no_answer(const base::Endpoint& dialed) {
  step(membership::DialFailed{dialed});
}

model::PeerHeartbeat ClusterKeeper::on_heartbeat(
    const model::PeerHeartbeat& heartbeat) {
  hear(heartbeat, std::nullopt);
  return own_heartbeat();
}

void ClusterKeeper::hear(const model::PeerHeartbeat& heartbeat,
                         const std::optional<base::Endpoint>& dialed) {
  const model::PeerName& name = heartbeat.sender.name;
  const bool first = !told_.contains(name);
  Told& told = told_[name];
  const auto serves = [](model::ServerState state) {
    return state != model::ServerState::kPaused &&
           state != model::ServerState::kDraining;
  };
  const bool stopped = serves(told.state) && !serves(heartbeat.state);
  const bool restarted = !first && heartbeat.restarts > told.restarts;
  told = {heartbeat.state, heartbeat.state_reason, now(), heartbeat.restarts};
  step(membership::Heard{heartbeat, dialed});
  if (!membership_.reachable(name)) return;
  if (first) history_.on_back(name, false, shell_.executor->wall_now());
  follow_holdings(heartbeat);
  driver_->on_heard(name);
  if (stopped) driver_->on_stopped(name);
  if (restarted) driver_->on_restarted(name);
}

// One that is paused has closed its connections: what it holds is of the past.
// While we are, nothing comes into the table.
void ClusterKeeper::follow_holdings(const model::PeerHeartbeat& heartbeat) {
  const model::PeerName& name = heartbeat.sender.name;
  if (heartbeat.state == model::ServerState::kRecovering) {
    // It does not know yet who of those it held is still there.
  } else if (heartbeat.state == model::ServerState::kPaused) {
    holdings_.on_lost(name);
  } else if (pause_reasons_.empty()) {
    holdings_.on_heartbeat(name, heartbeat.holdings, heartbeat.sent_at_ms);
  }
  check_copies();
}

void ClusterKeeper::on_holdings_change(const model::PeerName& from,
                                       const model::HoldingsChange& change) {
  if (pause_reasons_.empty()) holdings_.on_change(from, change);
}

// All are here and none serves: they mistrust themselves as well, or are
// paused. To refuse on would leave clients with nobody. One that is out of
// reach may serve, and is waited for.
bool ClusterKeeper::nobody_has_more() const {
  const model::PeerNames members = membership_.members(true);
  return std::all_of(members.begin(), members.end(), [&](const auto& name) {
    if (name == membership_.self().name) return true;
    const auto told = told_.find(name);
    return membership_.reachable(name) && told != told_.end() &&
           told->second.at > *resyncing_since_ &&
           told->second.state != model::ServerState::kServing;
  });
}

void ClusterKeeper::check_copies() {
  if (!resyncing_since_ && !copying_since_) return;
  bool somebody_serves = false;
  for (const model::PeerName& name : membership_.reachable()) {
    const auto told = told_.find(name);
    if (told == told_.end() ||
        told->second.state != model::ServerState::kServing) {
      continue;
    }
    somebody_serves = true;
    if (!holdings_.complete(name)) continue;
    if (resyncing_since_ && told->second.at > *resyncing_since_) {
      resyncing_since_.reset();
      shell_.service->on_resynced();
    }
    if (std::exchange(copying_since_, std::nullopt)) {
      shell_.service->end_copying(true);
    }
  }
  if (somebody_serves) return;
  if (resyncing_since_ && nobody_has_more()) {
    resyncing_since_.reset();
    shell_.service->on_resynced();
  }
  if (!copying_since_) return;
  // Nobody has it to give, as far as can be known by now.
  const auto targets = membership_.targets();
  const bool all_answered =
      std::all_of(targets.begin(), targets.end(), [&](const auto& target) {
        return target.name && told_.contains(*target.name);
      });
  const bool looked = all_answered || now() - *copying_since_ >=
                                          settings_.membership.join_max_wait;
  if (membership_.self().status == model::PeerStatus::kJoining || !looked) {
    return;
  }
  copying_since_.reset();
  shell_.service->end_copying(false);
}

void ClusterKeeper::on_probe(const model::PeerProbe& probe,
                             std::function<void(bool)> answer) {
  if (!membership_.reaches(probe, now())) return answer(false);
  if (probe.suspect == membership_.self().name) return answer(true);
  // Known is not enough: a live call, so that nobody's death is taken for a bad
  // link by those who notice it first.
  shell_.calls->probe(
      probe.suspect,
      {probe.suspect, probe.suspect_generation, probe.suspect_generation},
      [answer = std::move(answer)](base::Result<bool> alive) {
        answer(alive.value_or(false));
      });
}

void ClusterKeeper::on_heal(const model::PeerName& from,
                            const model::HealMessage& message) {
  const auto* record = membership_.table().find(from);
  if (record == nullptr || !record->member()) return;
  // Not only once its next heartbeat says so: who stops together is stopped
  // together.
  if (message.kind == model::HealKind::kStopped) {
    told_[from].state = model::ServerState::kPaused;
  }
  driver_->on_heal(from, message);
}

model::HealStatusReply ClusterKeeper::on_heal_status() const {
  return driver_->heal_status();
}

void ClusterKeeper::on_link_closed(const model::PeerName& peer) {
  step(membership::LinkClosed{peer});
}

// Reads are refused only while somebody else answers them.
void ClusterKeeper::mistrust(const std::string& why) {
  const model::PeerNames reachable = membership_.reachable();
  const bool somebody_serves =
      std::any_of(reachable.begin(), reachable.end(), [&](const auto& name) {
        return name != membership_.self().name &&
               state_of(name) == model::ServerState::kServing;
      });
  if (!somebody_serves || !pause_reasons_.empty()) return;
  shell_.service->start_resync(why);
  resyncing_since_ = now();
}

// Who is known by others' word and has not been heard since we started: to us
// it is lost from here on, however long it was before.
void ClusterKeeper::note_never_heard() {
  if (looked_for_silent_ || !settled()) return;
  looked_for_silent_ = true;
  for (const auto& [name, record] : membership_.table().records()) {
    if (!record.member() || membership_.reachable(name)) continue;
    if (membership_.lost_since(name)) continue;
    history_.on_lost(name, shell_.executor->wall_now());
  }
}

bool ClusterKeeper::settled() const {
  const bool joining =
      membership_.self().status == model::PeerStatus::kJoining &&
      !membership_.was_down();
  return !joining && now() - started_ >= settings_.membership.detector.timeout;
}

// Who else lost those that we have lost.
void ClusterKeeper::note_observers() {
  if (!history_.any_open()) return;
  for (const auto& [observer, subject] : membership_.observations()) {
    if (observer != membership_.self().name) {
      history_.on_seen_by(observer, subject);
    }
  }
}

bool ClusterKeeper::lost_lately(const model::PeerName& peer) const {
  const auto& records = history_.records();
  return std::any_of(records.begin(), records.end(), [&](const auto& record) {
    if (!record.peers.contains(peer)) return false;
    if (record.kind == membership::PartitionKind::kOneSided) return false;
    return record.open() || shell_.executor->wall_now() - *record.until <
                                settings_.membership.detector.timeout;
  });
}

void ClusterKeeper::set_peers(std::vector<base::Endpoint> peers) {
  step(membership::SeedsChanged{std::move(peers)});
}

void ClusterKeeper::step(const membership::Event& event) {
  for (const membership::Effect& effect : membership_.step(event, now())) {
    perform(effect);
  }
  if (std::exchange(view_changed_, false)) {
    driver_->on_view_changed();
    warn_of_settings();
    check_readiness();
  }
}

model::ServerState ClusterKeeper::state_of(const model::PeerName& peer) const {
  if (peer == membership_.self().name) return shell_.service->state();
  const auto told = told_.find(peer);
  return told == told_.end() ? model::ServerState::kStarting
                             : told->second.state;
}

// --- What drivers do ---

void ClusterKeeper::pause(const std::string& reason) {
  note("paused: " + reason);
  hold(PauseCause::kPolicy, reason);
}

void ClusterKeeper::resume() {
  note("resumed");
  let_go(PauseCause::kPolicy);
}

void ClusterKeeper::hold(PauseCause cause, const std::string& reason) {
  pause_reasons_[cause] = reason;
  shell_.service->pause(pause_reasons_.begin()->second);
}

void ClusterKeeper::hold_as_down() {
  hold(PauseCause::kDown,
       "set to down by " + membership_.self().partition_handling +
           "; waits for a serving member, or for more than half of all");
}

void ClusterKeeper::let_go(PauseCause cause) {
  if (pause_reasons_.erase(cause) == 0) return;
  if (pause_reasons_.empty()) {
    shell_.service->resume();
    mistrust("was paused");
  } else {
    shell_.service->pause(pause_reasons_.begin()->second);
  }
}

void ClusterKeeper::begin_restart(const std::string& reason) {
  note(reason);
  shell_.service->begin_restart(reason);
}

void ClusterKeeper::copy_configuration(const model::PeerName& winner,
                                       std::function<void()> done) {
  const std::uint64_t number = ++copies_;
  copying_ = true;
  const auto ended = [this, alive = alive_, number, winner,
                      done = std::move(done)](
                         const base::Result<std::size_t>& changed) {
    // Its restart has ended without it.
    if (!*alive || number != copies_) return;
    copying_ = false;
    note(changed ? "took the configuration of " + winner.value() + ": " +
                       std::to_string(*changed) + " changes"
                 : "kept its own configuration: " + changed.error().message);
    done();
  };
  logger_.info("takes the configuration of " + winner.value());
  copy_ = std::make_unique<ConfigurationCopy>(
      *shell_.executor, *shell_.calls, winner, ConfigurationCopy::Limits{},
      [this, ended](base::Result<PeerConfiguration> configuration) {
        if (!configuration) return ended(tl::unexpected(configuration.error()));
        shell_.service->take_configuration(*configuration, ended);
      });
}

void ClusterKeeper::end_restart(const model::PeerName& winner) {
  copy_.reset();
  ++copies_;
  if (std::exchange(copying_, false)) {
    note("kept its own configuration: " + winner.value() +
         " was lost or too slow while it told its own");
  }
  note("restarted");
  ++restarts_;
  shell_.service->end_restart(winner);
  mistrust("restarted after " + winner.value() + " had won");
}

void ClusterKeeper::set_down(const model::PeerNames& names,
                             const std::string& why) {
  const model::PeerNames reachable = membership_.reachable();
  if (std::includes(reachable.begin(), reachable.end(), names.begin(),
                    names.end())) {
    history_.on_bad_link(names, shell_.executor->wall_now());
  }
  note(why);
  deciding_ = true;
  step(membership::SetDown{names});
  deciding_ = false;
}

void ClusterKeeper::note(const std::string& action) {
  logger_.warn("partition handling", {{"action", action}});
  history_.note(action);
}

// --- Readiness, warnings, history ---

void ClusterKeeper::check_readiness() {
  const model::PeerNames members = membership_.members(true);
  std::map<model::PeerName, partition::MemberHealth> health;
  for (const model::PeerName& name : members) {
    const bool reachable = membership_.reachable(name);
    const model::ServerState state = state_of(name);
    const bool runs = state != model::ServerState::kPaused &&
                      state != model::ServerState::kDraining;
    // Oneself, paused or not, is not missing.
    const bool self = name == membership_.self().name;
    health[name] = {reachable && (runs || self),
                    reachable ? partition::Link::kUp : partition::Link::kDown};
  }
  readiness_.check(members, health);
  shell_.service->set_readiness(readiness_);
  tell_missing();
}

// Who has just started has yet to meet the others.
void ClusterKeeper::tell_missing() {
  const model::PeerNames missing = readiness_.missing();
  if (missing == missing_told_ || !settled()) return;
  missing_told_ = missing;
  if (missing.empty()) {
    logger_.info("all members are fine");
  } else {
    logger_.warn("not all members are fine",
                 {{"missing", model::to_string(missing)}});
  }
}

void ClusterKeeper::warn_of_settings() {
  partition::Roster roster;
  roster.members = membership_.members(true);
  roster.complete = membership_.members(true) == membership_.members(false);
  roster.unreachable_after = settings_.membership.detector.timeout;
  auto warnings = partition::warnings(settings_.partition, roster);
  if (auto fits = partition::check_roster(settings_.partition, roster); !fits) {
    warnings.insert(warnings.begin(), fits.error().message);
  }
  if (shell_.lease != nullptr && !shell_.lease->trouble().empty()) {
    warnings.push_back(shell_.lease->trouble());
  }
  if (warnings == warnings_) return;
  warnings_ = std::move(warnings);
  for (const std::string& warning : warnings_) {
    logger_.warn("cluster settings", {{"warning", warning}});
  }
}

void ClusterKeeper::keep_history(std::function<void(base::Status)> kept) {
  if (shell_.keep_partitions) {
    shell_.keep_partitions(history_, std::move(kept));
  } else if (kept) {
    kept({});
  }
}

}  // namespace waypost::cluster
