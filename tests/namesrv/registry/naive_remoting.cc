// The plain rules of what comes over remoting.

#include <algorithm>

#include "tests/namesrv/registry/naive_registry.h"

namespace waypost::registry {

const NaiveRegistry::Topics* NaiveRegistry::shown(
    const std::string& name) const {
  for (const auto& [key, broker] : brokers_) {
    if (key.broker_name.value() != name) continue;
    const Topics& topics =
        broker.remoting() ? groups_.at(name).topics : broker.topics;
    if (!topics.empty()) return &topics;
  }
  return nullptr;
}

model::Permission NaiveRegistry::permission(const std::string& name,
                                            const std::string& topic) const {
  const Group& group = groups_.at(name);
  const auto wiped = group.wiped.find(topic);
  model::Permission permission = wiped == group.wiped.end()
                                     ? shown(name)->at(topic).permission
                                     : wiped->second;
  const auto over = overrides_.find(name);
  if (over != overrides_.end()) {
    permission.bits = (permission.bits & 1U) | (over->second.bits & 6U);
  }
  const Smallest now = smallest(name);
  if (now.key->broker_id.value() > 0 &&
      brokers_.at(*now.key).acting.value_or(false)) {
    permission = permission.without_write();
  }
  return permission;
}

// Groups end with their last broker, what came over remoting with the last
// broker of that origin, a wipe with its topic.
void NaiveRegistry::forget_what_is_gone() {
  std::set<std::string> names;
  std::set<std::string> remoting;
  for (auto& [key, broker] : brokers_) {
    names.insert(key.broker_name.value());
    if (!broker.remoting()) continue;
    remoting.insert(key.broker_name.value());
    broker.topics.clear();
  }
  std::erase_if(groups_,
                [&](const auto& each) { return !names.contains(each.first); });
  for (auto& [name, group] : groups_) {
    if (!remoting.contains(name)) group.topics.clear();
    const Topics* topics = shown(name);
    std::erase_if(group.wiped, [&](const auto& each) {
      return topics == nullptr || !topics->contains(each.first);
    });
  }
}

void NaiveRegistry::bring_anew(const std::string& name, const Topics& from,
                               const std::vector<model::TopicConfig>* topics) {
  Group& group = groups_.at(name);
  if (shown(name) != &from) return;
  if (topics == nullptr) {
    group.wiped.clear();
    return;
  }
  for (const auto& topic : *topics) group.wiped.erase(topic.name.value());
}

NaiveRegistry::Smallest NaiveRegistry::smallest(const std::string& name) const {
  for (const auto& [key, broker] : brokers_) {
    if (key.broker_name.value() == name) return {key, broker.at, broker.ha};
  }
  return {};
}

void NaiveRegistry::note_smallest(const std::string& name,
                                  const std::string& offline,
                                  const std::string& ha) {
  const Smallest now = smallest(name);
  std::size_t members = 0;
  for (const auto& [key, broker] : brokers_) {
    if (key.broker_name.value() == name) ++members;
  }
  std::string told;
  for (const auto& [key, broker] : brokers_) {
    if (key.broker_name.value() != name || !broker.remoting()) continue;
    if (key == *now.key && offline.empty() && members > 1) continue;
    told += " " + broker.at;
  }
  if (told.empty()) return;
  notices_.push_back("min " + now.key->to_string() + " at " + now.at +
                     " offline " + offline + " ha " + ha + " to" + told);
}

void NaiveRegistry::forget_bodies(const std::string& name) {
  for (auto& [key, broker] : brokers_) {
    if (key.broker_name.value() == name) broker.body = {};
  }
}

std::set<model::BrokerKey> NaiveRegistry::written_at(
    const std::string& address) const {
  std::set<model::BrokerKey> keys;
  for (const auto& [key, broker] : brokers_) {
    if (broker.remoting() && broker.at == address) keys.insert(key);
  }
  return keys;
}

std::string NaiveRegistry::remoting_reply(const model::BrokerKey& key) const {
  std::string text = "registered";
  if (key.broker_id == model::kMasterId) return text;
  const auto master = brokers_.find({key.broker_name, model::kMasterId});
  if (master == brokers_.end()) return text;
  text += " master " + master->second.at;
  if (!master->second.ha.empty()) text += " ha " + master->second.ha;
  return text;
}

std::string NaiveRegistry::register_remoting(const Register& event) {
  const auto& told = event.remoting;
  const model::BrokerKey& key = event.request.broker;
  const std::string& name = key.broker_name.value();
  const auto known = brokers_.find(key);
  const bool is_known = known != brokers_.end();
  if (is_known && known->second.remoting() &&
      event.on_address_conflict == OnAddressConflict::kLargerStateVersion &&
      known->second.at != told.address &&
      known->second.version.state_version > told.version.state_version) {
    return "ignored";
  }
  const auto here = written_at(told.address);
  std::set<model::BrokerKey> replaced;
  for (const auto& other : here) {
    if (other.broker_name == key.broker_name && other != key) {
      replaced.insert(other);
    }
  }
  bool takes = event.topics != TopicsPolicy::kIgnore;
  if (!takes && told.acting_master) {
    takes = true;
    for (const auto& [other, broker] : brokers_) {
      if (other.broker_name == key.broker_name && other < key &&
          !replaced.contains(other)) {
        takes = false;
      }
    }
  }
  bool applies = true;
  if (is_known) {
    for (const auto& other : here.contains(key) ? std::set{key} : here) {
      if (brokers_.at(other).version == told.version) applies = false;
    }
  }

  const Smallest before = smallest(name);
  Broker& broker = enter(event);
  broker.at = told.address;
  broker.ha = told.ha_address;
  broker.acting = told.acting_master;
  broker.version = told.version;
  for (const auto& other : replaced) remove(other, "replaced");
  if (takes) {
    Topics topics = groups_.at(name).topics;
    std::set<std::string> listed;
    for (const auto& topic : event.request.topics) {
      listed.insert(topic.name.value());
      if (applies) topics[topic.name.value()] = topic.queues;
    }
    if (delete_with_registration_ && told.mappings.empty()) {
      std::erase_if(topics, [&](const auto& each) {
        return !listed.contains(each.first);
      });
    }
    if (is_known && topics != groups_.at(name).topics) {
      note("topics-changed", key);
    }
    groups_.at(name).topics = topics;
    if (applies) {
      bring_anew(name, groups_.at(name).topics, &event.request.topics);
    }
  }
  judge(key, &Broker::own, Judgement{});
  if (smallest(name) != before) forget_bodies(name);
  if (before.key && key < *before.key) note_smallest(name, "", broker.ha);
  broker.body = told.body;
  return remoting_reply(key);
}

std::string NaiveRegistry::on(const RegisterUnchanged& event) {
  const auto found = brokers_.find(event.broker);
  if (found == brokers_.end()) return "unknown";
  Broker& broker = found->second;
  if (!broker.remoting() || broker.body.is_none() ||
      broker.body != event.body || broker.at != event.address) {
    return "unknown";
  }
  heard(event.broker, broker);
  broker.grace.reset();
  broker.binding = event.binding.value();
  broker.open = true;
  return "known " + remoting_reply(event.broker);
}

std::string NaiveRegistry::on(const BrokerHeartbeat& event) {
  const auto here = written_at(event.address);
  for (const auto& key : here) heard(key, brokers_.at(key));
  return here.empty() ? "unknown" : "known";
}

std::string NaiveRegistry::on(const QueryDataVersion& event) {
  std::optional<model::DataVersion> held;
  bool same = false;
  for (const auto& key : written_at(event.address)) {
    Broker& broker = brokers_.at(key);
    if (event.version == broker.version) {
      heard(key, broker);
      same = true;
      held = broker.version;
    } else if (!held) {
      held = broker.version;
    }
  }
  return (same ? "same" : "other") +
         (held ? " v" + std::to_string(held->counter) : "");
}

std::string NaiveRegistry::on(const RemotingUnregister& event) {
  if (!written_at(event.address).contains(event.broker)) return "kept";
  remove(event.broker, "unregistered");
  return "removed";
}

std::string NaiveRegistry::on(const ChangeWritePermission& event) {
  const std::string& name = event.broker_name.value();
  const auto group = groups_.find(name);
  if (group == groups_.end()) return "0 topics";
  note("permission-changed", {event.broker_name, model::kMasterId});
  const Topics* topics = shown(name);
  if (topics == nullptr) return "0 topics";
  for (const auto& [topic, queues] : *topics) {
    auto& permission =
        group->second.wiped.try_emplace(topic, queues.permission).first->second;
    permission = event.change == ChangeWritePermission::Change::kWipe
                     ? permission.without_write()
                     : model::Permission{6};
  }
  return std::to_string(topics->size()) + " topics";
}

std::string NaiveRegistry::on(const OverridePermission& event) {
  const std::string& name = event.broker_name.value();
  const auto held = overrides_.find(name);
  const bool was_held = held != overrides_.end();
  const bool stays = was_held == event.permission.has_value() &&
                     (!was_held || held->second == *event.permission);
  overrides_.erase(name);
  if (event.permission) overrides_[name] = *event.permission;
  if (groups_.contains(name) && !stays) {
    note("permission-changed", {event.broker_name, model::kMasterId});
  }
  return "-";
}

std::string NaiveRegistry::on(const DeleteTopic& event) {
  const std::string& topic = event.topic.value();
  std::set<std::string> names;
  for (const auto& [name, group] : groups_) {
    const Topics* topics = shown(name);
    if (topics == nullptr || !topics->contains(topic)) continue;
    bool is_in = !event.cluster || group.cluster == event.cluster->value();
    for (const auto& [key, broker] : brokers_) {
      is_in |= key.broker_name.value() == name && event.cluster &&
               broker.cluster == event.cluster->value();
    }
    if (is_in) names.insert(name);
  }
  for (const auto& name : names) groups_.at(name).topics.erase(topic);
  for (auto& [key, broker] : brokers_) {
    if (!names.contains(key.broker_name.value())) continue;
    if (broker.topics.erase(topic) > 0) broker.content.reset();
  }
  return std::to_string(names.size()) + " groups";
}

std::string NaiveRegistry::on(const RegisterTopic& event) {
  for (const auto& [name, queues] : event.groups) {
    bool takes_it = false;
    for (const auto& [key, broker] : brokers_) {
      takes_it |= key.broker_name == name && broker.remoting();
    }
    if (!takes_it) return "0 groups";
  }
  for (const auto& [name, queues] : event.groups) {
    Topics& topics = groups_.at(name.value()).topics;
    topics[event.topic.value()] = queues;
    const std::vector<model::TopicConfig> brought = {{event.topic, queues}};
    bring_anew(name.value(), topics, &brought);
    forget_bodies(name.value());
  }
  return std::to_string(event.groups.size()) + " groups";
}

std::string NaiveRegistry::on(const Retune& event) {
  if (event.delete_topics_with_registration == delete_with_registration_) {
    return "-";
  }
  delete_with_registration_ = event.delete_topics_with_registration;
  for (const auto& [name, group] : groups_) forget_bodies(name);
  return "-";
}

}  // namespace waypost::registry
