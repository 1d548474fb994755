#ifndef WAYPOST_BROKER_AGENT_CORE_REQUESTS_H_
#define WAYPOST_BROKER_AGENT_CORE_REQUESTS_H_

#include "base/clock.h"
#include "broker_agent/core/health_judge.h"
#include "broker_agent/core/settings.h"
#include "broker_agent/core/topic_list.h"
#include "wire/model/operations.h"

namespace waypost::agent {

// All of `topics`.
model::RegisterRequest full_registration(const RegistrationSettings& settings,
                                         model::Epoch epoch,
                                         const TopicList& topics,
                                         const Health& health);

// What turns `held` into `topics`.
model::RegisterRequest incremental_registration(
    const RegistrationSettings& settings, model::Epoch epoch,
    const TopicList& held, const TopicList& topics, const Health& health);

// How long the answer to a registration may take.
base::Duration register_deadline(const RegistrationSettings& settings,
                                 const model::RegisterRequest& request);

model::VerdictRequest verdict(const RegistrationSettings& settings,
                              model::Epoch epoch, const Health& health);

}  // namespace waypost::agent

#endif  // WAYPOST_BROKER_AGENT_CORE_REQUESTS_H_
