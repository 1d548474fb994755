#include "namesrv/registry/topic_keeper.h"

namespace waypost::registry {

void TopicKeeper::apply(Broker& broker,
                        const std::vector<TopicChange>& changes) {
  const bool shown = broker.group->source == &broker;
  pairs_ -= broker.topics.size();
  for (const TopicChange& change : changes) apply_one(broker, change, shown);
  pairs_ += broker.topics.size();
  choose_source(*broker.group);
}

void TopicKeeper::apply_one(Broker& broker, const TopicChange& change,
                            bool shown) {
  const GroupSlot slot = broker.group->slot;
  if (change.queues) {
    const InternedName* name =
        change.held != nullptr ? change.held : names_.acquire(change.name);
    broker.topics.set({name, *change.queues});
    if (shown) editor_.set_member(name, slot, *change.queues);
    return;
  }
  if (shown) editor_.remove_member(change.held, slot);
  broker.topics.erase(change.held->text());
  names_.release(change.held);
}

void TopicKeeper::drop(Broker& broker) {
  choose_source(*broker.group);
  pairs_ -= broker.topics.size();
  for (auto at = broker.topics.begin(); !at.at_end(); ++at) {
    names_.release(at->topic);
  }
  broker.topics = TopicList();
}

void TopicKeeper::choose_source(Group& group) {
  Broker* next = nullptr;
  for (Broker* replica : group.replicas) {
    if (replica->topics.empty()) continue;
    next = replica;
    break;
  }
  if (next == group.source) return;
  const TopicList none;
  show_instead(group.source == nullptr ? none : group.source->topics,
               next == nullptr ? none : next->topics, group.slot);
  group.source = next;
}

void TopicKeeper::show_instead(const TopicList& before, const TopicList& after,
                               GroupSlot slot) {
  auto old = before.begin();
  for (auto now = after.begin(); !now.at_end(); ++now) {
    const std::string_view name = now->topic->text();
    for (; !old.at_end() && old->topic->text() < name; ++old) {
      editor_.remove_member(old->topic, slot);
    }
    if (!old.at_end() && old->topic == now->topic) ++old;
    editor_.set_member(now->topic, slot, now->queues);
  }
  for (; !old.at_end(); ++old) editor_.remove_member(old->topic, slot);
}

}  // namespace waypost::registry
