#ifndef WAYPOST_CLIENT_SDK_RUNTIME_HTTP_GET_H_
#define WAYPOST_CLIENT_SDK_RUNTIME_HTTP_GET_H_

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/executor.h"
#include "client_sdk/core/http_message.h"
#include "wire/transport/network.h"

namespace waypost::client {

// One HTTP GET. Loop thread only; destroying it cancels it.
class HttpGet final : private transport::ConnectionHandler {
 public:
  using Done = std::function<void(base::Result<std::string> body)>;

  // Calls `done` with the body within `deadline`, not inside this call. It may
  // destroy this.
  HttpGet(base::Executor& executor, transport::Network& network,
          const HttpUrl& url, base::Duration deadline, Done done);
  ~HttpGet() override;
  HttpGet(const HttpGet&) = delete;
  HttpGet& operator=(const HttpGet&) = delete;

 private:
  void on_connected(base::Result<std::unique_ptr<transport::Connection>> made);
  std::size_t on_bytes(std::span<const std::byte> bytes) override;
  void on_closed(transport::CloseReason reason,
                 const base::Error& error) override;
  bool finish_if_complete(bool closed);
  void finish(base::Result<std::string> body);

  const HttpUrl url_;
  Done done_;
  std::string received_;
  std::unique_ptr<base::Timer> timer_;
  std::unique_ptr<transport::Operation> connecting_;
  std::unique_ptr<transport::Connection> connection_;
};

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_RUNTIME_HTTP_GET_H_
