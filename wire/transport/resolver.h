#ifndef WAYPOST_WIRE_TRANSPORT_RESOLVER_H_
#define WAYPOST_WIRE_TRANSPORT_RESOLVER_H_

// One name lookup through c-ares, which reads /etc/hosts and asks the servers
// of /etc/resolv.conf. getaddrinfo on a thread pool is the rejected
// alternative: it cannot be cancelled, and a few hung lookups fill the pool.
//
// Lifetime. Each lookup has a c-ares channel of its own: cancelling one leaves
// the others alone, and a changed resolv.conf counts from the next lookup on;
// lookups are rare. c-ares calls back from within ares_getaddrinfo,
// ares_process_fd and ares_destroy, and must not be destroyed meanwhile, so its
// callback only stores the answer, and a timer of the loop tells it. c-ares
// closes its sockets by itself, right after saying so through the socket state
// callback, where we stop polling them.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <ares.h>
#include <uv.h>

#include "base/executor.h"
#include "wire/transport/uv_handle.h"
#include "wire/transport/uv_network.h"

namespace waypost::transport {

class UvLoop;

class Resolver final : public Operation {
 public:
  Resolver(UvLoop& loop, const std::string& host, base::Duration deadline,
           const ResolverOptions& options, ResolveCallback on_resolved);
  ~Resolver() override;
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

 private:
  struct Socket;
  struct ChannelDestroy {
    void operator()(ares_channel channel) const { ares_destroy(channel); }
  };
  using Answer = base::Result<ResolvedHost>;

  void start(base::Duration deadline, const ResolverOptions& options);
  int open_channel(base::Duration deadline, const ResolverOptions& options);
  void on_socket_state(ares_socket_t descriptor, bool readable, bool writable);
  void process(ares_socket_t readable, ares_socket_t writable);
  void arm_retry();
  void on_answer(int status, ares_addrinfo* found);
  void finish_soon(Answer result);
  void finish();
  tl::unexpected<base::Error> failed(int status) const;

  UvLoop& loop_;
  const std::string host_;
  ResolveCallback on_resolved_;
  Answer result_;
  bool done_ = false;
  std::map<ares_socket_t, std::unique_ptr<Socket>> sockets_;
  std::unique_ptr<base::Timer> retry_;
  std::unique_ptr<base::Timer> deadline_;
  std::unique_ptr<std::remove_pointer_t<ares_channel>, ChannelDestroy> channel_;
};

}  // namespace waypost::transport

#endif  // WAYPOST_WIRE_TRANSPORT_RESOLVER_H_
