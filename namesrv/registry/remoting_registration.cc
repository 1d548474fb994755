// Register over remoting: RouteInfoManager.registerBroker of the Java server,
// release 4.9.8, with what 5.x adds (acting masters, state versions, static
// topics, zones). As in registration.cc nothing is touched before all that can
// refuse it has been asked.

#include <algorithm>
#include <string>
#include <utility>

#include "namesrv/registry/registry_impl.h"

namespace waypost::registry {
namespace {

std::vector<model::TopicName> not_listed(
    const TopicList& held, const std::vector<model::TopicConfig>& topics) {
  std::vector<model::TopicName> names;
  auto listed = topics.begin();
  for (auto at = held.begin(); !at.at_end(); ++at) {
    while (listed != topics.end() && listed->name < at->topic->name) ++listed;
    if (listed == topics.end() || listed->name != at->topic->name) {
      names.push_back(at->topic->name);
    }
  }
  return names;
}

// Assigns; true when that made a difference.
template <typename T>
bool replace(T& place, const T& value) {
  if (place == value) return false;
  place = value;
  return true;
}

}  // namespace

// What a registration is going to do.
struct Registry::Impl::RemotingPlan {
  // Of the same group at the same address with other ids: the broker was those
  // before, and is no more ("switch slave to master").
  std::vector<Broker*> replaced;
  bool takes_topics = false;  // from this broker at all
  bool applies = false;       // these topics, being of another version
  std::vector<TopicChange> changes;
};

Reply Registry::Impl::register_remoting(const Register& event,
                                        base::Instant now, Effects& effects) {
  const model::BrokerKey& key = event.request.broker;
  Broker* known = directory_.find(key);
  if (known == nullptr) {
    const Group* group = directory_.find_group(key.broker_name);
    if (auto ok = admit_new(event, group); !ok) return ok.error();
  } else if (yields_to_holder(event, *known)) {
    RemotingRegisterReply ignored;
    ignored.accepted = false;
    return ignored;
  }
  const RemotingPlan plan = this->plan(event, known);
  if (auto ok = admit_growth(event, plan.changes); !ok) return ok.error();

  const GroupBefore before = look_at(key.broker_name);
  const bool is_new = known == nullptr;
  Broker& broker = is_new ? enter(event, now, effects) : *known;
  renew(broker, event, now, effects);
  renew_remoting(broker, event, plan);
  for (Broker* other : plan.replaced) {
    remove(*other, BrokerChange::What::kReplaced,
           "registers as " + key.to_string() + " now", effects);
  }
  take_remoting_topics(broker, event, plan, is_new, effects);
  topics_.settle(*broker.group);
  judge(broker, &Broker::own, HealthVerdict{}, effects);
  note_members(*broker.group, before, broker, effects);
  broker.remoting->body = event.remoting.body;
  return remoting_reply(broker);
}

bool Registry::Impl::yields_to_holder(const Register& event,
                                      const Broker& known) const {
  return event.on_address_conflict == OnAddressConflict::kLargerStateVersion &&
         known.remoting != nullptr &&
         known.remoting->address != event.remoting.address &&
         known.remoting->version.state_version >
             event.remoting.version.state_version;
}

Registry::Impl::RemotingPlan Registry::Impl::plan(const Register& event,
                                                  const Broker* known) {
  const model::RegisterRequest& request = event.request;
  RemotingPlan plan;
  const Group* group = directory_.find_group(request.broker.broker_name);
  for (Broker* at : find_remoting(event.remoting.address)) {
    if (at->group == group && at != known) plan.replaced.push_back(at);
  }
  plan.takes_topics = brings_topics(event, group, plan);
  if (!plan.takes_topics) return plan;
  plan.applies = event.part || brings_another_version(event, known);
  const TopicList none;
  const TopicList& held = group == nullptr ? none : group->topics;
  std::vector<model::TopicName> removed;
  if (delete_topics_with_registration_ && event.remoting.mappings.empty() &&
      !event.part) {
    removed = not_listed(held, request.topics);
  }
  // Changes refer to the names of the registration.
  static const std::vector<model::TopicConfig> kNoTopics;
  plan.changes = changes_to_merge(
      held, plan.applies ? request.topics : kNoTopics, removed);
  return plan;
}

// A master's topics are the group's. Of slaves only the smallest one of 5.x may
// bring them, while there is no master.
bool Registry::Impl::brings_topics(const Register& event, const Group* group,
                                   const RemotingPlan& plan) const {
  if (event.topics != TopicsPolicy::kIgnore) return true;
  if (!event.remoting.acting_master) return false;
  if (group == nullptr) return true;
  return std::all_of(
      group->replicas.begin(), group->replicas.end(), [&](const Broker* other) {
        return event.request.broker.broker_id <= other->key.broker_id ||
               std::find(plan.replaced.begin(), plan.replaced.end(), other) !=
                   plan.replaced.end();
      });
}

// As Java keeps versions by address: the last one that came from this address.
bool Registry::Impl::brings_another_version(const Register& event,
                                            const Broker* known) const {
  if (known == nullptr) return true;
  const auto same_version = [&](const Broker* broker) {
    return broker->remoting->version == event.remoting.version;
  };
  if (known->remoting != nullptr &&
      known->remoting->address == event.remoting.address) {
    return !same_version(known);
  }
  const auto at = find_remoting(event.remoting.address);
  return std::none_of(at.begin(), at.end(), same_version);
}

void Registry::Impl::renew_remoting(Broker& broker, const Register& event,
                                    const RemotingPlan& plan) {
  const RemotingRegistration& told = event.remoting;
  if (broker.remoting == nullptr) {
    broker.remoting = std::make_unique<RemotingState>();
    touch(*broker.group);
  }
  RemotingState& state = *broker.remoting;
  state.ha_address = told.ha_address;
  state.version = told.version;
  // The whole is to apply after its parts.
  if (event.part) state.version.counter ^= 1;
  bool shown = replace(state.acting_master, told.acting_master);
  if (replace(state.address, told.address)) {
    shown = true;
    // Filter servers are those of an address.
    const bool was_here = !plan.replaced.empty();
    state.filter_servers = was_here ? plan.replaced[0]->remoting->filter_servers
                                    : model::FilterServers{};
  }
  if (told.filter_servers) {
    shown |= replace(state.filter_servers, *told.filter_servers);
  }
  // A cluster of its own may be new to the group.
  if (shown || broker.cluster != broker.group->cluster) touch(*broker.group);
}

void Registry::Impl::leave_remoting(Broker& broker) {
  broker.remoting.reset();
  touch(*broker.group);
}

void Registry::Impl::take_remoting_topics(Broker& broker, const Register& event,
                                          const RemotingPlan& plan, bool is_new,
                                          Effects& effects) {
  Group& group = *broker.group;
  if (!plan.changes.empty()) {
    topics_.apply(group, group.topics, plan.changes);
    if (!is_new && !event.part) note_topics(broker, plan.changes, effects);
  }
  if (!plan.applies) return;
  topics_.bring_anew(group, group.topics, &event.request.topics);
  take_mappings(group, event.remoting.mappings);
}

void Registry::Impl::take_mappings(
    Group& group, const std::vector<model::StaticTopicMapping>& mappings) {
  bool changed = false;
  for (const model::StaticTopicMapping& mapping : mappings) {
    changed |= replace(group.mappings[mapping.topic], mapping);
  }
  if (changed) show_mappings(group);
}

void Registry::Impl::show_mappings(Group& group) {
  group.shown_mappings.reset();
  if (!group.mappings.empty()) {
    auto shown = std::make_shared<std::vector<model::StaticTopicMapping>>();
    for (const auto& [topic, mapping] : group.mappings) {
      shown->push_back(mapping);
    }
    group.shown_mappings = std::move(shown);
  }
  touch(group);
}

RemotingRegisterReply Registry::Impl::remoting_reply(
    const Broker& broker) const {
  RemotingRegisterReply reply;
  if (broker.key.broker_id == model::kMasterId) return reply;
  for (const Broker* other : broker.group->replicas) {
    if (other->key.broker_id != model::kMasterId) continue;
    reply.master_address = other->address_text();
    if (other->remoting != nullptr && !other->remoting->ha_address.empty()) {
      reply.ha_address = other->remoting->ha_address;
    }
  }
  return reply;
}

}  // namespace waypost::registry
