#ifndef WAYPOST_BROKER_AGENT_CORE_OBSERVATION_H_
#define WAYPOST_BROKER_AGENT_CORE_OBSERVATION_H_

#include <optional>
#include <vector>

#include "broker_agent/core/agent_core.h"
#include "broker_agent/core/observer_session.h"

namespace waypost::agent {

// Watches a broker that registers itself, such as a stock RocketMQ broker, and
// tells all nameservers how it is: one session for each, independent of the
// others. It registers nothing, and when it ends its last unhealthy verdict
// lapses. The broker is named by the address it registered, so name and id are
// the nameservers' to know, and a broker that has moved away is left alone.
class Observation final : public AgentCore {
 public:
  explicit Observation(ObservationSettings settings);
  Observation(const Observation&) = delete;  // sessions refer to settings_
  Observation& operator=(const Observation&) = delete;

  Effects step(const Event& event, base::Instant now) override;
  base::Instant next_wakeup() const override;
  // How many nameservers have a broker at the address.
  std::size_t registered_count() const override;

 private:
  void on_event(const Connected& event, base::Instant now, Effects& effects);
  void on_event(const Disconnected& event, base::Instant now, Effects& effects);
  void on_event(const ObserveDone& event, base::Instant now, Effects& effects);
  void on_event(const HealthChanged& event, base::Instant now,
                Effects& effects);
  void on_event(const NameserversListed& event, base::Instant now,
                Effects& effects);
  void on_event(const Stop& event, base::Instant now, Effects& effects);
  template <typename Other>
  void on_event(const Other& /*event*/, base::Instant /*now*/,
                Effects& /*effects*/) {}

  // The session of a link, or null when the link is not its current one.
  ObserverSession* find(const Link& link);

  const ObservationSettings settings_;
  base::Random random_;
  std::vector<ObserverSession> sessions_;
  std::optional<Health> health_;  // none: no verdict yet
  bool finished_ = false;
};

}  // namespace waypost::agent

#endif  // WAYPOST_BROKER_AGENT_CORE_OBSERVATION_H_
