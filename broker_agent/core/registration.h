#ifndef WAYPOST_BROKER_AGENT_CORE_REGISTRATION_H_
#define WAYPOST_BROKER_AGENT_CORE_REGISTRATION_H_

#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "broker_agent/core/agent_core.h"
#include "broker_agent/core/events.h"
#include "broker_agent/core/nameserver_session.h"
#include "broker_agent/core/settings.h"

namespace waypost::agent {

// An agent's registration with all its nameservers: what shall be registered
// (topics, health, epoch) and one session for each nameserver that sees to it.
//
// The epoch orders the processes of one broker across nameservers: ours is one
// more than the largest that a nameserver reported at its first hello, whatever
// our clock says; and at least the time of our start, so that a nameserver that
// hung meanwhile and remembers an earlier process takes that one for the newer
// only if the clock went back. The first nameserver that answers is registered
// with at once; if one met later, still during start-up, knows a larger or the
// same epoch, ours is raised and registered again everywhere. After start-up it
// never moves because of a hello: then a larger epoch belongs to a newer
// process, which has taken over, and we stand back (kSuperseded) instead of
// fighting for the name. The exception are two processes that took the same
// epoch because they started together: the one that sees it first, when it was
// superseded and looks again, raises its own, once.
class Registration final : public AgentCore {
 public:
  Registration(RegistrationSettings settings, TopicListPtr topics);
  Registration(const Registration&) = delete;  // sessions refer to settings_
  Registration& operator=(const Registration&) = delete;

  Effects step(const Event& event, base::Instant now) override;
  base::Instant next_wakeup() const override;

  model::Epoch epoch() const { return desired_.epoch; }
  const Health& health() const { return desired_.health; }
  const TopicListPtr& topics() const { return desired_.topics; }
  // With how many nameservers the broker is registered now.
  std::size_t registered_count() const override;

 private:
  void on_event(const Connected& event, base::Instant now, Effects& effects);
  void on_event(const Disconnected& event, base::Instant now, Effects& effects);
  void on_event(const RegisterDone& event, base::Instant now, Effects& effects);
  void on_event(const HeartbeatDone& event, base::Instant now,
                Effects& effects);
  void on_event(const VerdictDone& event, base::Instant now, Effects& effects);
  void on_event(const ObserveDone&, base::Instant, Effects&) {}
  void on_event(const UnregisterDone& event, base::Instant now,
                Effects& effects);
  void on_event(const HandoverDone& event, base::Instant now, Effects& effects);
  void on_event(const TopicsChanged& event, base::Instant now,
                Effects& effects);
  void on_event(const HealthChanged& event, base::Instant now,
                Effects& effects);
  void on_event(const NameserversListed& event, base::Instant now,
                Effects& effects);
  void on_event(const Tick& event, base::Instant now, Effects& effects);
  void on_event(const Stop& event, base::Instant now, Effects& effects);

  // The session of a link, or null when the link is not its current one.
  NameserverSession* find(const Link& link);
  void learn_epoch(model::Epoch largest, base::Instant now, Effects& effects);
  void raise_epoch(model::Epoch epoch, std::string why, Effects& effects);
  void advance(base::Instant now, Effects& effects);
  void finish_when_left(base::Instant now, Effects& effects);

  RegistrationSettings settings_;
  base::Random random_;
  std::vector<NameserverSession> sessions_;
  Desired desired_;
  bool verdict_known_ = false;
  std::optional<base::Instant> started_at_;
  std::optional<base::Instant> epoch_chosen_at_;
  std::optional<base::Instant> stop_deadline_;
  bool finished_ = false;
};

}  // namespace waypost::agent

#endif  // WAYPOST_BROKER_AGENT_CORE_REGISTRATION_H_
