#include <utility>

#include "broker_agent/sidecar/duty.h"
#include "broker_agent/sidecar/topic_file.h"
#include "broker_agent/sidecar/topic_watcher.h"

namespace waypost::agent {
namespace {

class Registering final : public Duty {
 public:
  Registering(transport::Loop& loop, AgentSettings settings,
              const std::string& topic_file, Leave leave, base::Logger logger)
      : loop_(loop),
        settings_(std::move(settings)),
        leave_(leave),
        logger_(logger),
        watcher_(
            loop, topic_file,
            [this](TopicListPtr topics) {
              if (agent_) agent_->set_topics(std::move(topics));
            },
            logger) {}

  void set_first_topics(TopicList topics) {
    topics_ = std::make_shared<const TopicList>(std::move(topics));
  }

  void start() override {
    const BrokerIdentity& identity = settings_.registration.identity;
    logger_.info("agent starts",
                 {{"broker", identity.broker.to_string()},
                  {"address", identity.address.to_string()},
                  {"cluster", identity.cluster.value()},
                  {"topics", topics_->size()},
                  {"probes", joined(settings_.probes)},
                  {"nameservers", joined(settings_.nameservers)}});
    agent_ = std::make_unique<AgentRunner>(surroundings_of(loop_, logger_),
                                           settings_, topics_);
    agent_->start();
    watcher_.start();
  }

  void stop(std::function<void()> on_stopped) override {
    logger_.info("agent stops",
                 {{"on_exit", leave_ == Leave::kKeep ? "keep" : "unregister"}});
    agent_->stop(leave_, std::move(on_stopped));
  }

  void reload() override { watcher_.reload(); }

 private:
  transport::Loop& loop_;
  const AgentSettings settings_;
  const Leave leave_;
  const base::Logger logger_;
  TopicWatcher watcher_;
  TopicListPtr topics_;
  std::unique_ptr<AgentRunner> agent_;
};

}  // namespace

base::Result<std::unique_ptr<Duty>> make_registering(
    transport::Loop& loop, AgentSettings settings,
    const std::string& topic_file, Leave leave, base::Logger logger) {
  // The watcher looks at the file before it is read here: a change in between
  // is seen.
  auto duty = std::make_unique<Registering>(loop, std::move(settings),
                                            topic_file, leave, logger);
  auto topics = read_topic_file(topic_file);
  if (!topics) return tl::unexpected(topics.error());
  duty->set_first_topics(std::move(*topics));
  return duty;
}

}  // namespace waypost::agent
