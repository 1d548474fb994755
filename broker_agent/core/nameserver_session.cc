#include "broker_agent/core/nameserver_session.h"

#include <algorithm>

#include "broker_agent/core/requests.h"
#include "broker_agent/core/text.h"

namespace waypost::agent {
namespace {

using base::Duration;
using base::ErrorCode;
using base::Instant;

// How often a nameserver that stays out of reach is mentioned again.
constexpr Duration kCannotReachReminder = std::chrono::seconds(30);

// Delays while a nameserver says "busy" or "not ready".
constexpr Duration kBusyRetryMin = std::chrono::milliseconds(200);
constexpr Duration kBusyRetryMax = std::chrono::seconds(5);

}  // namespace

NameserverSession::NameserverSession(NameserverIndex index,
                                     const RegistrationSettings& settings,
                                     base::Random random)
    : index_(index),
      settings_(settings),
      random_(random),
      reconnect_backoff_(settings.reconnect_min, settings.reconnect_max),
      busy_backoff_(kBusyRetryMin, kBusyRetryMax) {}

// --- The connection ---

void NameserverSession::connect(Effects& effects) {
  connection_ = ConnectionNumber(connection_.value() + 1);
  phase_ = Phase::kConnecting;
  sent_on_link_ = false;
  told_ = false;
  effects.push_back(Connect{link()});
}

void NameserverSession::on_connected(const model::HelloReply& hello,
                                     Instant now, Effects& effects) {
  if (phase_ != Phase::kConnecting) return;
  phase_ = Phase::kReady;
  met_ = true;
  reported_at_.reset();
  forgetfulness_.reset();
  heartbeat_at_ = now + settings_.heartbeat_interval;
  if (!superseded_) blocked_until_ = Instant::min();
  note_incarnation(hello.incarnation, effects);
}

void NameserverSession::on_disconnected(const base::Error& error, Instant now,
                                        Effects& effects) {
  if (phase_ == Phase::kReady) return on_lost(error, now, effects);
  end_connection(now);
  if (!reported_at_ || now - *reported_at_ >= kCannotReachReminder) {
    reported_at_ = now;
    note(effects, Note::What::kCannotReach, error.to_string(),
         lost_at_ ? now - *lost_at_ : Duration{0});
  }
}

void NameserverSession::on_lost(const base::Error& error, Instant now,
                                Effects& effects) {
  effects.push_back(Disconnect{link(), error.message});
  end_connection(now);
  if (!leave_) note(effects, Note::What::kNameserverLost, error.to_string());
}

void NameserverSession::on_hung(std::string_view what, Instant since,
                                Instant now, Effects& effects) {
  const bool keep = sent_on_link_ && !superseded_ && !leave_;
  kept_open_ = kept_open_ || keep;
  effects.push_back(Disconnect{
      link(), std::string(what) + " was not answered in time", keep});
  end_connection(now);
  note(effects, Note::What::kNameserverHung,
       std::string(what) + " was not answered", now - since);
}

void NameserverSession::end_connection(Instant now) {
  if (told_ && !lost_at_) lost_at_ = now;
  // Who held our registration a moment ago is asked again at once; who only
  // accepts and closes is not.
  connect_at_ =
      now + (told_ ? random_.jittered(settings_.reconnect_first / 2, 1.0)
                   : reconnect_backoff_.next(random_));
  phase_ = Phase::kIdle;
  call_ = Call::kNone;
  heartbeat_pending_ = false;
  held_.reset();
}

void NameserverSession::note_incarnation(model::Incarnation incarnation,
                                         Effects& effects) {
  if (incarnation_.value() != 0 && incarnation_ != incarnation) {
    note(effects, Note::What::kRestarted);
    forgetfulness_.reset();
  }
  incarnation_ = incarnation;
}

// --- What is due ---

void NameserverSession::advance(const Desired& desired, Instant now,
                                Effects& effects) {
  if (phase_ == Phase::kReady) return reconcile(desired, now, effects);
  if (phase_ == Phase::kIdle && !leave_ && now >= connect_at_) {
    connect(effects);
  }
}

void NameserverSession::reconcile(const Desired& desired, Instant now,
                                  Effects& effects) {
  if (call_ != Call::kNone) return;
  if (leave_) return say_goodbye(now, effects);
  if (!desired.may_register) return;
  if (now >= blocked_until_) {
    blocked_until_ = Instant::min();
    if (!held_ || held_->epoch != desired.epoch || now >= register_at_) {
      return send_register(desired, model::RegisterMode::kFull, now, effects);
    }
    if (held_->topics->digest() != desired.topics->digest()) {
      return send_register(desired,
                           incremental_is_worth_it(desired)
                               ? model::RegisterMode::kIncremental
                               : model::RegisterMode::kFull,
                           now, effects);
    }
    if (held_->healthy != desired.health.healthy) {
      return send_verdict(desired, now, effects);
    }
  }
  if (held_ && !heartbeat_pending_ && now >= heartbeat_at_) {
    send_heartbeat(now, effects);
  }
}

// `held_` says exactly what the nameserver has for this connection and epoch,
// so a difference against it is safe; it saves nothing when most changed.
bool NameserverSession::incremental_is_worth_it(const Desired& desired) const {
  return diff_topics(*held_->topics, *desired.topics).size() * 2 <
         desired.topics->size();
}

Instant NameserverSession::next_wakeup(const Desired& desired) const {
  if (phase_ == Phase::kIdle) return leave_ ? Instant::max() : connect_at_;
  const bool waits = phase_ == Phase::kConnecting || call_ != Call::kNone ||
                     leave_ || !desired.may_register;
  if (waits) return Instant::max();
  Instant due = held_ ? register_at_ : Instant::max();
  if (blocked_until_ != Instant::min()) due = blocked_until_;
  if (held_ && !heartbeat_pending_) due = std::min(due, heartbeat_at_);
  return due;
}

// --- Calls ---

void NameserverSession::send_register(const Desired& desired,
                                      model::RegisterMode mode, Instant now,
                                      Effects& effects) {
  const Held content{desired.epoch, desired.topics, desired.health.healthy};
  call_is_refresh_ = told_ && held_ && held_->epoch == content.epoch &&
                     held_->healthy == content.healthy &&
                     held_->topics->digest() == content.topics->digest();
  model::RegisterRequest request =
      mode == model::RegisterMode::kFull
          ? full_registration(settings_, desired.epoch, *desired.topics,
                              desired.health)
          : incremental_registration(settings_, desired.epoch, *held_->topics,
                                     *desired.topics, desired.health);
  const Duration deadline = register_deadline(settings_, request);
  call_ = Call::kRegister;
  call_content_ = content;
  call_mode_ = mode;
  call_started_ = now;
  sent_on_link_ = true;
  blocked_until_ = Instant::min();
  ++registrations_;
  effects.push_back(SendRegister{link(), std::move(request), deadline});
}

void NameserverSession::send_verdict(const Desired& desired, Instant now,
                                     Effects& effects) {
  call_ = Call::kVerdict;
  call_content_ = *held_;
  call_content_.healthy = desired.health.healthy;
  call_started_ = now;
  blocked_until_ = Instant::min();
  effects.push_back(
      SendVerdict{link(), verdict(settings_, held_->epoch, desired.health),
                  settings_.rpc_timeout});
}

void NameserverSession::send_heartbeat(Instant now, Effects& effects) {
  heartbeat_pending_ = true;
  heartbeat_started_ = now;
  heartbeat_at_ =
      now + random_.jittered(settings_.heartbeat_interval, kHeartbeatJitter);
  heartbeat_after_ = registrations_;
  effects.push_back(SendHeartbeat{
      link(),
      {settings_.identity.broker, held_->epoch, held_->topics->digest()},
      settings_.rpc_timeout});
}

// --- Answers ---

void NameserverSession::on_register_done(
    const base::Result<model::RegisterReply>& reply, Instant now,
    Effects& effects) {
  if (call_ != Call::kRegister) return;
  if (!reply)
    return on_call_failed(reply.error(), "registration", now, effects);
  call_ = Call::kNone;
  note_incarnation(reply->incarnation, effects);
  note(effects,
       call_is_refresh_ ? Note::What::kRefreshed : Note::What::kRegistered,
       describe_registration(*reply, now), now - call_started_);
  if (call_mode_ == model::RegisterMode::kFull) {
    register_at_ =
        now + random_.jittered(settings_.register_interval, kIntervalJitter);
  }
  heartbeat_at_ =
      now + random_.jittered(settings_.heartbeat_interval, kHeartbeatJitter);
  held_ = call_content_;
  told_ = true;
  superseded_ = false;
  refusal_.clear();
  lost_at_.reset();
  reconnect_backoff_.reset();
  busy_backoff_.reset();
  if (std::exchange(kept_open_, false)) {
    effects.push_back(DropReplaced{index_});
  }
}

std::string NameserverSession::describe_registration(
    const model::RegisterReply& reply, Instant now) const {
  std::string text = format_count(call_content_.topics->size(), "topic");
  if (call_mode_ == model::RegisterMode::kIncremental) {
    text += ", changes only";
  }
  if (!call_content_.healthy) text += ", as unhealthy";
  if (lost_at_) {
    text += ", back after " + format_elapsed(now - *lost_at_);
  }
  if (superseded_) text += ", no newer process is registered any more";
  if (reply.state != model::ServerState::kServing) {
    text +=
        ", nameserver is " + std::string(model::server_state_name(reply.state));
  }
  return text;
}

void NameserverSession::on_heartbeat_done(
    const base::Result<model::HeartbeatReply>& reply, Instant now,
    Effects& effects) {
  if (!heartbeat_pending_) return;
  heartbeat_pending_ = false;
  if (!reply) {
    switch (reply.error().code) {
      case ErrorCode::kTimedOut:
        return on_hung("heartbeat", heartbeat_started_, now, effects);
      case ErrorCode::kUnavailable:
      case ErrorCode::kCancelled:
        return on_lost(reply.error(), now, effects);
      case ErrorCode::kNotReady:
      case ErrorCode::kBusy:
        return;  // the next one is not far
      default:
        // The registration will tell what is wrong.
        return on_forgotten(reply.error().to_string(), effects);
    }
  }
  const bool restarted = reply->incarnation != incarnation_;
  note_incarnation(reply->incarnation, effects);
  // An answer to what was sent before the latest registration says nothing
  // about that registration.
  if (!held_ || heartbeat_after_ != registrations_) return;
  if (reply->known) {
    forgetfulness_.on_remembered();
  } else {
    if (!restarted) forgetfulness_.on_forgotten();
    on_forgotten(restarted ? "it is a new process" : "it does not know us",
                 effects);
  }
}

void NameserverSession::on_verdict_done(
    const base::Result<model::VerdictReply>& reply, Instant now,
    Effects& effects) {
  if (call_ != Call::kVerdict) return;
  if (!reply) return on_call_failed(reply.error(), "verdict", now, effects);
  call_ = Call::kNone;
  if (!reply->known) return on_forgotten("it does not know us", effects);
  held_ = call_content_;
  note(effects, Note::What::kVerdictSent,
       call_content_.healthy ? "healthy" : "unhealthy", now - call_started_);
}

void NameserverSession::on_forgotten(std::string why, Effects& effects) {
  held_.reset();
  note(effects, Note::What::kForgotten, std::move(why));
  if (forgetfulness_.exceeded(random_)) {
    forgetfulness_.reset();
    contested_ = true;
    note(effects, Note::What::kContested);
  }
}

void NameserverSession::on_call_failed(const base::Error& error,
                                       std::string_view what, Instant now,
                                       Effects& effects) {
  const bool was_full =
      call_ == Call::kRegister && call_mode_ == model::RegisterMode::kFull;
  call_ = Call::kNone;
  switch (error.code) {
    case ErrorCode::kTimedOut:
      return on_hung(what, call_started_, now, effects);
    case ErrorCode::kUnavailable:
    case ErrorCode::kCancelled:
      return on_lost(error, now, effects);
    case ErrorCode::kStale:
      return on_superseded(error, now, effects);
    case ErrorCode::kNotReady:
    case ErrorCode::kBusy:
      return on_refused(error, busy_backoff_.next(random_), now, effects);
    default:
      held_.reset();
      // Whatever was wrong with a part may be right with the whole.
      if (!was_full) return;
      return on_refused(
          error, random_.jittered(settings_.refused_retry, kIntervalJitter),
          now, effects);
  }
}

void NameserverSession::on_refused(const base::Error& error,
                                   Duration retry_after, Instant now,
                                   Effects& effects) {
  blocked_until_ = now + retry_after;
  if (refusal_ == error.message) return;
  refusal_ = error.message;
  note(effects, Note::What::kRefused, error.to_string());
}

void NameserverSession::on_superseded(const base::Error& error, Instant now,
                                      Effects& effects) {
  held_.reset();
  blocked_until_ =
      now + random_.jittered(settings_.superseded_retry, kIntervalJitter);
  if (!std::exchange(superseded_, true)) {
    note(effects, Note::What::kSuperseded, error.to_string());
  }
}

void NameserverSession::forget_refusal() {
  if (!superseded_) blocked_until_ = Instant::min();
}

void NameserverSession::note(Effects& effects, Note::What what,
                             std::string detail, Duration elapsed) const {
  effects.push_back(Note{what, index_, elapsed, std::move(detail)});
}

// --- Leaving ---

void NameserverSession::leave(Leave how, Instant now, Effects& effects) {
  leave_ = how;
  if (phase_ == Phase::kConnecting) abandon(now, effects);
}

void NameserverSession::say_goodbye(Instant now, Effects& effects) {
  if (!held_) return abandon(now, effects);
  call_ = Call::kGoodbye;
  call_started_ = now;
  const model::BrokerKey& broker = settings_.identity.broker;
  if (*leave_ == Leave::kUnregister) {
    effects.push_back(SendUnregister{link(),
                                     {broker, held_->epoch, "the agent stops"},
                                     settings_.stop_timeout});
  } else {
    effects.push_back(
        SendHandover{link(),
                     {broker, held_->epoch, settings_.handover_grace},
                     settings_.stop_timeout});
  }
}

void NameserverSession::on_left(const base::Status& reply, Instant now,
                                Effects& effects) {
  if (call_ != Call::kGoodbye) return;
  note(effects,
       *leave_ == Leave::kUnregister ? Note::What::kUnregistered
                                     : Note::What::kHandedOver,
       reply ? std::string() : reply.error().to_string(), now - call_started_);
  abandon(now, effects);
}

void NameserverSession::give_up_leaving(Instant now, Effects& effects) {
  note(effects, Note::What::kLeftWithoutGoodbye);
  abandon(now, effects);
}

void NameserverSession::abandon(Instant now, Effects& effects) {
  if (phase_ == Phase::kIdle) return;
  effects.push_back(Disconnect{link(), "the agent stops"});
  end_connection(now);
}

}  // namespace waypost::agent
