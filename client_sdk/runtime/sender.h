#ifndef WAYPOST_CLIENT_SDK_RUNTIME_SENDER_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_SENDER_H_

#include <string>
#include <string_view>

#include "base/clock.h"
#include "waypost/client.hpp"
#include "waypost/send.hpp"

namespace waypost::client {

// What sending needs of a client.
class SendEnvironment {
 public:
  virtual ~SendEnvironment() = default;
  virtual base::Instant now() const = 0;
  virtual Result<Pick> pick(std::string_view topic,
                            const PickOptions& options) = 0;
  virtual void report(const Pick& pick, Outcome outcome,
                      base::Duration latency) = 0;
  // Returns when the topic's route is known, or why it is not.
  virtual Status wait_for_route(std::string_view topic,
                                base::Duration timeout) = 0;
};

// Client::send, with all its limits given: `options` without zeros.
SendResult run_send(SendEnvironment& environment, std::string_view topic,
                    const Attempt& attempt, const SendOptions& options);

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_SENDER_H_
