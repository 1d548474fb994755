#ifndef WAYPOST_WIRE_TRANSPORT_UV_ERROR_H_
#define WAYPOST_WIRE_TRANSPORT_UV_ERROR_H_

// libuv's negative status codes (on Unix: negated errno) in our terms.

#include <string>
#include <string_view>

#include "base/error.h"
#include "wire/transport/connection.h"

namespace waypost::transport {

// "connection refused".
std::string uv_error_text(int status);

// "what: connection refused", with the code that fits the status.
base::Error uv_error(int status, std::string_view what);

// Why a connection whose read or write failed with `status` has ended.
CloseReason close_reason_of(int status);

// What on_closed is told.
base::Error close_error(CloseReason reason, int status,
                        const base::Endpoint& peer);

}  // namespace waypost::transport

#endif  // WAYPOST_WIRE_TRANSPORT_UV_ERROR_H_
