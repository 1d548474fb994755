#include "broker_agent/core/nameserver_session.h"

#include <algorithm>

#include "broker_agent/core/requests.h"
#include "broker_agent/core/text.h"

namespace waypost::agent {
namespace {

using base::Duration;
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
  heartbeat_at_ = now + settings_.heartbeat_interval;
  // Who was superseded stays back also on a new connection, unless he made it
  // to look again: at a restarted nameserver the newer process goes first.
  if (!is_superseded() || std::exchange(looks_again_, false)) {
    blocked_until_ = Instant::min();
  }
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
  const bool keep = sent_on_link_ && !is_superseded() && !leave_;
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
  }
  incarnation_ = incarnation;
}

// --- What is due ---

void NameserverSession::advance(const Desired& desired, Instant now,
                                Effects& effects) {
  if (phase_ == Phase::kReady) return reconcile(desired, now, effects);
  if (phase_ == Phase::kIdle && !leave_ && listed_ && now >= connect_at_) {
    connect(effects);
  }
}

void NameserverSession::reconcile(const Desired& desired, Instant now,
                                  Effects& effects) {
  if (call_ != Call::kNone) return;
  if (leave_) return say_goodbye(now, effects);
  if (!desired.may_register) return;
  if (now >= blocked_until_) {
    const bool was_blocked =
        std::exchange(blocked_until_, Instant::min()) != Instant::min();
    if (was_blocked && superseded_as_ == desired.epoch) {
      return look_again(now, effects);
    }
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

// Only a new hello tells the largest epoch; see Registration.
void NameserverSession::look_again(Instant now, Effects& effects) {
  looks_again_ = true;
  effects.push_back(Disconnect{link(), "looks whether it is still superseded"});
  end_connection(now);
  connect_at_ = now;
  connect(effects);
}

// `held_` says exactly what the nameserver has for this connection and epoch,
// so a difference against it is safe; it saves nothing when most changed.
bool NameserverSession::incremental_is_worth_it(const Desired& desired) const {
  return diff_topics(*held_->topics, *desired.topics).size() * 2 <
         desired.topics->size();
}

Instant NameserverSession::next_wakeup(const Desired& desired) const {
  if (phase_ == Phase::kIdle) {
    return leave_ || !listed_ ? Instant::max() : connect_at_;
  }
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

// --- What changed elsewhere ---

void NameserverSession::on_topics_changed() {
  if (!is_superseded()) blocked_until_ = Instant::min();
}

void NameserverSession::on_epoch_raised() { blocked_until_ = Instant::min(); }

void NameserverSession::note(Effects& effects, Note::What what,
                             std::string detail, Duration elapsed) const {
  effects.push_back(Note{what, index_, elapsed, std::move(detail)});
}

// --- The list of nameservers ---

void NameserverSession::set_listed(bool listed, Instant now, Effects& effects) {
  if (std::exchange(listed_, listed) == listed) return;
  if (!listed) {
    if (phase_ != Phase::kIdle) {
      effects.push_back(Disconnect{link(), "it is not listed any more"});
      end_connection(now);
    }
    if (std::exchange(kept_open_, false))
      effects.push_back(DropReplaced{index_});
    return;
  }
  // Nothing that is known of who was here before counts.
  met_ = false;
  told_ = false;
  stands_by_ = false;
  looks_again_ = false;
  incarnation_ = model::Incarnation();
  lost_at_.reset();
  reported_at_.reset();
  superseded_as_.reset();
  refusal_.clear();
  blocked_until_ = Instant::min();
  reconnect_backoff_.reset();
  busy_backoff_.reset();
  connect_at_ = now;
}

void NameserverSession::stand_by(Instant now, Effects& effects) {
  effects.push_back(Disconnect{
      link(), "the nameserver has another address, and a connection there"});
  end_connection(now);
  stands_by_ = true;
  connect_at_ = now + random_.jittered(settings_.refused_retry, 0.1);
}

void NameserverSession::stand_by_no_longer(Instant now) {
  if (std::exchange(stands_by_, false)) connect_at_ = now;
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
