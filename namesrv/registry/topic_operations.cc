// What operators do to topics and permissions of brokers that are registered.

#include <algorithm>
#include <string>
#include <utility>

#include "namesrv/registry/registry_impl.h"

namespace waypost::registry {

void Registry::Impl::note_group(const model::ClusterName& cluster,
                                const model::BrokerName& name,
                                std::string detail, Effects& effects) {
  effects.changes.push_back({BrokerChange::What::kPermissionChanged,
                             cluster,
                             {name, model::kMasterId},
                             std::move(detail)});
}

Reply Registry::Impl::on(const ChangeWritePermission& event, base::Instant,
                         Effects& effects) {
  Group* group = directory_.find_group(event.broker_name);
  if (group == nullptr) return WritePermissionReply{};
  const std::size_t count = topics_.change_permission(*group, event.change);
  const bool wipes = event.change == ChangeWritePermission::Change::kWipe;
  note_group(group->cluster, group->name,
             (wipes ? "write wiped on " : "read and write added on ") +
                 std::to_string(count) + " topics, until they register anew",
             effects);
  return WritePermissionReply{count};
}

Reply Registry::Impl::on(const OverridePermission& event, base::Instant,
                         Effects& effects) {
  if (event.permission) {
    permissions_.insert_or_assign(event.broker_name, *event.permission);
  } else {
    permissions_.erase(event.broker_name);
  }
  Group* group = directory_.find_group(event.broker_name);
  if (group == nullptr || group->permission == event.permission) return {};
  group->permission = event.permission;
  touch(*group);
  note_group(group->cluster, group->name,
             event.permission ? "held at " + event.permission->to_string()
                              : "no longer held",
             effects);
  return {};
}

Reply Registry::Impl::on(const DeleteTopic& event, base::Instant, Effects&) {
  TopicReply reply;
  const std::string& name = event.topic.value();
  const TopicEntry* entry = table().find_topic(name, model::hash_bytes(name));
  if (entry == nullptr) return reply;
  std::vector<Group*> groups;
  for (const TopicMember& member : entry->members) {
    const BrokerGroup& shown = *table().group(member.group);
    if (shown.is_gone()) continue;
    Group* group = directory_.find_group(shown.broker_name);
    if (!event.cluster || group->is_in(*event.cluster)) groups.push_back(group);
  }
  for (Group* group : groups) take_away(*group, event.topic);
  reply.group_count = groups.size();
  return reply;
}

void Registry::Impl::take_away(Group& group, const model::TopicName& topic) {
  const std::vector<model::TopicName> gone = {topic};
  const auto from = [&](TopicList& list) {
    const auto changes = changes_to_merge(list, {}, gone);
    if (changes.empty()) return false;
    topics_.apply(group, list, changes);
    return true;
  };
  from(group.topics);
  if (group.mappings.erase(topic) > 0) show_mappings(group);
  for (Broker* replica : group.replicas) {
    // So that the next full registration is compared, and brings it back.
    if (from(replica->topics)) replica->content = {};
  }
}

Reply Registry::Impl::on(const RegisterTopic& event, base::Instant, Effects&) {
  if (event.topic.value().empty() ||
      event.topic.value().size() > kRemotingNameMaxBytes) {
    return base::Error{
        base::ErrorCode::kInvalidArgument,
        "a topic name of " + std::to_string(event.topic.value().size()) +
            " bytes, allowed are 1 to " + std::to_string(kRemotingNameMaxBytes),
        ""};
  }
  for (const auto& [name, queues] : event.groups) {
    const Group* group = directory_.find_group(name);
    const bool takes_it =
        group != nullptr &&
        std::any_of(group->replicas.begin(), group->replicas.end(),
                    [](const Broker* b) { return b->remoting != nullptr; });
    if (!takes_it) return TopicReply{};
  }
  if (topics_.pair_count() + event.groups.size() > settings_.topics_max) {
    return base::Error{base::ErrorCode::kTooLarge,
                       "topic " + event.topic.value() +
                           " refused: this nameserver takes at most " +
                           std::to_string(settings_.topics_max) +
                           " topics of all brokers together",
                       ""};
  }
  for (const auto& [name, queues] : event.groups) {
    Group& group = *directory_.find_group(name);
    const std::vector<model::TopicConfig> topics = {{event.topic, queues}};
    topics_.apply(group, group.topics,
                  changes_to_merge(group.topics, topics, {}));
    topics_.bring_anew(group, group.topics, &topics);
    forget_bodies(group);
  }
  return TopicReply{event.groups.size()};
}

Reply Registry::Impl::on(const Retune& event, base::Instant, Effects&) {
  if (event.delete_topics_with_registration ==
      delete_topics_with_registration_) {
    return {};
  }
  delete_topics_with_registration_ = event.delete_topics_with_registration;
  for (const auto& [key, broker] : directory_.brokers()) {
    forget_bodies(*broker.group);
  }
  return {};
}

}  // namespace waypost::registry
