#ifndef WAYPOST_WIRE_TRANSPORT_UV_NETWORK_H_
#define WAYPOST_WIRE_TRANSPORT_UV_NETWORK_H_

#include "wire/transport/network.h"

namespace waypost::transport {

class UvLoop;

// The real network: TCP on a libuv loop, names through c-ares.
class UvNetwork final : public Network {
 public:
  explicit UvNetwork(UvLoop& loop) : loop_(loop) {}

  base::Result<std::unique_ptr<Listener>> listen(
      const base::Endpoint& endpoint, const ListenOptions& options,
      AcceptCallback on_accept) override;
  std::unique_ptr<Operation> connect(const base::Endpoint& endpoint,
                                     base::Duration deadline,
                                     const ConnectionOptions& options,
                                     ConnectCallback on_connected) override;
  std::unique_ptr<Operation> resolve(const std::string& host,
                                     base::Duration deadline,
                                     ResolveCallback on_resolved) override;

 private:
  UvLoop& loop_;
};

}  // namespace waypost::transport

#endif  // WAYPOST_WIRE_TRANSPORT_UV_NETWORK_H_
