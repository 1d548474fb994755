#ifndef WAYPOST_WIRE_TRANSPORT_SOCKET_ADDRESS_H_
#define WAYPOST_WIRE_TRANSPORT_SOCKET_ADDRESS_H_

#include <optional>
#include <string>

#include <sys/socket.h>

#include "base/endpoint.h"
#include "base/error.h"

namespace waypost::transport {

// An IPv4 or IPv6 address and port as the kernel takes it.
class SocketAddress {
 public:
  // From a numeric host ("10.0.0.1", "::1", "fe80::1%eth0"); empty for a name.
  static std::optional<SocketAddress> parse(const std::string& numeric_host,
                                            std::uint16_t port);

  // The address of this host that a name stands for; blocks on name lookup, so
  // for listening at start only.
  static base::Result<SocketAddress> of_this_host(
      const base::Endpoint& endpoint);

  // The two ends of a connected or bound socket; port 0 and an empty host when
  // the kernel does not tell.
  static base::Endpoint local_of(int descriptor);
  static base::Endpoint peer_of(int descriptor);

  // A copy of what the kernel filled in.
  static base::Endpoint to_endpoint(const sockaddr_storage& address);

  const sockaddr* get() const {
    return reinterpret_cast<const sockaddr*>(&storage_);
  }
  socklen_t size() const;
  int family() const { return storage_.ss_family; }
  // An IPv4 address in IPv6 clothing (::ffff:10.0.0.1) prints as the former.
  base::Endpoint endpoint() const { return to_endpoint(storage_); }

 private:
  sockaddr_storage storage_{};
};

}  // namespace waypost::transport

#endif  // WAYPOST_WIRE_TRANSPORT_SOCKET_ADDRESS_H_
