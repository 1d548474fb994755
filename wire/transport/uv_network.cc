#include "wire/transport/uv_network.h"

#include <utility>

#include "base/assert.h"
#include "wire/transport/resolver.h"
#include "wire/transport/uv_connector.h"
#include "wire/transport/uv_listener.h"
#include "wire/transport/uv_loop.h"

namespace waypost::transport {

base::Result<std::unique_ptr<Listener>> UvNetwork::listen(
    const base::Endpoint& endpoint, const ListenOptions& options,
    AcceptCallback on_accept) {
  WAYPOST_ASSERT(loop_.in_executor_thread());
  return UvListener::open(loop_, endpoint, options, std::move(on_accept));
}

std::unique_ptr<Operation> UvNetwork::connect(const base::Endpoint& endpoint,
                                              base::Duration deadline,
                                              const ConnectionOptions& options,
                                              ConnectCallback on_connected) {
  WAYPOST_ASSERT(loop_.in_executor_thread());
  return std::make_unique<UvConnector>(loop_, endpoint, deadline, options,
                                       std::move(on_connected));
}

std::unique_ptr<Operation> UvNetwork::resolve(const std::string& host,
                                              base::Duration deadline,
                                              ResolveCallback on_resolved) {
  WAYPOST_ASSERT(loop_.in_executor_thread());
  return std::make_unique<Resolver>(loop_, host, deadline, resolver_options_,
                                    std::move(on_resolved));
}

}  // namespace waypost::transport
