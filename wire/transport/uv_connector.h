#ifndef WAYPOST_WIRE_TRANSPORT_UV_CONNECTOR_H_
#define WAYPOST_WIRE_TRANSPORT_UV_CONNECTOR_H_

// One connect: look the name up, try its addresses one after another, hand the
// first connection over. One deadline covers all of it; each address gets an
// equal share of what is left, so that a hung first address leaves time for the
// second.
//
// Lifetime. An attempt's uv_tcp_t goes to the connection or is closed. Its
// uv_connect_t is called back in every case, also when the handle is closed
// (UV_ECANCELED), so the request is a block of its own, freed there; `owner`
// is cleared when the answer is not wanted any more. The user's callback is the
// last thing a member function does, because it may destroy this object.

#include <memory>
#include <string>
#include <vector>

#include <uv.h>

#include "base/executor.h"
#include "wire/transport/network.h"
#include "wire/transport/uv_handle.h"

namespace waypost::transport {

class UvLoop;

class UvConnector final : public Operation {
 public:
  UvConnector(UvLoop& loop, const base::Endpoint& endpoint,
              base::Duration deadline, const ConnectionOptions& options,
              ConnectCallback on_connected);
  ~UvConnector() override;
  UvConnector(const UvConnector&) = delete;
  UvConnector& operator=(const UvConnector&) = delete;

 private:
  struct Attempt;

  void on_resolved(base::Result<ResolvedHost> host);
  void try_next();
  int start_attempt(const std::string& address);
  void drop_attempt();
  void on_attempt_done(int status);
  void on_attempt_failed(int status);
  void finish(base::Result<std::unique_ptr<Connection>> result);

  UvLoop& loop_;
  const base::Endpoint endpoint_;
  const base::Instant give_up_at_;
  const std::shared_ptr<const ConnectionOptions> options_;
  ConnectCallback on_connected_;

  std::unique_ptr<Operation> resolving_;
  std::vector<std::string> addresses_;
  std::size_t next_address_ = 0;
  base::Duration share_{};  // of the address being tried
  UvHandle<uv_tcp_t> tcp_;
  Attempt* attempt_ = nullptr;
  std::unique_ptr<base::Timer> timer_;
  std::string failures_;  // "10.0.0.1: connection refused; 10.0.0.2: ..."
  base::Error last_error_;
};

}  // namespace waypost::transport

#endif  // WAYPOST_WIRE_TRANSPORT_UV_CONNECTOR_H_
