#ifndef WAYPOST_CLIENT_SDK_RUNTIME_TOPIC_DIRECTORY_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_TOPIC_DIRECTORY_H_

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "client_sdk/runtime/route_table.h"

namespace waypost::client {

// The topics that a client follows, each with its number. Only grows; what it
// hands out lives as long as it does. Any thread; a short lock.
class TopicDirectory {
 public:
  explicit TopicDirectory(std::size_t topics_max) : topics_max_(topics_max) {}

  struct Added {
    TopicState* topic = nullptr;
    bool is_new = false;
  };
  // The error: the name is none, or there are too many.
  base::Result<Added> add(std::string_view name);

  // Null when not followed.
  TopicState* find(std::string_view name) const;
  TopicState* at(TopicSlot slot) const;
  std::vector<TopicState*> all() const;  // by slot
  std::size_t size() const;

 private:
  const std::size_t topics_max_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string_view, TopicState*> by_name_;
  std::vector<std::unique_ptr<TopicState>> by_slot_;
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_TOPIC_DIRECTORY_H_
