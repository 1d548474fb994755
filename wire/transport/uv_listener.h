#ifndef WAYPOST_WIRE_TRANSPORT_UV_LISTENER_H_
#define WAYPOST_WIRE_TRANSPORT_UV_LISTENER_H_

// A listening socket under a uv_poll_t. Not uv_listen: its accept loop has no
// bound, does not tell the peer's address that accept4 returns anyway, and
// spins when descriptors have run out and its own spare one is lost.
//
// Lifetime. The accept callback may destroy the listener, so the accept loop
// holds the callback itself and asks `destroyed_` after each call. The
// descriptor is closed after the poll handle was stopped, as libuv demands.

#include <memory>

#include <uv.h>

#include "wire/transport/network.h"
#include "wire/transport/uv_handle.h"

namespace waypost::transport {

class UvLoop;

class UvListener final : public Listener {
 public:
  static base::Result<std::unique_ptr<Listener>> open(
      UvLoop& loop, const base::Endpoint& endpoint,
      const ListenOptions& options, AcceptCallback on_accept);

  UvListener(UvLoop& loop, int descriptor, const ListenOptions& options,
             AcceptCallback on_accept);
  ~UvListener() override;
  UvListener(const UvListener&) = delete;
  UvListener& operator=(const UvListener&) = delete;

  const base::Endpoint& local() const override { return local_; }

 private:
  int start();
  void poll();
  void on_readable();
  bool accept_one();
  void hand_over(int descriptor, const base::Endpoint& peer);
  void on_accept_failed(int error);
  int refuse_waiting();
  void pause();
  void report(int error, int refused);

  UvLoop& loop_;
  const int descriptor_;
  const std::shared_ptr<const ConnectionOptions> connection_options_;
  const base::Logger logger_;
  const std::shared_ptr<const AcceptCallback> on_accept_;
  const base::Endpoint local_;
  UvHandle<uv_poll_t> poll_;
  // Given up for a moment when there are no descriptors left, so that those who
  // wait can be turned away instead of hanging. -1: lost.
  int spare_descriptor_;
  std::unique_ptr<base::Timer> pause_;
  base::Instant reported_at_ = base::Instant::min();
  int refused_since_report_ = 0;
  bool* destroyed_ = nullptr;  // set while accepting
};

}  // namespace waypost::transport

#endif  // WAYPOST_WIRE_TRANSPORT_UV_LISTENER_H_
