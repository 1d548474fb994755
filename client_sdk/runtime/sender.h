#ifndef WAYPOST_CLIENT_SDK_RUNTIME_SENDER_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_SENDER_H_

#include <string_view>

#include "client_sdk/runtime/send_course.h"
#include "waypost/client.hpp"
#include "waypost/send.hpp"

namespace waypost::client {

// Client::send, with all its limits given: `options` without zeros.
SendResult run_send(SendEnvironment& environment, std::string_view topic,
                    const Attempt& attempt, const SendOptions& options);

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_SENDER_H_
