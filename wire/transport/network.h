#ifndef WAYPOST_WIRE_TRANSPORT_NETWORK_H_
#define WAYPOST_WIRE_TRANSPORT_NETWORK_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/error.h"
#include "base/executor.h"
#include "base/log.h"
#include "wire/transport/connection.h"

namespace waypost::transport {

// A listening socket; destroying it stops listening. Accepted connections
// live on.
class Listener {
 public:
  virtual ~Listener() = default;
  // The address in use, with the real port where 0 was asked for.
  virtual const base::Endpoint& local() const = 0;
};

struct ListenOptions {
  ConnectionOptions connection;
  int backlog = 4096;
  // SO_REUSEPORT: several loops, each with a listener of its own, share a port.
  bool reuse_port = false;
  // Told when connections cannot be accepted (no descriptors left).
  base::Logger logger;
};

// An operation in progress; destroying it cancels it and its callback will not
// be called.
class Operation {
 public:
  virtual ~Operation() = default;
};

using AcceptCallback = std::function<void(std::unique_ptr<Connection>)>;
using ConnectCallback =
    std::function<void(base::Result<std::unique_ptr<Connection>>)>;
// What a host name stands for.
struct ResolvedHost {
  std::vector<std::string> addresses;  // numeric, at least one
  // How long this holds, as the name servers say; 0 when nobody said (a numeric
  // host, the hosts file).
  base::Duration ttl{0};
};
using ResolveCallback = std::function<void(base::Result<ResolvedHost>)>;

// The network as one loop's thread sees it. All calls and callbacks are on that
// thread; no callback runs inside the call that asked for it.
class Network {
 public:
  virtual ~Network() = default;

  // Listens on a numeric address or a name of this host.
  virtual base::Result<std::unique_ptr<Listener>> listen(
      const base::Endpoint& endpoint, const ListenOptions& options,
      AcceptCallback on_accept) = 0;

  // Connects within `deadline` from now, name lookup included; the addresses of
  // a name are tried one after another. The error names the endpoint.
  [[nodiscard]] virtual std::unique_ptr<Operation> connect(
      const base::Endpoint& endpoint, base::Duration deadline,
      const ConnectionOptions& options, ConnectCallback on_connected) = 0;

  // All numeric addresses of a host name.
  [[nodiscard]] virtual std::unique_ptr<Operation> resolve(
      const std::string& host, base::Duration deadline,
      ResolveCallback on_resolved) = 0;
};

}  // namespace waypost::transport

#endif  // WAYPOST_WIRE_TRANSPORT_NETWORK_H_
