#ifndef WAYPOST_BROKER_AGENT_CORE_TOPIC_LIST_H_
#define WAYPOST_BROKER_AGENT_CORE_TOPIC_LIST_H_

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "wire/model/operations.h"

namespace waypost::agent {

// All topics of one broker: sorted by name, each name once, each within the
// model's bounds. Immutable, so that it can be shared by everything that still
// has to compare with it.
class TopicList {
 public:
  TopicList();  // no topics

  // Sorts and checks. Fails with kInvalidArgument on a topic that check_topic
  // refuses or that is named twice.
  static base::Result<TopicList> make(std::vector<model::TopicConfig> topics);

  const std::vector<model::TopicConfig>& topics() const { return topics_; }
  const model::Digest& digest() const { return digest_; }
  std::size_t size() const { return topics_.size(); }

 private:
  explicit TopicList(std::vector<model::TopicConfig> sorted);

  std::vector<model::TopicConfig> topics_;
  model::Digest digest_;
};

using TopicListPtr = std::shared_ptr<const TopicList>;

// What turns `before` into `after`.
struct TopicDiff {
  std::vector<model::TopicConfig> set;    // added or with other queues
  std::vector<model::TopicName> removed;  // gone
  std::size_t added = 0;                  // of `set`, those that are new

  std::size_t size() const { return set.size() + removed.size(); }
  // "2 added, 1 changed, 3 removed".
  std::string to_string() const;
};
TopicDiff diff_topics(const TopicList& before, const TopicList& after);

}  // namespace waypost::agent

#endif  // WAYPOST_BROKER_AGENT_CORE_TOPIC_LIST_H_
