#ifndef WAYPOST_WIRE_TRANSPORT_PORT_RESERVATION_H_
#define WAYPOST_WIRE_TRANSPORT_PORT_RESERVATION_H_

#include "base/endpoint.h"
#include "base/error.h"

namespace waypost::transport {

// Listeners that share a port (ListenOptions::reuse_port) would share it with
// another process of the same user too, and silently take part of its
// connections; asked for any free port the kernel may even give them such a
// one. Whoever reserves it first learns that somebody listens there already.
//
// A reserved address does not listen: whoever connects is refused, where a
// listener that is closed again would reset those who had come to it. While
// the reservation stands, this process may listen there and the kernel gives
// the port to nobody who asks for any.
class PortReservation {
 public:
  // Port 0: a free one. Fails when another socket listens there.
  static base::Result<PortReservation> take(const base::Endpoint& endpoint);

  PortReservation(PortReservation&& other) noexcept;
  PortReservation& operator=(PortReservation&&) = delete;
  ~PortReservation();

  // As asked for, with the port that was taken.
  const base::Endpoint& endpoint() const { return endpoint_; }

 private:
  PortReservation(int descriptor, base::Endpoint endpoint);

  int descriptor_;
  base::Endpoint endpoint_;
};

}  // namespace waypost::transport

#endif  // WAYPOST_WIRE_TRANSPORT_PORT_RESERVATION_H_
