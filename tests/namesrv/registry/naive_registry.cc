#include "tests/namesrv/registry/naive_registry.h"

#include <algorithm>

#include "tests/namesrv/registry/registry_script.h"

namespace waypost::registry {

std::string NaiveRegistry::step(const Event& event, base::Instant now) {
  changes_.clear();
  notices_.clear();
  const base::Duration outside = now.time_since_epoch();
  if (!std::holds_alternative<ClockGap>(event)) now_ += outside - outside_;
  if (const auto* gap = std::get_if<ClockGap>(&event)) {
    // What passed since the last event, but for the gap.
    now_ += std::max(base::Duration{0}, outside - outside_ - gap->gap);
  }
  outside_ = outside;
  std::string reply =
      std::visit([&](const auto& one) { return on(one); }, event);
  for (const auto& [name, before] : gone_) {
    const Smallest left = smallest(name);
    if (!left.key) continue;
    if (left != before) forget_bodies(name);
    const bool acts = brokers_.at(*left.key).acting.value_or(false);
    if (left.key != before.key && acts) note_smallest(name, before.at, "");
  }
  gone_.clear();
  forget_what_is_gone();
  std::sort(changes_.begin(), changes_.end());
  std::sort(notices_.begin(), notices_.end());
  return reply;
}

void NaiveRegistry::note(const std::string& what, const model::BrokerKey& key) {
  changes_.push_back(what + " " + key.to_string());
}

std::string NaiveRegistry::refusal(const Register& event) const {
  const auto& request = event.request;
  const auto group = groups_.find(request.broker.broker_name.value());
  if (event.origin == Origin::kNative && group != groups_.end() &&
      group->second.cluster != request.cluster.value()) {
    return "conflict";
  }
  const bool incremental = request.mode == model::RegisterMode::kIncremental &&
                           event.origin == Origin::kNative;
  const auto found = brokers_.find(request.broker);
  if (found == brokers_.end()) {
    if (incremental) return "not-found";
    return brokers_.size() >= settings_.brokers_max ? "too-large" : "";
  }
  const Broker& known = found->second;
  const std::uint64_t epoch = request.epoch.value();
  if (event.apply_if == ApplyIf::kNewerEpoch) {
    if (epoch < known.epoch) return "stale";
    if (epoch == known.epoch && known.open &&
        event.binding.value() < known.binding) {
      return "stale";
    }
  }
  return incremental && epoch != known.epoch ? "not-found" : "";
}

std::string NaiveRegistry::on(const Register& event) {
  const auto& request = event.request;
  const std::string refused = refusal(event);
  if (!refused.empty()) return refused;
  if (event.origin == Origin::kRemoting) return register_remoting(event);
  const std::string& name = request.broker.broker_name.value();
  const Smallest before = smallest(name);
  Broker& broker = enter(event);
  broker.at = request.address.to_string();
  broker.ha = "";
  broker.acting.reset();
  if (event.topics != TopicsPolicy::kIgnore) {
    auto topics = broker.topics;
    if (event.topics == TopicsPolicy::kReplace) topics.clear();
    for (const auto& topic : request.topics) {
      topics[topic.name.value()] = topic.queues;
    }
    for (const auto& gone : request.removed) topics.erase(gone.value());
    if (topics != broker.topics && !entered_) {
      note("topics-changed", request.broker);
    }
    const bool full =
        request.mode == model::RegisterMode::kFull && request.removed.empty();
    Topics listed;
    for (const auto& topic : request.topics) {
      listed[topic.name.value()] = topic.queues;
    }
    const bool anew = !full || broker.content != listed;
    broker.topics = topics;
    if (anew) {
      const bool all = event.topics == TopicsPolicy::kReplace;
      bring_anew(name, broker.topics, all ? nullptr : &request.topics);
    }
    broker.content.reset();
    if (full) broker.content = listed;
    broker.stated = request.topics_digest;
  }
  Judgement own;
  if (!request.healthy) {
    own = {false,
           request.verdict_action == model::VerdictAction::kRemoveFromRoutes,
           request.health_reason};
  }
  judge(request.broker, &Broker::own, own);
  if (smallest(name) != before) forget_bodies(name);
  if (before.key && request.broker < *before.key) note_smallest(name, "", "");
  return "registered";
}

// What a registration does to the broker itself, whatever the protocol.
NaiveRegistry::Broker& NaiveRegistry::enter(const Register& event) {
  const auto& request = event.request;
  entered_ = !brokers_.contains(request.broker);
  const bool is_new = entered_;
  Broker& broker = brokers_[request.broker];
  auto& group = groups_[request.broker.broker_name.value()];
  if (group.cluster.empty()) group.cluster = request.cluster.value();
  if (is_new) {
    note("registered", request.broker);
  } else {
    heard(request.broker, broker);
    if (broker.epoch != request.epoch.value()) {
      note("registered", request.broker);
    }
    if (broker.address != request.address) {
      note("address-changed", request.broker);
    }
  }
  broker.cluster = request.cluster.value();
  broker.heard = now_;
  broker.held_until.reset();
  broker.departs.reset();
  broker.grace.reset();
  broker.address = request.address;
  broker.zone = request.zone;
  broker.origin = event.origin;
  broker.epoch = request.epoch.value();
  broker.binding = event.binding.value();
  broker.open = true;
  broker.expiry =
      request.expiry == base::Duration{0}
          ? (event.origin == Origin::kNative ? settings_.agent_expiry
                                             : settings_.broker_expiry)
          : std::clamp(request.expiry, settings_.expiry_min,
                       settings_.expiry_max);
  auto& largest = epochs_[request.broker];
  largest = std::max(largest, broker.epoch);
  return broker;
}

NaiveRegistry::Broker* NaiveRegistry::holder(const model::BrokerKey& key,
                                             model::Epoch epoch,
                                             model::BindingId binding) {
  const auto found = brokers_.find(key);
  if (found == brokers_.end()) return nullptr;
  Broker& broker = found->second;
  return broker.epoch == epoch.value() && broker.binding == binding.value()
             ? &broker
             : nullptr;
}

void NaiveRegistry::heard(const model::BrokerKey& key, Broker& broker) {
  if (broker.suspect) note("no-longer-suspect", key);
  broker.suspect = false;
  broker.heard = now_;
  broker.held_until.reset();
  broker.departs.reset();
}

void NaiveRegistry::judge(const model::BrokerKey& key, Judgement Broker::*which,
                          const Judgement& judgement) {
  Broker& broker = brokers_.at(key);
  const bool was_bad = broker.bad();
  broker.*which = judgement;
  if (broker.bad() && !was_bad) note("unhealthy", key);
  if (!broker.bad() && was_bad) note("healthy", key);
}

std::string NaiveRegistry::on(const Heartbeat& event) {
  const auto& request = event.request;
  Broker* broker = holder(request.broker, request.epoch, event.binding);
  if (broker == nullptr) return "unknown";
  heard(request.broker, *broker);
  return request.topics_digest == broker->stated ? "known" : "unknown";
}

std::string NaiveRegistry::on(const Verdict& event) {
  const auto& request = event.request;
  Judgement judgement;
  if (!request.healthy) {
    judgement = {false,
                 request.action == model::VerdictAction::kRemoveFromRoutes,
                 request.reason};
  }
  if (!request.observer) {
    Broker* broker = holder(request.broker, request.epoch, event.binding);
    if (broker == nullptr) return "unknown";
    heard(request.broker, *broker);
    judge(request.broker, &Broker::own, judgement);
    return "known";
  }
  if (!brokers_.contains(request.broker)) return "unknown";
  observe(request.broker, judgement, request.lapses_after, event.binding);
  return "known";
}

std::string NaiveRegistry::on(const Observe& event) {
  const auto& request = event.request;
  Judgement judgement;
  if (!request.healthy) {
    judgement = {false,
                 request.action == model::VerdictAction::kRemoveFromRoutes,
                 request.reason};
  }
  std::string found = "observed";
  for (const auto& [key, broker] : brokers_) {
    if (broker.address != request.address) continue;
    observe(key, judgement, request.lapses_after, event.binding);
    found += " " + key.to_string();
  }
  return found;
}

void NaiveRegistry::observe(const model::BrokerKey& key,
                            const Judgement& judgement,
                            base::Duration lapses_after, model::BindingId by) {
  Broker& broker = brokers_.at(key);
  const bool by_another = broker.observed_by != by.value();
  if (judgement.healthy && by_another && broker.observed_until &&
      now_ <= *broker.observed_until) {
    return;
  }
  broker.observed_until.reset();
  if (!judgement.healthy) {
    broker.observed_by = by.value();
    broker.observed_until =
        now_ + (lapses_after == base::Duration{0} ? settings_.observed_lapse
                                                  : lapses_after);
  }
  judge(key, &Broker::observed, judgement);
}

std::string NaiveRegistry::on(const Unregister& event) {
  const auto& request = event.request;
  if (holder(request.broker, request.epoch, event.binding) == nullptr) {
    return "kept";
  }
  remove(request.broker, "unregistered");
  return "removed";
}

std::string NaiveRegistry::on(const Handover& event) {
  const auto& request = event.request;
  Broker* broker = holder(request.broker, request.epoch, event.binding);
  if (broker == nullptr) return "unknown";
  heard(request.broker, *broker);
  broker->grace = std::min(request.grace, settings_.handover_grace_max);
  return "known";
}

std::string NaiveRegistry::on(const BindingClosed& event) {
  std::vector<model::BrokerKey> gone;
  for (auto& [key, broker] : brokers_) {
    if (!broker.open || broker.binding != event.binding.value()) continue;
    broker.open = false;
    if (event.cause != BindingClosed::Cause::kPeer) continue;
    if (broker.grace) {
      broker.departs = now_ + *broker.grace;
    } else {
      gone.push_back(key);
    }
  }
  for (const auto& key : gone) remove(key, "connection-closed");
  return "-";
}

void NaiveRegistry::lapse() {
  for (auto& [key, broker] : brokers_) {
    if (!broker.observed_until || *broker.observed_until >= now_) continue;
    broker.observed_until.reset();
    judge(key, &Broker::observed, Judgement{});
  }
}

std::set<model::BrokerKey> NaiveRegistry::expired() {
  std::set<model::BrokerKey> departed;
  std::set<model::BrokerKey> silent;
  for (const auto& [key, broker] : brokers_) {
    if (broker.departs) {
      if (*broker.departs < now_) departed.insert(key);
    } else if (now_ - broker.heard > broker.expiry) {
      silent.insert(key);
    }
  }
  const bool brake = settings_.expiry_brake && silent.size() > 3 &&
                     silent.size() * 5 > brokers_.size();
  std::set<model::BrokerKey> gone = departed;
  std::size_t held = 0;
  for (const auto& key : silent) {
    Broker& broker = brokers_.at(key);
    if (brake && !broker.held_until) broker.held_until = now_ + broker.expiry;
    if (brake && *broker.held_until >= now_) {
      ++held;
    } else {
      gone.insert(key);
    }
  }
  if (brake && !braking_) changes_.push_back("brake-engaged");
  if (braking_ && held == 0) changes_.push_back("brake-released");
  braking_ = held > 0;
  return gone;
}

void NaiveRegistry::suspect(const std::set<model::BrokerKey>& gone) {
  std::erase_if(raised_, [&](base::Duration when) {
    return when + settings_.suspect_after < now_;
  });
  std::vector<model::BrokerKey> due;
  for (const auto& [key, broker] : brokers_) {
    if (broker.origin == Origin::kNative && !broker.suspect &&
        now_ - broker.heard > settings_.suspect_after) {
      due.push_back(key);
    }
  }
  if ((due.size() + raised_.size()) * 2 > brokers_.size()) return;
  for (const auto& key : due) {
    if (gone.contains(key)) continue;
    brokers_.at(key).suspect = true;
    raised_.push_back(now_);
    note("suspect", key);
  }
}

std::string NaiveRegistry::on(const BindingIdle& event) {
  std::vector<model::BrokerKey> mine;
  for (const auto& [key, broker] : brokers_) {
    if (broker.open && broker.binding == event.binding.value()) {
      mine.push_back(key);
    }
  }
  for (const auto& key : mine) {
    const Broker& broker = brokers_.at(key);
    const bool due = broker.departs ? *broker.departs < now_
                                    : broker.heard + broker.expiry < now_;
    if (!due || broker.held_until || braking_) continue;
    std::size_t silent = 0;
    for (const auto& [other, one] : brokers_) {
      if (!one.departs && one.heard + one.expiry < now_ + broker.expiry / 4) {
        ++silent;
      }
    }
    const bool many = silent > 3 && silent * 5 > brokers_.size();
    if (settings_.expiry_brake && many) continue;
    remove(key, "expired");
  }
  const bool is_bound =
      std::any_of(brokers_.begin(), brokers_.end(), [&](const auto& each) {
        return each.second.open && each.second.binding == event.binding.value();
      });
  if (!is_bound) {
    notices_.push_back("close " + std::to_string(event.binding.value()));
  }
  return "-";
}

std::string NaiveRegistry::on(const Scan& event) {
  lapse();
  std::set<model::BrokerKey> gone;
  if (!event.suspend_removals) gone = expired();
  suspect(gone);
  std::set<std::uint64_t> silent;
  for (const auto& key : gone) {
    const Broker& broker = brokers_.at(key);
    if (broker.remoting() && broker.open) silent.insert(broker.binding);
    remove(key, broker.departs ? "connection-closed" : "expired");
  }
  for (const auto& [key, broker] : brokers_) {
    if (broker.open) silent.erase(broker.binding);
  }
  for (const auto binding : silent) {
    notices_.push_back("close " + std::to_string(binding));
  }
  return "-";
}

std::string NaiveRegistry::on(const ClockGap&) { return "-"; }

void NaiveRegistry::remove(const model::BrokerKey& key,
                           const std::string& what) {
  note(what, key);
  const std::string& name = key.broker_name.value();
  if (what != "replaced") gone_.try_emplace(name, smallest(name));
  brokers_.erase(key);
  forget_what_is_gone();
}

std::map<std::string, std::string> NaiveRegistry::routes() const {
  // Topic to name of group to queues.
  std::map<std::string, std::map<std::string, model::QueueData>> members;
  for (const auto& [name, group] : groups_) {
    const Topics* topics = shown(name);
    if (topics == nullptr) continue;
    for (const auto& [topic, queues] : *topics) {
      members[topic][name] = queues;
      members[topic][name].permission = permission(name, topic);
    }
  }
  std::map<std::string, std::string> texts;
  for (const auto& [topic, groups] : members) {
    bool any_usable = false;
    for (const auto& [key, broker] : brokers_) {
      any_usable |= groups.contains(key.broker_name.value()) && !broker.bad();
    }
    model::Route route;
    for (const auto& [name, queues] : groups) {
      model::RouteGroup group;
      group.broker_name = model::BrokerName(name);
      group.queues = queues;
      bool is_master = true;
      for (const auto& [key, broker] : brokers_) {
        if (key.broker_name.value() != name) continue;
        group.cluster = model::ClusterName(groups_.at(name).cluster);
        if (is_master && broker.bad() && !broker.hidden()) {
          group.queues.permission = group.queues.permission.without_write();
        }
        is_master = false;
        if (any_usable && broker.hidden()) continue;
        const auto health = broker.bad()     ? model::BrokerHealth::kUnhealthy
                            : broker.suspect ? model::BrokerHealth::kSuspect
                                             : model::BrokerHealth::kHealthy;
        group.replicas.push_back(
            {key.broker_id, broker.address, health, broker.zone});
      }
      if (!group.replicas.empty()) route.groups.push_back(group);
    }
    texts[topic] = to_text(route);
  }
  return texts;
}

std::vector<std::string> NaiveRegistry::brokers() const {
  std::vector<std::string> texts;
  for (const auto& [key, broker] : brokers_) {
    const auto health = broker.bad()     ? model::BrokerHealth::kUnhealthy
                        : broker.suspect ? model::BrokerHealth::kSuspect
                                         : model::BrokerHealth::kHealthy;
    texts.push_back(
        groups_.at(key.broker_name.value()).cluster + " " + key.to_string() +
        " " + broker.address.to_string() + " " +
        std::string(model::broker_health_name(health)) + " " +
        std::to_string(broker.epoch) + " " +
        std::to_string((broker.remoting()
                            ? groups_.at(key.broker_name.value()).topics
                            : broker.topics)
                           .size()) +
        " " +
        std::to_string(
            std::max(base::Duration{0}, now_ - broker.heard).count()) +
        " " + std::to_string(broker.expiry.count()));
  }
  return texts;
}

model::ClusterView NaiveRegistry::view() const {
  model::ClusterView view;
  std::set<std::string> clusters;
  for (const auto& [name, group] : groups_) clusters.insert(group.cluster);
  for (const auto& [key, broker] : brokers_) {
    ++view.brokers;
    if (broker.suspect) ++view.suspects;
    if (broker.bad()) ++view.unhealthy;
  }
  view.clusters = static_cast<std::uint32_t>(clusters.size());
  view.topics = static_cast<std::uint32_t>(routes().size());
  return view;
}

model::Epoch NaiveRegistry::largest_epoch(const model::BrokerKey& key) const {
  const auto found = epochs_.find(key);
  return model::Epoch(found == epochs_.end() ? 0 : found->second);
}

}  // namespace waypost::registry
