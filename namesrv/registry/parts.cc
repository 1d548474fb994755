#include "namesrv/registry/parts.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace waypost::registry {

Register part_of(Register& whole, std::size_t first) {
  // Nothing large is copied.
  auto topics = std::exchange(whole.request.topics, {});
  auto mappings = std::exchange(whole.remoting.mappings, {});
  auto removed = std::exchange(whole.request.removed, {});
  Register part = whole;
  const std::size_t end = std::min(first + kTopicsPerPart, topics.size());
  const auto at = [&](std::size_t index) {
    return topics.begin() + static_cast<std::ptrdiff_t>(index);
  };
  part.request.topics.assign(at(std::min(first, end)), at(end));
  whole.request.topics = std::move(topics);
  whole.remoting.mappings = std::move(mappings);
  whole.request.removed = std::move(removed);
  part.part = true;
  part.topics = TopicsPolicy::kMerge;
  part.content = {};
  part.remoting.body = {};
  return part;
}

}  // namespace waypost::registry
