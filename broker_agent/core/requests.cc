#include "broker_agent/core/requests.h"

#include <utility>

namespace waypost::agent {
namespace {

model::RegisterRequest without_topics(const RegistrationSettings& settings,
                                      model::Epoch epoch,
                                      const TopicList& topics,
                                      const Health& health) {
  model::RegisterRequest request;
  request.cluster = settings.identity.cluster;
  request.broker = settings.identity.broker;
  request.address = settings.identity.address;
  request.zone = settings.identity.zone;
  request.epoch = epoch;
  request.expiry = settings.expiry;
  request.healthy = health.healthy;
  request.verdict_action = settings.unhealthy_action;
  request.health_reason = health.reason;
  request.topics_digest = topics.digest();
  return request;
}

}  // namespace

model::RegisterRequest full_registration(const RegistrationSettings& settings,
                                         model::Epoch epoch,
                                         const TopicList& topics,
                                         const Health& health) {
  auto request = without_topics(settings, epoch, topics, health);
  request.mode = model::RegisterMode::kFull;
  request.topics = topics.topics();
  return request;
}

model::RegisterRequest incremental_registration(
    const RegistrationSettings& settings, model::Epoch epoch,
    const TopicList& held, const TopicList& topics, const Health& health) {
  auto request = without_topics(settings, epoch, topics, health);
  request.mode = model::RegisterMode::kIncremental;
  TopicDiff diff = diff_topics(held, topics);
  request.topics = std::move(diff.set);
  request.removed = std::move(diff.removed);
  return request;
}

base::Duration register_deadline(const RegistrationSettings& settings,
                                 const model::RegisterRequest& request) {
  return settings.rpc_timeout +
         settings.register_timeout_per_topic *
             static_cast<base::Duration::rep>(request.topics.size());
}

model::VerdictRequest verdict(const RegistrationSettings& settings,
                              model::Epoch epoch, const Health& health) {
  model::VerdictRequest request;
  request.broker = settings.identity.broker;
  request.epoch = epoch;
  request.healthy = health.healthy;
  request.action = settings.unhealthy_action;
  request.reason = health.reason;
  return request;
}

}  // namespace waypost::agent
