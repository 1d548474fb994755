#include "client_sdk/runtime/topic_directory.h"

#include "wire/model/topic.h"

namespace waypost::client {

base::Result<TopicDirectory::Added> TopicDirectory::add(std::string_view name) {
  const std::lock_guard lock(mutex_);
  if (const auto found = by_name_.find(name); found != by_name_.end()) {
    return Added{found->second, false};
  }
  if (const auto named = model::check_name("topic name", name); !named) {
    return tl::unexpected(named.error());
  }
  if (by_slot_.size() >= topics_max_) {
    return base::fail(base::ErrorCode::kTooLarge,
                      "follow topic '" + std::string(name) +
                          "': " + std::to_string(by_slot_.size()) +
                          " topics are followed already",
                      "raise client.topics-max");
  }
  const auto slot = static_cast<TopicSlot>(by_slot_.size());
  auto& topic = by_slot_.emplace_back(
      std::make_unique<TopicState>(std::string(name), slot));
  by_name_.emplace(topic->name, topic.get());
  return Added{topic.get(), true};
}

TopicState* TopicDirectory::find(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

TopicState* TopicDirectory::at(TopicSlot slot) const {
  const std::lock_guard lock(mutex_);
  return slot < by_slot_.size() ? by_slot_[slot].get() : nullptr;
}

std::vector<TopicState*> TopicDirectory::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<TopicState*> topics;
  topics.reserve(by_slot_.size());
  for (const auto& topic : by_slot_) topics.push_back(topic.get());
  return topics;
}

std::size_t TopicDirectory::size() const {
  const std::lock_guard lock(mutex_);
  return by_slot_.size();
}

}  // namespace waypost::client
