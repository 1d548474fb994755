#ifndef WAYPOST_BROKER_AGENT_CORE_OBSERVER_SESSION_H_
#define WAYPOST_BROKER_AGENT_CORE_OBSERVER_SESSION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/random.h"
#include "broker_agent/core/events.h"

namespace waypost::agent {

// The defaults are those of the profile `rocketmq-4`.
struct ObservationSettings {
  base::Endpoint address;  // as the broker registered it
  std::size_t nameserver_count = 0;
  std::uint64_t seed = 0;  // of all jitter

  // The verdict is repeated this often and lapses after three times as long.
  base::Duration interval = std::chrono::seconds(1);
  // A call that is not answered for this long means a hung nameserver.
  base::Duration rpc_timeout = std::chrono::seconds(3);
  // Delays between attempts to connect, drawn below a ceiling that doubles.
  base::Duration reconnect_min = std::chrono::milliseconds(100);
  base::Duration reconnect_max = std::chrono::milliseconds(750);
  base::Duration refused_retry = std::chrono::seconds(30);

  model::VerdictAction unhealthy_action =
      model::VerdictAction::kRemoveFromRoutes;
};

// Tells one nameserver how a broker is that registers itself: the verdict when
// it changes, at once, and each interval again, so that it does not lapse and a
// nameserver that is new, was restarted, or did not know the broker yet has it
// an interval later. There is no other state to agree on, which is why nothing
// else is ever repaired here. A pure value.
class ObserverSession {
 public:
  ObserverSession(NameserverIndex index, const ObservationSettings& settings,
                  base::Random random);

  // Events of a link that is not the current one are to be left out. Each is
  // followed by a call of advance.
  void on_connected(const model::HelloReply& hello, base::Instant now,
                    Effects& effects);
  void on_disconnected(const base::Error& error, base::Instant now,
                       Effects& effects);
  void on_observe_done(const base::Result<model::ObserveReply>& reply,
                       base::Instant now, Effects& effects);

  // Does everything that is due; no verdict yet: `health` is none.
  void advance(const std::optional<Health>& health, base::Instant now,
               Effects& effects);
  base::Instant next_wakeup(const std::optional<Health>& health) const;

  // Closes the connection, for good.
  void leave(Effects& effects);
  // From now on it is in the list of nameservers, or not.
  void set_listed(bool listed, base::Instant now, Effects& effects);

  bool is_current(const Link& link) const {
    return link == this->link() && phase_ != Phase::kIdle;
  }
  bool knows_broker() const { return known_ && !known_->empty(); }

 private:
  enum class Phase : std::uint8_t { kIdle, kConnecting, kReady };
  using Brokers = std::vector<model::ObservedBroker>;

  Link link() const { return {index_, connection_}; }
  bool is_due(const Health& health, base::Instant now) const;
  void send(const Health& health, base::Instant now, Effects& effects);
  void on_failed(const base::Error& error, base::Instant now, Effects& effects);
  void on_found(const Brokers& brokers, base::Instant now, Effects& effects);
  void end_connection(base::Instant now);
  void note(Effects& effects, Note::What what, std::string detail = {},
            base::Duration elapsed = base::Duration{0}) const;

  const NameserverIndex index_;
  const ObservationSettings& settings_;
  base::Random random_;
  base::Backoff reconnect_backoff_;

  Phase phase_ = Phase::kIdle;
  ConnectionNumber connection_;
  base::Instant connect_at_ = base::Instant::min();
  model::Incarnation incarnation_;            // 0: never met
  std::optional<base::Instant> reported_at_;  // kCannotReach was noted

  bool pending_ = false;  // a verdict is under way
  base::Instant sent_at_;
  bool sent_healthy_ = true;
  std::optional<bool> told_healthy_;  // what the nameserver has of this link
  base::Instant send_at_ = base::Instant::min();  // the next repetition
  std::string refusal_;                           // the last that was noted

  // Who is registered at the address; none: it has not said yet.
  std::optional<Brokers> known_;
  base::Instant unknown_noted_at_;
  bool listed_ = true;
  bool left_ = false;
};

}  // namespace waypost::agent

#endif  // WAYPOST_BROKER_AGENT_CORE_OBSERVER_SESSION_H_
