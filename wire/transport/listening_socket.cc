#include "wire/transport/listening_socket.h"

#include <cerrno>

#include <sys/socket.h>
#include <unistd.h>

#include "wire/transport/network.h"
#include "wire/transport/socket_address.h"
#include "wire/transport/tcp_options.h"
#include "wire/transport/uv_error.h"

namespace waypost::transport {
namespace {

void allow(int descriptor, int option) {
  const int yes = 1;
  setsockopt(descriptor, SOL_SOCKET, option, &yes, sizeof yes);
}

// Closes it, too.
tl::unexpected<base::Error> failed(int descriptor,
                                   const base::Endpoint& endpoint) {
  const int error = errno;
  ::close(descriptor);
  return tl::unexpected(listen_error(error, endpoint));
}

}  // namespace

base::Result<int> bind_socket(const base::Endpoint& endpoint,
                              const ListenOptions& options) {
  const auto address = SocketAddress::of_this_host(endpoint);
  if (!address) return tl::unexpected(address.error());
  const int descriptor = ::socket(
      address->family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return tl::unexpected(listen_error(errno, endpoint));
  // Without it a restart would wait for the old connections' TIME_WAIT.
  allow(descriptor, SO_REUSEADDR);
  if (options.reuse_port) allow(descriptor, SO_REUSEPORT);
  apply_tcp_options(descriptor, options.connection);
  if (::bind(descriptor, address->get(), address->size()) != 0) {
    return failed(descriptor, endpoint);
  }
  return descriptor;
}

base::Status start_listening(int descriptor, const base::Endpoint& endpoint,
                             int backlog) {
  if (::listen(descriptor, backlog) != 0) return failed(descriptor, endpoint);
  return {};
}

base::Error listen_error(int error, const base::Endpoint& endpoint) {
  base::Error result = uv_error(-error, "listen on " + endpoint.to_string());
  if (error == EADDRINUSE) {
    result.code = base::ErrorCode::kUnavailable;
    result.advice =
        "another process listens there: stop it or choose another port "
        "('ss -ltnp' shows which)";
  } else if (error == EACCES) {
    result.advice = "ports below 1024 need a privilege: choose a higher one";
  } else if (error == EADDRNOTAVAIL) {
    result.code = base::ErrorCode::kInvalidArgument;
    result.advice = "give an address of this host, or 0.0.0.0 for all of them";
  }
  return result;
}

}  // namespace waypost::transport
