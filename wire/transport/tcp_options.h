#ifndef WAYPOST_WIRE_TRANSPORT_TCP_OPTIONS_H_
#define WAYPOST_WIRE_TRANSPORT_TCP_OPTIONS_H_

#include "wire/transport/connection.h"

namespace waypost::transport {

// Sets TCP_NODELAY, and keepalive and TCP_USER_TIMEOUT as the options say, on a
// socket. On a listening socket they pass on to every accepted one (Linux), so
// that an accept costs no further system call. Failures are ignored: the socket
// works without.
void apply_tcp_options(int descriptor, const ConnectionOptions& options);

}  // namespace waypost::transport

#endif  // WAYPOST_WIRE_TRANSPORT_TCP_OPTIONS_H_
