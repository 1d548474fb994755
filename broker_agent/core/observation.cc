#include "broker_agent/core/observation.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace waypost::agent {

using base::Instant;

Observation::Observation(ObservationSettings settings)
    : settings_(std::move(settings)), random_(settings_.seed) {
  sessions_.reserve(settings_.nameserver_count);
  for (std::size_t i = 0; i < settings_.nameserver_count; ++i) {
    sessions_.emplace_back(NameserverIndex(i), settings_, random_.fork());
  }
}

Effects Observation::step(const Event& event, Instant now) {
  Effects effects;
  if (finished_) return effects;
  std::visit([&](const auto& each) { on_event(each, now, effects); }, event);
  for (ObserverSession& session : sessions_) {
    session.advance(health_, now, effects);
  }
  return effects;
}

Instant Observation::next_wakeup() const {
  Instant due = Instant::max();
  for (const ObserverSession& session : sessions_) {
    due = std::min(due, session.next_wakeup(health_));
  }
  return due;
}

std::size_t Observation::registered_count() const {
  return static_cast<std::size_t>(std::count_if(
      sessions_.begin(), sessions_.end(),
      [](const ObserverSession& each) { return each.knows_broker(); }));
}

ObserverSession* Observation::find(const Link& link) {
  if (link.nameserver.value() >= sessions_.size()) return nullptr;
  ObserverSession& session = sessions_[link.nameserver.value()];
  return session.is_current(link) ? &session : nullptr;
}

void Observation::on_event(const Connected& event, Instant now,
                           Effects& effects) {
  if (auto* session = find(event.link)) {
    session->on_connected(event.hello, now, effects);
  }
}

void Observation::on_event(const Disconnected& event, Instant now,
                           Effects& effects) {
  if (auto* session = find(event.link)) {
    session->on_disconnected(event.error, now, effects);
  }
}

void Observation::on_event(const ObserveDone& event, Instant now,
                           Effects& effects) {
  if (auto* session = find(event.link)) {
    session->on_observe_done(event.reply, now, effects);
  }
}

void Observation::on_event(const HealthChanged& event, Instant /*now*/,
                           Effects& effects) {
  health_ = event.health;
  effects.push_back(Note{
      event.health.healthy ? Note::What::kHealthy : Note::What::kUnhealthy,
      std::nullopt, base::Duration{0},
      settings_.address.to_string() +
          (event.health.reason.empty() ? "" : ": " + event.health.reason)});
}

void Observation::on_event(const NameserversListed& event, Instant now,
                           Effects& effects) {
  while (sessions_.size() < event.listed.size()) {
    sessions_.emplace_back(NameserverIndex(sessions_.size()), settings_,
                           random_.fork());
  }
  for (std::size_t i = 0; i < event.listed.size(); ++i) {
    sessions_[i].set_listed(event.listed[i], now, effects);
  }
}

void Observation::on_event(const Stop& /*event*/, Instant /*now*/,
                           Effects& effects) {
  finished_ = true;
  for (ObserverSession& session : sessions_) session.leave(effects);
  effects.push_back(
      Note{Note::What::kStopped, std::nullopt, base::Duration{0}, ""});
  effects.push_back(Finished{});
}

}  // namespace waypost::agent
