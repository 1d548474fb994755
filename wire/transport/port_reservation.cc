#include "wire/transport/port_reservation.h"

#include <utility>

#include <unistd.h>

#include "wire/transport/listening_socket.h"
#include "wire/transport/network.h"
#include "wire/transport/socket_address.h"

namespace waypost::transport {

base::Result<PortReservation> PortReservation::take(
    const base::Endpoint& endpoint) {
  const auto descriptor = bind_socket(endpoint, {});
  if (!descriptor) return tl::unexpected(descriptor.error());
  return PortReservation(
      *descriptor, {endpoint.host, SocketAddress::local_of(*descriptor).port});
}

PortReservation::PortReservation(int descriptor, base::Endpoint endpoint)
    : descriptor_(descriptor), endpoint_(std::move(endpoint)) {}

PortReservation::PortReservation(PortReservation&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      endpoint_(std::move(other.endpoint_)) {}

PortReservation::~PortReservation() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace waypost::transport
