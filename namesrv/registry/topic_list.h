#ifndef WAYPOST_NAMESRV_REGISTRY_TOPIC_LIST_H_
#define WAYPOST_NAMESRV_REGISTRY_TOPIC_LIST_H_

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "namesrv/registry/sorted_chunks.h"
#include "namesrv/registry/topic_names.h"
#include "wire/model/topic.h"

namespace waypost::registry {

// One topic that a broker registered.
struct HeldTopic {
  const InternedName* topic = nullptr;
  model::QueueData queues;
};
struct HeldTopicKey {
  static std::string_view key(const HeldTopic& held) {
    return held.topic->text();
  }
};
using TopicList = SortedChunks<HeldTopic, HeldTopicKey>;

// One difference between what is held and what a registration says.
struct TopicChange {
  // Lives as long as the registration, or the held list for one that goes.
  std::string_view name;
  const InternedName* held = nullptr;      // null: it is new
  std::optional<model::QueueData> queues;  // none: it goes
};

// What makes `held` equal to `topics`, which are sorted by name without
// doubles: one walk over both.
std::vector<TopicChange> changes_to_replace(
    const TopicList& held, const std::vector<model::TopicConfig>& topics);

// What adds or changes `topics` and takes `removed` away: costs a search for
// each of these.
std::vector<TopicChange> changes_to_merge(
    const TopicList& held, const std::vector<model::TopicConfig>& topics,
    const std::vector<model::TopicName>& removed);

// Topics of the sorted list that are not held, or with other queues; counts no
// further than to limit + 1.
std::size_t count_different(const TopicList& held,
                            const std::vector<model::TopicConfig>& topics,
                            std::size_t limit);

// By how much the changes make the list longer; may be negative.
std::ptrdiff_t growth(const std::vector<TopicChange>& changes);

}  // namespace waypost::registry

#endif  // WAYPOST_NAMESRV_REGISTRY_TOPIC_LIST_H_
