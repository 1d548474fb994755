#ifndef WAYPOST_NAMESRV_ETCD_HTTP_CALL_H_
#define WAYPOST_NAMESRV_ETCD_HTTP_CALL_H_

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/endpoint.h"
#include "base/executor.h"
#include "namesrv/etcd/http_response.h"
#include "wire/transport/network.h"
#include "wire/transport/tls_session.h"

namespace waypost::etcd {

// One question and its answer, on a connection of its own, within a time that
// covers all of it. The callback comes once, on the executor's thread, never
// inside the constructor; destroying the call, also from inside the callback,
// drops it. With a TLS context it is HTTPS, and `to` must prove its host name.
class HttpCall final : public transport::Operation,
                       private transport::ConnectionHandler {
 public:
  using Done = std::function<void(base::Result<HttpResponse>)>;

  HttpCall(base::Executor& executor, transport::Network& network,
           std::shared_ptr<const transport::TlsContext> tls,
           const base::Endpoint& to, const HttpRequest& request,
           base::Duration within, Done done);

 private:
  std::size_t on_bytes(std::span<const std::byte> bytes) override;
  void on_closed(transport::CloseReason reason,
                 const base::Error& error) override;
  void on_connected();
  void on_text(std::string_view text);
  void on_end();
  void finish(base::Result<HttpResponse> result);

  base::Executor& executor_;
  const base::Endpoint to_;
  const std::string request_;
  Done done_;
  HttpReader reader_;
  std::optional<base::Result<HttpResponse>> result_;
  bool heard_ = false;                          // anything at all
  std::unique_ptr<transport::TlsSession> tls_;  // null: plain HTTP
  std::unique_ptr<transport::Connection> connection_;
  std::unique_ptr<transport::Operation> connecting_;
  std::unique_ptr<base::Timer> deadline_;
  std::unique_ptr<base::Timer> telling_;
};

}  // namespace waypost::etcd

#endif  // WAYPOST_NAMESRV_ETCD_HTTP_CALL_H_
