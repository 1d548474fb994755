#ifndef WAYPOST_NAMESRV_SERVER_SERVICE_PORT_H_
#define WAYPOST_NAMESRV_SERVER_SERVICE_PORT_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/byte_budget.h"
#include "base/endpoint.h"
#include "base/error.h"
#include "base/executor.h"
#include "base/log.h"
#include "namesrv/handlers/native/native_context.h"
#include "namesrv/handlers/remoting/remoting_context.h"
#include "namesrv/handlers/route_cache.h"
#include "namesrv/server/settings.h"
#include "wire/rpc/acceptor.h"
#include "wire/transport/network.h"

namespace waypost::server {

// The service port as one I/O loop serves it: the acceptor, and what the
// protocols' handlers share. The loop may be a real one (io_thread.h) or a
// simulated one. On the loop's thread once it runs.
class ServicePort {
 public:
  // The loop; its number is that of its reader at the table.
  struct Loop {
    base::Executor& executor;
    transport::Network& network;
    std::size_t number;
  };
  // What all loops of a nameserver share; must outlive it.
  struct Shared {
    service::NameService& service;
    service::PublishedTable& table;
    base::ByteBudget& input_budget;
    base::ByteBudget& decode_budget;
    // Null: decoded at once, in the caller.
    std::function<void(std::function<void()>)> run_on_decode_thread;
    base::Logger logger;
  };

  ServicePort(const Loop& loop, const ServerSettings& settings, Shared shared);
  ~ServicePort();
  ServicePort(const ServicePort&) = delete;
  ServicePort& operator=(const ServicePort&) = delete;

  base::Status listen(const base::Endpoint& endpoint);
  const base::Endpoint& local() const { return acceptor_->local(); }

  // The loop holds no reference into a table: to be called once a turn.
  void quiesce() { native_->quiesce(); }

  // Stops listening and tells every native connection to move on.
  void drain(const std::string& reason);
  // Clients that would follow drain() and have not.
  std::size_t client_count() const { return native_->client_count; }

  // Stops listening and closes every connection, each once what was written to
  // it is sent; removes no broker. listen() opens the port again.
  void pause();
  // Of all protocols.
  std::size_t connection_count() const { return acceptor_->connection_count(); }

  // Closes everything.
  void close();

 private:
  handlers::RouteCache route_cache_;
  std::unique_ptr<handlers::NativeContext> native_;
  std::unique_ptr<handlers::RemotingContext> remoting_;
  std::unique_ptr<rpc::Acceptor> acceptor_;
};

}  // namespace waypost::server

#endif  // WAYPOST_NAMESRV_SERVER_SERVICE_PORT_H_
