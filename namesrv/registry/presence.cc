// What keeps a broker in the table, changes how it stands, or takes it away.

#include <algorithm>
#include <string>
#include <utility>

#include "base/units.h"
#include "namesrv/registry/registry_impl.h"

namespace waypost::registry {
namespace {

constexpr std::size_t kReasonMaxBytes = 256;

template <typename Request>
HealthVerdict verdict_of(const Request& request) {
  if (request.healthy) return {};
  return {false, request.action, request.reason.substr(0, kReasonMaxBytes)};
}

model::DepartureReason departure_reason(BrokerChange::What why) {
  switch (why) {
    case BrokerChange::What::kUnregistered:
      return model::DepartureReason::kUnregistered;
    case BrokerChange::What::kConnectionClosed:
      return model::DepartureReason::kConnectionClosed;
    case BrokerChange::What::kExpired:
      return model::DepartureReason::kExpired;
    case BrokerChange::What::kReplaced:
      return model::DepartureReason::kReplaced;
    case BrokerChange::What::kGoneAtPeers:
      return model::DepartureReason::kGoneAtPeers;
    default:
      return model::DepartureReason::kNotTold;
  }
}

// Wanted out of routes.
bool is_hidden(const Broker& broker) {
  return broker.unhealthy() &&
         broker.action() == model::VerdictAction::kRemoveFromRoutes;
}

// For people: whole seconds, below ten of them milliseconds.
std::string duration_text(base::Duration duration) {
  return base::format_duration(
      duration < std::chrono::seconds(10)
          ? std::chrono::floor<std::chrono::milliseconds>(duration)
          : std::chrono::floor<std::chrono::seconds>(duration));
}

}  // namespace

Reply Registry::Impl::on(const Heartbeat& event, base::Instant now,
                         Effects& effects) {
  const model::HeartbeatRequest& request = event.request;
  model::HeartbeatReply reply;
  Broker* broker = holder(request.broker, request.epoch, event.binding);
  if (broker == nullptr) return reply;
  heard(*broker, now, effects);
  // With other topics the broker lives, but has to register in full.
  reply.known = request.topics_digest == broker->stated;
  return reply;
}

Reply Registry::Impl::on(const Verdict& event, base::Instant now,
                         Effects& effects) {
  const model::VerdictRequest& request = event.request;
  model::VerdictReply reply;
  Broker* broker = request.observer
                       ? directory_.find(request.broker)
                       : holder(request.broker, request.epoch, event.binding);
  if (broker == nullptr) return reply;
  reply.known = true;
  if (request.observer) {
    observe(*broker, verdict_of(request), request.lapses_after, event.binding,
            now, effects);
  } else {
    heard(*broker, now, effects);
    judge(*broker, &Broker::own, verdict_of(request), effects);
    tell(*broker, HoldingChange::What::kHeld, effects);
  }
  return reply;
}

Reply Registry::Impl::on(const Observe& event, base::Instant now,
                         Effects& effects) {
  const model::ObserveRequest& request = event.request;
  model::ObserveReply reply;
  for (Broker* broker : directory_.find_at(request.address)) {
    observe(*broker, verdict_of(request), request.lapses_after, event.binding,
            now, effects);
    reply.brokers.push_back({broker->group->cluster, broker->key});
  }
  return reply;
}

void Registry::Impl::observe(Broker& broker, HealthVerdict verdict,
                             base::Duration lapses_after, model::BindingId by,
                             base::Instant now, Effects& effects) {
  const bool another_says_no = broker.observed_until &&
                               *broker.observed_until >= now &&
                               broker.observed_by != by;
  if (verdict.healthy && another_says_no) return;
  forget_observed(broker);
  if (!verdict.healthy) {
    const base::Duration lapse =
        lapses_after > base::Duration::zero()
            ? std::min(lapses_after, settings_.expiry_max)
            : settings_.observed_lapse;
    broker.observed_until = now + lapse;
    broker.observed_by = by;
    lapses_.emplace(*broker.observed_until, broker.liveness);
  }
  judge(broker, &Broker::observed, std::move(verdict), effects);
}

void Registry::Impl::forget_observed(Broker& broker) {
  if (!broker.observed_until) return;
  lapses_.erase({*broker.observed_until, broker.liveness});
  broker.observed_until.reset();
}

void Registry::Impl::judge(Broker& broker, HealthVerdict Broker::*which,
                           HealthVerdict verdict, Effects& effects) {
  if (broker.*which == verdict) return;
  const bool was_unhealthy = broker.unhealthy();
  const bool was_hidden = is_hidden(broker);
  broker.*which = std::move(verdict);
  touch(*broker.group);
  if (is_hidden(broker) && !was_hidden) {
    depart(broker, model::DepartureReason::kUnhealthy,
           std::string(broker.unhealthy_reason()));
  }
  if (broker.unhealthy() == was_unhealthy) return;
  if (was_unhealthy) {
    --unhealthy_count_;
    note(broker, BrokerChange::What::kHealthy, "", effects);
  } else {
    ++unhealthy_count_;
    note(broker, BrokerChange::What::kUnhealthy,
         std::string(broker.unhealthy_reason()), effects);
  }
}

Reply Registry::Impl::on(const Unregister& event, base::Instant,
                         Effects& effects) {
  const model::UnregisterRequest& request = event.request;
  Broker* broker = holder(request.broker, request.epoch, event.binding);
  if (broker == nullptr) return model::UnregisterReply{};
  remove(*broker, BrokerChange::What::kUnregistered,
         request.reason.substr(0, kReasonMaxBytes), effects);
  return model::UnregisterReply{.removed = true};
}

Reply Registry::Impl::on(const Handover& event, base::Instant now,
                         Effects& effects) {
  const model::HandoverRequest& request = event.request;
  Broker* broker = holder(request.broker, request.epoch, event.binding);
  if (broker == nullptr) return model::HandoverReply{};
  heard(*broker, now, effects);
  broker->handover_grace = std::clamp(request.grace, base::Duration::zero(),
                                      settings_.handover_grace_max);
  return model::HandoverReply{.known = true};
}

Reply Registry::Impl::on(const BindingClosed& event, base::Instant now,
                         Effects& effects) {
  for (Broker* broker : directory_.unbind_all(event.binding)) {
    if (event.cause != BindingClosed::Cause::kPeer) continue;
    if (broker->handover_grace) {
      liveness_.depart_at(broker->liveness, now + *broker->handover_grace);
    } else {
      lose(*broker, BrokerChange::What::kConnectionClosed,
           "its connection was closed", now, effects);
    }
  }
  return {};
}

Reply Registry::Impl::on(const BindingIdle& event, base::Instant now,
                         Effects& effects) {
  for (Broker* broker : directory_.bound_to(event.binding)) {
    if (!liveness_.is_due_alone(broker->liveness, now)) continue;
    expire(*broker, now, effects);
  }
  if (!directory_.is_bound(event.binding)) {
    effects.expired_bindings.push_back(event.binding);
  }
  return {};
}

Reply Registry::Impl::on(const Scan& event, base::Instant now,
                         Effects& effects) {
  lapse_verdicts(now, effects);
  const Liveness::Outcome outcome = liveness_.scan(now, event.suspend_removals);
  note_brake(outcome, now, effects);
  for (const Liveness::Id id : outcome.suspected) {
    Broker& broker = directory_.at(id);
    note(broker, BrokerChange::What::kSuspect,
         "silent for " + duration_text(now - liveness_.last_heard(id)),
         effects);
    touch(*broker.group);
  }
  std::set<model::BindingId> silent;
  for (const Liveness::Id id : outcome.expired) {
    Broker& broker = directory_.at(id);
    if (broker.remoting != nullptr && broker.bound) {
      silent.insert(broker.binding);
    }
    expire(broker, now, effects);
  }
  for (const model::BindingId binding : silent) {
    if (directory_.is_bound(binding)) continue;
    effects.expired_bindings.push_back(binding);
  }
  return {};
}

void Registry::Impl::lapse_verdicts(base::Instant now, Effects& effects) {
  while (!lapses_.empty() && lapses_.begin()->first < now) {
    Broker& broker = directory_.at(lapses_.begin()->second);
    forget_observed(broker);
    judge(broker, &Broker::observed, HealthVerdict{}, effects);
  }
}

void Registry::Impl::note_brake(const Liveness::Outcome& outcome,
                                base::Instant now, Effects& effects) {
  if (outcome.brake_engaged) {
    effects.changes.push_back(
        {BrokerChange::What::kBrakeEngaged,
         {},
         {},
         std::to_string(outcome.held) + " of " +
             std::to_string(liveness_.size()) +
             " brokers would expire at once; they are held for at most " +
             duration_text(*liveness_.brake_releases_in(now))});
  }
  if (outcome.brake_released) {
    effects.changes.push_back({BrokerChange::What::kBrakeReleased, {}, {}, ""});
  }
}

void Registry::Impl::expire(Broker& broker, base::Instant now,
                            Effects& effects) {
  const Liveness::Id id = broker.liveness;
  if (liveness_.is_departing(id) && !broker.handover_grace) {
    lose(broker, BrokerChange::What::kExpired,
         "not heard since this nameserver slept, and no peer hears it", now,
         effects);
  } else if (liveness_.is_departing(id)) {
    lose(broker, BrokerChange::What::kConnectionClosed,
         "did not come back within " + duration_text(*broker.handover_grace) +
             " of the announced handover",
         now, effects);
  } else {
    lose(broker, BrokerChange::What::kExpired,
         "silent for " + duration_text(now - liveness_.last_heard(id)), now,
         effects);
  }
}

void Registry::Impl::depart(const Broker& broker, model::DepartureReason reason,
                            std::string detail) {
  model::Departure departure;
  departure.broker_name = broker.key.broker_name;
  departure.id = broker.key.broker_id;
  departure.address = broker.address;
  departure.reason = reason;
  departure.detail = std::move(detail);
  // Without a port it was in no native client's route.
  if (departure.address.port == 0) return;
  editor_.note_departure(broker.group->slot, std::move(departure));
}

void Registry::Impl::heard(Broker& broker, base::Instant now,
                           Effects& effects) {
  broker.unheard = false;
  if (std::exchange(broker.withdrawn, false)) {
    tell(broker, HoldingChange::What::kHeld, effects);
  }
  // What peers knew of a silence is past.
  if (!broker.vouched) liveness_.set_explained(broker.liveness, false);
  if (!liveness_.heard(broker.liveness, now)) return;
  note(broker, BrokerChange::What::kNoLongerSuspect, "", effects);
  touch(*broker.group);
}

void Registry::Impl::remove(Broker& broker, BrokerChange::What why,
                            std::string detail, Effects& effects) {
  depart(broker, departure_reason(why), detail);
  note(broker, why, std::move(detail), effects);
  effects.roster_changed = true;
  tell(broker,
       why == BrokerChange::What::kUnregistered
           ? HoldingChange::What::kUnregistered
           : HoldingChange::What::kReleased,
       effects);
  if (broker.indirect) --indirect_count_;
  if (broker.unhealthy()) --unhealthy_count_;
  forget_observed(broker);
  epochs_.remember(broker.key, broker.largest_epoch);
  Group& group = *broker.group;
  if (why != BrokerChange::What::kReplaced) {
    gone_.try_emplace(group.name, look_at(group.name));
  }
  directory_.leave_group(broker);
  const bool is_last = group.replicas.empty();
  if (is_last) {
    topics_.drop_last(broker);
  } else {
    topics_.drop(broker);
  }
  liveness_.remove(broker.liveness);
  directory_.remove(broker);
  if (!is_last) {
    touch(group);
    return;
  }
  std::erase(touched_, &group);
  directory_.remove_group(group);
}

}  // namespace waypost::registry
