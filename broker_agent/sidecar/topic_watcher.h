#ifndef WAYPOST_BROKER_AGENT_SIDECAR_TOPIC_WATCHER_H_
#define WAYPOST_BROKER_AGENT_SIDECAR_TOPIC_WATCHER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/executor.h"
#include "base/log.h"
#include "broker_agent/core/topic_list.h"

namespace waypost::agent {

// Looks each second whether the topic file is another one (size, time, inode)
// and reads it then. A broken or missing file is logged once and changes
// nothing: the topics that were read last stay registered. Loop thread only.
class TopicWatcher {
 public:
  TopicWatcher(base::Executor& executor, std::string file,
               std::function<void(TopicListPtr)> on_topics,
               base::Logger logger);

  // From what is in the file now on.
  void start();
  // Reads it in any case; for SIGHUP.
  void reload();

 private:
  struct Stamp {
    std::uint64_t inode = 0;
    std::int64_t size = -1;  // -1: there is no such file
    std::int64_t modified_ns = 0;

    friend bool operator==(const Stamp&, const Stamp&) = default;
  };

  Stamp stamp() const;
  void look();
  void read();

  base::Executor& executor_;
  const std::string file_;
  const std::function<void(TopicListPtr)> on_topics_;
  const base::Logger logger_;
  Stamp seen_;
  std::string complained_;  // about what
  std::unique_ptr<base::Timer> timer_;
};

}  // namespace waypost::agent

#endif  // WAYPOST_BROKER_AGENT_SIDECAR_TOPIC_WATCHER_H_
