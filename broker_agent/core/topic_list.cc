#include "broker_agent/core/topic_list.h"

#include <algorithm>
#include <utility>

namespace waypost::agent {

TopicList::TopicList() : TopicList(std::vector<model::TopicConfig>{}) {}

TopicList::TopicList(std::vector<model::TopicConfig> sorted)
    : topics_(std::move(sorted)), digest_(model::digest_topics(topics_)) {}

base::Result<TopicList> TopicList::make(
    std::vector<model::TopicConfig> topics) {
  for (const model::TopicConfig& topic : topics) {
    if (auto ok = model::check_topic(topic); !ok) {
      return tl::unexpected(ok.error());
    }
  }
  std::sort(topics.begin(), topics.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  const auto twice = std::adjacent_find(
      topics.begin(), topics.end(),
      [](const auto& a, const auto& b) { return a.name == b.name; });
  if (twice != topics.end()) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      "topic " + twice->name.value() + " is named twice");
  }
  return TopicList(std::move(topics));
}

TopicDiff diff_topics(const TopicList& before, const TopicList& after) {
  TopicDiff diff;
  auto old_topic = before.topics().begin();
  const auto old_end = before.topics().end();
  for (const model::TopicConfig& topic : after.topics()) {
    for (; old_topic != old_end && old_topic->name < topic.name; ++old_topic) {
      diff.removed.push_back(old_topic->name);
    }
    if (old_topic == old_end || old_topic->name != topic.name) {
      diff.set.push_back(topic);
      ++diff.added;
      continue;
    }
    if (*old_topic != topic) diff.set.push_back(topic);
    ++old_topic;
  }
  for (; old_topic != old_end; ++old_topic) {
    diff.removed.push_back(old_topic->name);
  }
  return diff;
}

std::string TopicDiff::to_string() const {
  return std::to_string(added) + " added, " +
         std::to_string(set.size() - added) + " changed, " +
         std::to_string(removed.size()) + " removed";
}

}  // namespace waypost::agent
