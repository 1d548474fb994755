#include "namesrv/registry/topic_list.h"

#include <algorithm>

namespace waypost::registry {
namespace {

TopicChange added(const model::TopicConfig& topic) {
  return {topic.name.value(), nullptr, topic.queues};
}
TopicChange changed(const HeldTopic& held, const model::TopicConfig& topic) {
  return {topic.name.value(), held.topic, topic.queues};
}
TopicChange gone(const HeldTopic& held) {
  return {held.topic->text(), held.topic, std::nullopt};
}

}  // namespace

std::vector<TopicChange> changes_to_replace(
    const TopicList& held, const std::vector<model::TopicConfig>& topics) {
  std::vector<TopicChange> changes;
  auto at = held.begin();
  for (const model::TopicConfig& topic : topics) {
    const std::string_view name = topic.name.value();
    while (!at.at_end() && at->topic->text() < name) {
      changes.push_back(gone(*at));
      ++at;
    }
    if (at.at_end() || at->topic->text() != name) {
      changes.push_back(added(topic));
      continue;
    }
    if (at->queues != topic.queues) changes.push_back(changed(*at, topic));
    ++at;
  }
  for (; !at.at_end(); ++at) changes.push_back(gone(*at));
  return changes;
}

std::vector<TopicChange> changes_to_merge(
    const TopicList& held, const std::vector<model::TopicConfig>& topics,
    const std::vector<model::TopicName>& removed) {
  std::vector<TopicChange> changes;
  for (const model::TopicConfig& topic : topics) {
    const HeldTopic* found = held.find(topic.name.value());
    if (found == nullptr) {
      changes.push_back(added(topic));
    } else if (found->queues != topic.queues) {
      changes.push_back(changed(*found, topic));
    }
  }
  for (const model::TopicName& name : removed) {
    const HeldTopic* found = held.find(name.value());
    if (found != nullptr) changes.push_back(gone(*found));
  }
  return changes;
}

std::size_t count_different(const TopicList& held,
                            const std::vector<model::TopicConfig>& topics,
                            std::size_t limit) {
  std::size_t count = 0;
  auto at = held.begin();
  for (const model::TopicConfig& topic : topics) {
    const std::string_view name = topic.name.value();
    while (!at.at_end() && at->topic->text() < name) ++at;
    const bool same =
        !at.at_end() && at->topic->text() == name && at->queues == topic.queues;
    if (!same && ++count > limit) break;
  }
  return count;
}

std::ptrdiff_t growth(const std::vector<TopicChange>& changes) {
  std::ptrdiff_t grows = 0;
  for (const TopicChange& change : changes) {
    if (change.held == nullptr) ++grows;
    if (!change.queues) --grows;
  }
  return grows;
}

}  // namespace waypost::registry
