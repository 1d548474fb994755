#ifndef WAYPOST_WIRE_TRANSPORT_UV_NETWORK_H_
#define WAYPOST_WIRE_TRANSPORT_UV_NETWORK_H_

#include <string>

#include "wire/transport/network.h"

namespace waypost::transport {

class UvLoop;

struct ResolverOptions {
  // "127.0.0.1:5353,[::1]:53" instead of those of /etc/resolv.conf; for tests.
  std::string servers;
};

// The real network: TCP on a libuv loop, names through c-ares.
class UvNetwork final : public Network {
 public:
  UvNetwork(UvLoop& loop, const ResolverOptions& resolver_options)
      : loop_(loop), resolver_options_(resolver_options) {}

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
  const ResolverOptions resolver_options_;
};

}  // namespace waypost::transport

#endif  // WAYPOST_WIRE_TRANSPORT_UV_NETWORK_H_
