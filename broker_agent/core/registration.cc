#include "broker_agent/core/registration.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <variant>

namespace waypost::agent {
namespace {

using base::Instant;

void note(Effects& effects, Note::What what, std::string detail) {
  effects.push_back(
      Note{what, std::nullopt, base::Duration{0}, std::move(detail)});
}

// The largest epoch of all has no successor; only a nameserver out of its mind
// reports it, and then the same again does no harm.
model::Epoch successor(model::Epoch epoch) {
  const auto value = epoch.value();
  return model::Epoch(
      value == std::numeric_limits<std::uint64_t>::max() ? value : value + 1);
}

// A goodbye's answer matters only as answered or not.
template <typename Reply>
base::Status status_of(const base::Result<Reply>& reply) {
  if (reply) return {};
  return tl::unexpected(reply.error());
}

}  // namespace

Registration::Registration(RegistrationSettings settings, TopicListPtr topics)
    : settings_(std::move(settings)), random_(settings_.seed) {
  desired_.topics = std::move(topics);
  sessions_.reserve(settings_.nameserver_count);
  for (std::size_t i = 0; i < settings_.nameserver_count; ++i) {
    sessions_.emplace_back(NameserverIndex(i), settings_, random_.fork());
  }
}

Effects Registration::step(const Event& event, Instant now) {
  Effects effects;
  if (finished_) return effects;
  if (!started_at_) started_at_ = now;
  std::visit([&](const auto& each) { on_event(each, now, effects); }, event);
  advance(now, effects);
  finish_when_left(now, effects);
  return effects;
}

void Registration::advance(Instant now, Effects& effects) {
  desired_.may_register =
      desired_.epoch.value() != 0 &&
      (verdict_known_ || now >= *started_at_ + settings_.first_verdict_wait);
  for (NameserverSession& session : sessions_) {
    session.advance(desired_, now, effects);
  }
}

Instant Registration::next_wakeup() const {
  if (finished_) return Instant::max();
  if (!started_at_) return Instant::min();
  Instant due = stop_deadline_.value_or(Instant::max());
  if (desired_.epoch.value() != 0 && !desired_.may_register) {
    due = std::min(due, *started_at_ + settings_.first_verdict_wait);
  }
  for (const NameserverSession& session : sessions_) {
    due = std::min(due, session.next_wakeup(desired_));
  }
  return due;
}

std::size_t Registration::registered_count() const {
  return static_cast<std::size_t>(std::count_if(
      sessions_.begin(), sessions_.end(),
      [](const NameserverSession& each) { return each.is_registered(); }));
}

NameserverSession* Registration::find(const Link& link) {
  if (link.nameserver.value() >= sessions_.size()) return nullptr;
  NameserverSession& session = sessions_[link.nameserver.value()];
  return session.is_current(link) ? &session : nullptr;
}

void Registration::on_event(const Connected& event, Instant now,
                            Effects& effects) {
  NameserverSession* session = find(event.link);
  if (session == nullptr) return;
  const model::Incarnation incarnation = event.hello.incarnation;
  const bool held = incarnation.value() != 0 &&
                    std::any_of(sessions_.begin(), sessions_.end(),
                                [&](const NameserverSession& each) {
                                  return each.holds(incarnation);
                                });
  if (held) return session->stand_by(now, effects);
  const model::Epoch largest = event.hello.largest_epoch;
  if (!session->met()) {
    learn_epoch(largest, now, effects);
  } else if (session->is_superseded() && largest == desired_.epoch) {
    // Neither of two processes with one epoch is the newer one, and each may
    // hold some nameservers. One of them becomes the newer one; the other then
    // sees an epoch above its own and leaves it at that.
    note(effects, Note::What::kContested, "");
    raise_epoch(successor(largest), "another process has the same", effects);
  }
  session->on_connected(event.hello, now, effects);
}

void Registration::learn_epoch(model::Epoch largest, Instant now,
                               Effects& effects) {
  const model::Epoch next = std::max(successor(largest), settings_.epoch_min);
  if (!epoch_chosen_at_) {
    epoch_chosen_at_ = now;
    return raise_epoch(next, "", effects);
  }
  const bool starting_up = now - *epoch_chosen_at_ <= settings_.startup_window;
  if (starting_up && largest >= desired_.epoch) {
    raise_epoch(next,
                "a nameserver knows epoch " + std::to_string(largest.value()),
                effects);
  }
}

void Registration::raise_epoch(model::Epoch epoch, std::string why,
                               Effects& effects) {
  desired_.epoch = epoch;
  for (NameserverSession& session : sessions_) session.on_epoch_raised();
  note(effects, Note::What::kEpochChosen, std::move(why));
}

void Registration::on_event(const Disconnected& event, Instant now,
                            Effects& effects) {
  if (auto* session = find(event.link)) {
    session->on_disconnected(event.error, now, effects);
    for (NameserverSession& each : sessions_) each.stand_by_no_longer(now);
  }
}

void Registration::on_event(const RegisterDone& event, Instant now,
                            Effects& effects) {
  if (auto* session = find(event.link)) {
    session->on_register_done(event.reply, now, effects);
  }
}

void Registration::on_event(const HeartbeatDone& event, Instant now,
                            Effects& effects) {
  if (auto* session = find(event.link)) {
    session->on_heartbeat_done(event.reply, now, effects);
  }
}

void Registration::on_event(const VerdictDone& event, Instant now,
                            Effects& effects) {
  if (auto* session = find(event.link)) {
    session->on_verdict_done(event.reply, now, effects);
  }
}

void Registration::on_event(const UnregisterDone& event, Instant now,
                            Effects& effects) {
  if (auto* session = find(event.link)) {
    session->on_left(status_of(event.reply), now, effects);
  }
}

void Registration::on_event(const HandoverDone& event, Instant now,
                            Effects& effects) {
  if (auto* session = find(event.link)) {
    session->on_left(status_of(event.reply), now, effects);
  }
}

void Registration::on_event(const TopicsChanged& event, Instant /*now*/,
                            Effects& effects) {
  const TopicDiff diff = diff_topics(*desired_.topics, *event.topics);
  desired_.topics = event.topics;
  if (diff.size() == 0) return;
  for (NameserverSession& session : sessions_) session.on_topics_changed();
  note(effects, Note::What::kTopicsChanged, diff.to_string());
}

void Registration::on_event(const HealthChanged& event, Instant /*now*/,
                            Effects& effects) {
  verdict_known_ = true;
  desired_.health = event.health;
  note(effects,
       event.health.healthy ? Note::What::kHealthy : Note::What::kUnhealthy,
       event.health.reason);
}

void Registration::on_event(const NameserversListed& event, Instant now,
                            Effects& effects) {
  if (stop_deadline_) return;
  while (sessions_.size() < event.listed.size()) {
    sessions_.emplace_back(NameserverIndex(sessions_.size()), settings_,
                           random_.fork());
  }
  for (std::size_t i = 0; i < event.listed.size(); ++i) {
    sessions_[i].set_listed(event.listed[i], now, effects);
  }
}

void Registration::on_event(const Tick& /*event*/, Instant /*now*/,
                            Effects& /*effects*/) {}

void Registration::on_event(const Stop& event, Instant now, Effects& effects) {
  if (stop_deadline_) return;
  stop_deadline_ = now + settings_.stop_timeout;
  for (NameserverSession& session : sessions_) {
    session.leave(event.leave, now, effects);
  }
}

void Registration::finish_when_left(Instant now, Effects& effects) {
  if (!stop_deadline_) return;
  for (NameserverSession& session : sessions_) {
    if (session.left() || now < *stop_deadline_) continue;
    session.give_up_leaving(now, effects);
  }
  const bool all_left =
      std::all_of(sessions_.begin(), sessions_.end(),
                  [](const NameserverSession& each) { return each.left(); });
  if (!all_left) return;
  finished_ = true;
  note(effects, Note::What::kStopped, "");
  effects.push_back(Finished{});
}

}  // namespace waypost::agent
