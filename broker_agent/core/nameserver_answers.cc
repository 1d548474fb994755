// What a nameserver answered, or did not: the second half of
// NameserverSession.

#include <string>
#include <string_view>
#include <utility>

#include "broker_agent/core/nameserver_session.h"
#include "broker_agent/core/text.h"

namespace waypost::agent {

using base::Duration;
using base::ErrorCode;
using base::Instant;

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
  superseded_as_.reset();
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
  if (is_superseded()) text += ", no newer process is registered any more";
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
  if (!reply->known) {
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
  if (!is_superseded()) {
    note(effects, Note::What::kSuperseded, error.to_string());
  }
  superseded_as_ = call_content_.epoch;
}

}  // namespace waypost::agent
