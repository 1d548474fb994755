#include "broker_agent/sidecar/topic_watcher.h"

#include <utility>

#include <sys/stat.h>

#include "broker_agent/sidecar/topic_file.h"

namespace waypost::agent {
namespace {

constexpr base::Duration kLookInterval = std::chrono::seconds(1);

}  // namespace

TopicWatcher::TopicWatcher(base::Executor& executor, std::string file,
                           std::function<void(TopicListPtr)> on_topics,
                           base::Logger logger)
    : executor_(executor),
      file_(std::move(file)),
      on_topics_(std::move(on_topics)),
      logger_(logger),
      // Before the first reading by our owner: a change in between is seen.
      seen_(stamp()) {}

void TopicWatcher::start() {
  timer_ = executor_.run_after(kLookInterval, [this] { look(); });
}

TopicWatcher::Stamp TopicWatcher::stamp() const {
  struct stat status {};
  if (::stat(file_.c_str(), &status) != 0) return {};
  return {status.st_ino, status.st_size,
          std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 +
              status.st_mtim.tv_nsec};
}

void TopicWatcher::look() {
  if (const Stamp now = stamp(); now != seen_) {
    seen_ = now;
    read();
  }
  start();
}

void TopicWatcher::reload() {
  seen_ = stamp();
  complained_.clear();
  read();
}

void TopicWatcher::read() {
  auto topics = read_topic_file(file_);
  if (!topics) {
    if (complained_ == topics.error().message) return;
    complained_ = topics.error().message;
    logger_.error("topic file is not usable, the topics stay as they were",
                  {{"why", complained_}});
    return;
  }
  complained_.clear();
  on_topics_(std::make_shared<const TopicList>(std::move(*topics)));
}

}  // namespace waypost::agent
