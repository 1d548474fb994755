#ifndef WAYPOST_BROKER_AGENT_CORE_NAMESERVER_SESSION_H_
#define WAYPOST_BROKER_AGENT_CORE_NAMESERVER_SESSION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/random.h"
#include "broker_agent/core/events.h"
#include "broker_agent/core/settings.h"

namespace waypost::agent {

// What every nameserver shall hold about the broker.
struct Desired {
  bool may_register = false;  // epoch and first verdict are there
  model::Epoch epoch;
  TopicListPtr topics;
  Health health;
};

// The registration with one nameserver. It knows what the nameserver is known
// to hold (`held_`) and what it shall hold (Desired), and whenever it is
// connected and nothing is under way it sends what closes the gap: a full
// registration, an incremental one, a verdict, or nothing but a heartbeat. So
// there is no list of cases for replies that come late, twice or never: each
// failure only makes `held_` smaller. Sessions do not know of each other, which
// is why a dead nameserver delays nobody else.
//
// One call that changes something is under way at a time, because a nameserver
// may process liveness before registrations: a registration that still says
// "healthy" must not overtake the verdict that was sent after it. A pure value.
class NameserverSession {
 public:
  NameserverSession(NameserverIndex index, const RegistrationSettings& settings,
                    base::Random random);

  // Events of a link that is not the current one are ignored. Each is followed
  // by a call of advance.
  void on_connected(const model::HelloReply& hello, base::Instant now,
                    Effects& effects);
  void on_disconnected(const base::Error& error, base::Instant now,
                       Effects& effects);
  void on_register_done(const base::Result<model::RegisterReply>& reply,
                        base::Instant now, Effects& effects);
  void on_heartbeat_done(const base::Result<model::HeartbeatReply>& reply,
                         base::Instant now, Effects& effects);
  void on_verdict_done(const base::Result<model::VerdictReply>& reply,
                       base::Instant now, Effects& effects);
  // The answer to the goodbye, whatever it is.
  void on_left(const base::Status& reply, base::Instant now, Effects& effects);

  // Does everything that is due.
  void advance(const Desired& desired, base::Instant now, Effects& effects);

  // From now on it is in the list of nameservers, or not.
  void set_listed(bool listed, base::Instant now, Effects& effects);
  // What was just connected to is the nameserver that another session holds, by
  // another address. Two connections would take the registration from each
  // other; this one waits until that one ends.
  void stand_by(base::Instant now, Effects& effects);
  void stand_by_no_longer(base::Instant now);
  // Connected to this process, and not standing by.
  bool holds(model::Incarnation incarnation) const {
    return phase_ == Phase::kReady && incarnation_ == incarnation;
  }

  // A refusal may have lost its reason: try again at once. Being superseded has
  // not, unless our epoch is another one.
  void on_topics_changed();
  void on_epoch_raised();

  // From now on: says goodbye as soon as nothing is under way, then
  // disconnects. `left` is true when that is done.
  void leave(Leave how, base::Instant now, Effects& effects);
  // Disconnects without waiting any longer, and says so.
  void give_up_leaving(base::Instant now, Effects& effects);
  bool left() const { return leave_ && phase_ == Phase::kIdle; }

  bool is_current(const Link& link) const {
    return link == this->link() && phase_ != Phase::kIdle;
  }
  // Known to hold what is desired.
  bool is_registered() const { return held_.has_value(); }
  bool met() const { return met_; }
  // Another process of the same or a newer epoch holds the registration.
  bool is_superseded() const { return superseded_as_.has_value(); }

  // When advance has something to do without an event; Instant::max(): never.
  base::Instant next_wakeup(const Desired& desired) const;

 private:
  enum class Phase : std::uint8_t { kIdle, kConnecting, kReady };
  enum class Call : std::uint8_t { kNone, kRegister, kVerdict, kGoodbye };

  // What a nameserver holds, as far as it confirmed it.
  struct Held {
    model::Epoch epoch;
    TopicListPtr topics;
    bool healthy = true;
  };

  Link link() const { return {index_, connection_}; }

  void connect(Effects& effects);
  void reconcile(const Desired& desired, base::Instant now, Effects& effects);
  void send_register(const Desired& desired, model::RegisterMode mode,
                     base::Instant now, Effects& effects);
  void send_verdict(const Desired& desired, base::Instant now,
                    Effects& effects);
  void send_heartbeat(base::Instant now, Effects& effects);
  void look_again(base::Instant now, Effects& effects);
  void say_goodbye(base::Instant now, Effects& effects);
  void abandon(base::Instant now, Effects& effects);
  bool incremental_is_worth_it(const Desired& desired) const;

  void on_call_failed(const base::Error& error, std::string_view what,
                      base::Instant now, Effects& effects);
  void on_hung(std::string_view what, base::Instant since, base::Instant now,
               Effects& effects);
  void on_lost(const base::Error& error, base::Instant now, Effects& effects);
  void on_superseded(const base::Error& error, base::Instant now,
                     Effects& effects);
  void on_refused(const base::Error& error, base::Duration retry_after,
                  base::Instant now, Effects& effects);
  void on_forgotten(std::string why, Effects& effects);
  void note_incarnation(model::Incarnation incarnation, Effects& effects);
  void end_connection(base::Instant now);
  std::string describe_registration(const model::RegisterReply& reply,
                                    base::Instant now) const;
  void note(Effects& effects, Note::What what, std::string detail = {},
            base::Duration elapsed = base::Duration{0}) const;

  const NameserverIndex index_;
  const RegistrationSettings& settings_;
  base::Random random_;
  base::Backoff reconnect_backoff_;
  base::Backoff busy_backoff_;

  Phase phase_ = Phase::kIdle;
  ConnectionNumber connection_;
  base::Instant connect_at_ = base::Instant::min();
  model::Incarnation incarnation_;            // 0: never met
  bool met_ = false;                          // hello was answered once
  std::optional<base::Instant> lost_at_;      // since when not registered
  std::optional<base::Instant> reported_at_;  // kCannotReach was noted

  // The one call under way that changes something.
  Call call_ = Call::kNone;
  Held call_content_;
  model::RegisterMode call_mode_ = model::RegisterMode::kFull;
  bool call_is_refresh_ = false;  // it repeats what is held
  base::Instant call_started_;

  std::optional<Held> held_;
  bool sent_on_link_ = false;  // a registration was sent on this connection
  bool told_ = false;          // ... and the first one was confirmed
  bool kept_open_ = false;     // an older, hung connection is
  base::Instant register_at_;  // the periodic one
  base::Instant blocked_until_ = base::Instant::min();  // refused or busy
  // With which epoch of ours we were superseded.
  std::optional<model::Epoch> superseded_as_;
  bool looks_again_ = false;  // reconnects to see whether that still holds
  std::string refusal_;       // the last that was noted

  bool heartbeat_pending_ = false;
  base::Instant heartbeat_at_;
  base::Instant heartbeat_started_;
  std::uint64_t registrations_ = 0;    // sent, ever
  std::uint64_t heartbeat_after_ = 0;  // registrations_ when it was sent

  bool listed_ = true;
  bool stands_by_ = false;
  std::optional<Leave> leave_;
};

}  // namespace waypost::agent

#endif  // WAYPOST_BROKER_AGENT_CORE_NAMESERVER_SESSION_H_
