#include "broker_agent/core/observer_session.h"

#include <algorithm>
#include <utility>

#include "broker_agent/core/settings.h"

namespace waypost::agent {
namespace {

using base::Duration;
using base::ErrorCode;
using base::Instant;

// How often a nameserver that stays out of reach is mentioned again, and one
// that goes on knowing no broker at the address.
constexpr Duration kCannotReachReminder = std::chrono::seconds(30);
constexpr Duration kUnknownReminder = std::chrono::minutes(5);

// After as many intervals without a repetition an unhealthy verdict lapses.
constexpr int kIntervalsToLapse = 3;

std::string describe(const std::vector<model::ObservedBroker>& brokers) {
  std::string text;
  for (const model::ObservedBroker& each : brokers) {
    if (!text.empty()) text += ", ";
    text += each.broker.to_string() + " of cluster " + each.cluster.value();
  }
  return text;
}

}  // namespace

ObserverSession::ObserverSession(NameserverIndex index,
                                 const ObservationSettings& settings,
                                 base::Random random)
    : index_(index),
      settings_(settings),
      random_(random),
      reconnect_backoff_(settings.reconnect_min, settings.reconnect_max) {}

// --- The connection ---

void ObserverSession::on_connected(const model::HelloReply& hello, Instant now,
                                   Effects& effects) {
  if (phase_ != Phase::kConnecting) return;
  phase_ = Phase::kReady;
  reported_at_.reset();
  send_at_ = now;
  if (incarnation_.value() != 0 && incarnation_ != hello.incarnation) {
    note(effects, Note::What::kRestarted);
  }
  incarnation_ = hello.incarnation;
}

void ObserverSession::on_disconnected(const base::Error& error, Instant now,
                                      Effects& effects) {
  if (phase_ == Phase::kReady) {
    effects.push_back(Disconnect{link(), error.message});
    note(effects, Note::What::kNameserverLost, error.to_string());
  } else if (!reported_at_ || now - *reported_at_ >= kCannotReachReminder) {
    reported_at_ = now;
    note(effects, Note::What::kCannotReach, error.to_string());
  }
  end_connection(now);
}

void ObserverSession::end_connection(Instant now) {
  connect_at_ = now + reconnect_backoff_.next(random_);
  phase_ = Phase::kIdle;
  pending_ = false;
  told_healthy_.reset();
}

// --- What is due ---

bool ObserverSession::is_due(const Health& health, Instant now) const {
  if (pending_) return false;
  // A refusal has set send_at_ further ahead; a change does not hurry it.
  const bool changed =
      refusal_.empty() && told_healthy_ && *told_healthy_ != health.healthy;
  return changed || now >= send_at_;
}

void ObserverSession::advance(const std::optional<Health>& health, Instant now,
                              Effects& effects) {
  if (left_ || !listed_) return;
  if (phase_ == Phase::kIdle && now >= connect_at_) {
    connection_ = ConnectionNumber(connection_.value() + 1);
    phase_ = Phase::kConnecting;
    effects.push_back(Connect{link()});
  }
  if (phase_ == Phase::kReady && health && is_due(*health, now)) {
    send(*health, now, effects);
  }
}

Instant ObserverSession::next_wakeup(
    const std::optional<Health>& health) const {
  if (left_ || !listed_) return Instant::max();
  if (phase_ == Phase::kIdle) return connect_at_;
  if (phase_ == Phase::kConnecting || pending_ || !health) {
    return Instant::max();
  }
  return send_at_;
}

void ObserverSession::send(const Health& health, Instant now,
                           Effects& effects) {
  model::ObserveRequest request;
  request.address = settings_.address;
  request.healthy = health.healthy;
  request.action = settings_.unhealthy_action;
  request.reason = health.reason;
  request.lapses_after = kIntervalsToLapse * settings_.interval;
  pending_ = true;
  sent_at_ = now;
  sent_healthy_ = health.healthy;
  send_at_ = now + random_.jittered(settings_.interval, kHeartbeatJitter);
  effects.push_back(
      SendObserve{link(), std::move(request), settings_.rpc_timeout});
}

// --- Answers ---

void ObserverSession::on_observe_done(
    const base::Result<model::ObserveReply>& reply, Instant now,
    Effects& effects) {
  if (!pending_) return;
  pending_ = false;
  if (!reply) return on_failed(reply.error(), now, effects);
  reconnect_backoff_.reset();
  refusal_.clear();
  on_found(reply->brokers, now, effects);
  const bool news =
      told_healthy_ ? *told_healthy_ != sent_healthy_ : !sent_healthy_;
  if (news && knows_broker()) {
    note(effects, Note::What::kVerdictSent,
         describe(*known_) + " is " + (sent_healthy_ ? "healthy" : "unhealthy"),
         now - sent_at_);
  }
  told_healthy_ = sent_healthy_;
}

void ObserverSession::on_found(const Brokers& brokers, Instant now,
                               Effects& effects) {
  const bool changed = !known_ || *known_ != brokers;
  const std::string before =
      known_ && !known_->empty() ? describe(*known_) : std::string();
  known_ = brokers;
  const std::string address = settings_.address.to_string();
  if (!brokers.empty()) {
    if (!changed) return;
    note(effects, Note::What::kObserves,
         describe(brokers) + " at " + address +
             (before.empty() ? "" : ", was " + before));
    return;
  }
  if (!changed && now - unknown_noted_at_ < kUnknownReminder) return;
  unknown_noted_at_ = now;
  note(effects, Note::What::kNobodyThere,
       before.empty() ? address : address + ", " + before + " has left it");
}

void ObserverSession::on_failed(const base::Error& error, Instant now,
                                Effects& effects) {
  switch (error.code) {
    case ErrorCode::kTimedOut:
      effects.push_back(
          Disconnect{link(), "a verdict was not answered in time"});
      note(effects, Note::What::kNameserverHung, "a verdict was not answered",
           now - sent_at_);
      return end_connection(now);
    case ErrorCode::kUnavailable:
    case ErrorCode::kCancelled:
      return on_disconnected(error, now, effects);
    case ErrorCode::kNotReady:
    case ErrorCode::kBusy:
      return;  // the next one is not far
    default:
      send_at_ =
          now + random_.jittered(settings_.refused_retry, kIntervalJitter);
      if (refusal_ == error.message) return;
      refusal_ = error.message;
      note(effects, Note::What::kVerdictRefused, error.to_string());
  }
}

void ObserverSession::leave(Effects& effects) {
  left_ = true;
  if (phase_ == Phase::kIdle) return;
  phase_ = Phase::kIdle;
  effects.push_back(Disconnect{link(), "the agent stops"});
}

void ObserverSession::set_listed(bool listed, Instant now, Effects& effects) {
  if (std::exchange(listed_, listed) == listed) return;
  if (!listed) {
    if (phase_ == Phase::kIdle) return;
    effects.push_back(Disconnect{link(), "it is not listed any more"});
    return end_connection(now);
  }
  // Nothing that is known of who was here before counts.
  incarnation_ = model::Incarnation();
  reported_at_.reset();
  refusal_.clear();
  known_.reset();
  reconnect_backoff_.reset();
  connect_at_ = now;
}

void ObserverSession::note(Effects& effects, Note::What what,
                           std::string detail, Duration elapsed) const {
  effects.push_back(Note{what, index_, elapsed, std::move(detail)});
}

}  // namespace waypost::agent
