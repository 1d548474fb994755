#include "tests/sim/sim_agent.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "broker_agent/runtime/agent_options.h"

namespace waypost::sim {

SimAgent::SimAgent(SimNode& node, const base::Profile& profile,
                   const std::string& broker_name, const base::Endpoint& broker,
                   std::vector<base::Endpoint> nameservers, base::Logger logger)
    : node_(node), broker_name_(broker_name), logger_(logger) {
  agent::AgentOptionValues values;
  agent::apply_profile(profile, values);
  settings = std::move(values.settings);
  auto& registration = settings.registration;
  registration.identity.cluster = model::ClusterName("c1");
  registration.identity.broker = {model::BrokerName(broker_name),
                                  model::kMasterId};
  registration.identity.address = broker;
  settings.nameservers = std::move(nameservers);
  set_topics({});
}

SimAgent::~SimAgent() = default;

void SimAgent::set_topics(const std::vector<std::string>& names) {
  std::vector<model::TopicConfig> topics;
  for (const auto& name : names) {
    model::TopicConfig topic;
    topic.name = model::TopicName(name);
    topic.queues.read_queues = 4;
    topic.queues.write_queues = 4;
    topics.push_back(std::move(topic));
  }
  auto list = agent::TopicList::make(std::move(topics));
  WAYPOST_ASSERT(list.has_value());
  topics_ = std::make_shared<const agent::TopicList>(std::move(*list));
  if (runner_ != nullptr) runner_->set_topics(topics_);
}

void SimAgent::start() {
  WAYPOST_ASSERT(!running());
  settings.registration.seed = node_.executor().world().random().next();
  runner_ = std::make_unique<agent::AgentRunner>(
      agent::AgentSurroundings{node_.executor(), node_.network(), nullptr,
                               [this](const std::string& host) {
                                 return host == node_.address() ||
                                        std::find(same_machine.begin(),
                                                  same_machine.end(),
                                                  host) != same_machine.end();
                               },
                               logger_},
      settings, topics_);
  runner_->start();
}

void SimAgent::kill() {
  WAYPOST_ASSERT(running());
  node_.kill();
  runner_.reset();
  node_.restart();
}

void SimAgent::stop(agent::Leave leave) {
  WAYPOST_ASSERT(running());
  runner_->stop(leave, [this] {
    // Not within its own callback.
    node_.executor().post([this] { runner_.reset(); });
  });
}

}  // namespace waypost::sim
