#include "namesrv/registry/topic_keeper.h"

#include <algorithm>
#include <utility>

namespace waypost::registry {
namespace {

bool is_remoting(const Broker* broker) {
  return broker->origin == Origin::kRemoting;
}

TopicList* source_of(Group& group) {
  for (Broker* replica : group.replicas) {
    TopicList& list = is_remoting(replica) ? group.topics : replica->topics;
    if (!list.empty()) return &list;
  }
  return nullptr;
}

model::Permission changed(model::Permission permission,
                          ChangeWritePermission::Change change) {
  if (change == ChangeWritePermission::Change::kWipe) {
    return permission.without_write();
  }
  return {model::Permission::kRead | model::Permission::kWrite};
}

}  // namespace

void TopicKeeper::apply(Group& group, TopicList& list,
                        const std::vector<TopicChange>& changes) {
  const bool shown = group.source == &list;
  pairs_ -= list.size();
  for (const TopicChange& change : changes) {
    apply_one(group, list, change, shown);
  }
  pairs_ += list.size();
  choose_source(group);
}

void TopicKeeper::apply_one(Group& group, TopicList& list,
                            const TopicChange& change, bool shown) {
  if (change.queues) {
    const InternedName* name =
        change.held != nullptr ? change.held : names_.acquire(change.name);
    const HeldTopic held{name, *change.queues};
    list.set(held);
    if (shown) show(group, held);
    return;
  }
  if (shown) hide(group, change.held);
  list.erase(change.held->text());
  names_.release(change.held);
}

void TopicKeeper::show(const Group& group, const HeldTopic& held) {
  model::QueueData queues = held.queues;
  if (!group.volatile_permissions.empty()) {
    const auto over = group.volatile_permissions.find(held.topic);
    if (over != group.volatile_permissions.end()) {
      queues.permission = over->second;
    }
  }
  editor_.set_member(held.topic, group.slot, queues);
}

void TopicKeeper::hide(Group& group, const InternedName* topic) {
  if (!group.volatile_permissions.empty()) {
    group.volatile_permissions.erase(topic);
  }
  editor_.remove_member(topic, group.slot);
}

void TopicKeeper::release(TopicList& list) {
  pairs_ -= list.size();
  for (auto at = list.begin(); !at.at_end(); ++at) names_.release(at->topic);
  list = TopicList();
}

void TopicKeeper::drop(Broker& broker) {
  settle(*broker.group);
  release(broker.topics);
}

void TopicKeeper::drop_last(Broker& broker) {
  Group& group = *broker.group;
  if (broker.topics.size() + group.topics.size() <= swept_above_) {
    drop(broker);
    editor_.remove_group(group.slot);
    return;
  }
  editor_.retire_group(group.slot);
  for (TopicList* list : {&broker.topics, &group.topics}) {
    const bool shown = list == group.source;
    bury(*list, shown ? std::optional(group.slot) : std::nullopt);
  }
  if (group.source == nullptr) editor_.remove_gone_group(group.slot);
  group.source = nullptr;
}

void TopicKeeper::bury(TopicList& list, std::optional<GroupSlot> slot) {
  if (!list.empty()) gone_.push_back({std::exchange(list, {}), slot});
}

void TopicKeeper::sweep(std::size_t topics_max) {
  while (!gone_.empty()) {
    sweep(gone_.front(), topics_max);
    if (!gone_.front().topics.empty()) return;
    gone_.pop_front();
  }
}

void TopicKeeper::sweep(Gone& gone, std::size_t& topics_left) {
  for (; !gone.topics.empty() && topics_left > 0; --topics_left) {
    const HeldTopic held = gone.topics.pop_back();
    if (gone.slot) editor_.forget_member(held.topic, *gone.slot);
    names_.release(held.topic);
    --pairs_;
  }
  if (gone.topics.empty() && gone.slot) editor_.remove_gone_group(*gone.slot);
}

void TopicKeeper::settle(Group& group) {
  choose_source(group);
  for (Broker* replica : group.replicas) {
    if (is_remoting(replica) && !replica->topics.empty()) {
      release(replica->topics);
    }
  }
  if (std::none_of(group.replicas.begin(), group.replicas.end(), is_remoting)) {
    release(group.topics);
    group.mappings.clear();
    group.shown_mappings.reset();
  }
}

void TopicKeeper::choose_source(Group& group) {
  TopicList* next = source_of(group);
  if (next == group.source) return;
  const TopicList none;
  show_instead(group, group.source == nullptr ? none : *group.source,
               next == nullptr ? none : *next);
  group.source = next;
}

void TopicKeeper::show_instead(Group& group, const TopicList& before,
                               const TopicList& after) {
  auto old = before.begin();
  for (auto now = after.begin(); !now.at_end(); ++now) {
    const std::string_view name = now->topic->text();
    for (; !old.at_end() && old->topic->text() < name; ++old) {
      hide(group, old->topic);
    }
    if (!old.at_end() && old->topic == now->topic) {
      const bool same = old->queues == now->queues;
      ++old;
      if (same) continue;
    }
    show(group, *now);
  }
  for (; !old.at_end(); ++old) hide(group, old->topic);
}

std::size_t TopicKeeper::change_permission(
    Group& group, ChangeWritePermission::Change change) {
  if (group.source == nullptr) return 0;
  for (auto at = group.source->begin(); !at.at_end(); ++at) {
    const auto [over, is_new] = group.volatile_permissions.try_emplace(
        at->topic, at->queues.permission);
    over->second = changed(over->second, change);
    show(group, *at);
  }
  return group.source->size();
}

void TopicKeeper::bring_anew(Group& group, const TopicList& list,
                             const std::vector<model::TopicConfig>* topics) {
  if (group.volatile_permissions.empty() || group.source != &list) return;
  if (topics == nullptr) {
    const auto forgotten = std::exchange(group.volatile_permissions, {});
    for (const auto& [name, permission] : forgotten) {
      show(group, *list.find(name->text()));
    }
    return;
  }
  for (const model::TopicConfig& topic : *topics) {
    const HeldTopic* held = list.find(topic.name.value());
    if (held == nullptr) continue;
    if (group.volatile_permissions.erase(held->topic) > 0) show(group, *held);
  }
}

}  // namespace waypost::registry
