#ifndef WAYPOST_WIRE_TRANSPORT_LISTENING_SOCKET_H_
#define WAYPOST_WIRE_TRANSPORT_LISTENING_SOCKET_H_

#include "base/endpoint.h"
#include "base/error.h"

namespace waypost::transport {

struct ListenOptions;

// A non-blocking socket bound to an address of this host, with the options that
// connections take over from it; does not listen yet. The caller closes it.
base::Result<int> bind_socket(const base::Endpoint& endpoint,
                              const ListenOptions& options);

// Closes the descriptor when it cannot listen.
base::Status start_listening(int descriptor, const base::Endpoint& endpoint,
                             int backlog);

// What to tell about a system call's `error` (an errno) on the way there.
base::Error listen_error(int error, const base::Endpoint& endpoint);

}  // namespace waypost::transport

#endif  // WAYPOST_WIRE_TRANSPORT_LISTENING_SOCKET_H_
