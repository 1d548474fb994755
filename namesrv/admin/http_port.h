#ifndef WAYPOST_NAMESRV_ADMIN_HTTP_PORT_H_
#define WAYPOST_NAMESRV_ADMIN_HTTP_PORT_H_

#include <cstddef>
#include <functional>
#include <memory>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/error.h"
#include "namesrv/admin/pages.h"

namespace waypost::admin_http {

// What strangers may cost. A connection carries one request and holds one
// thread, for `answer_within` and what the answer takes to be made, at most.
struct HttpLimits {
  std::size_t threads = 8;
  std::size_t waiting_max = 64;  // accepted; the next ones get 503 at once
  std::size_t head_max_bytes = 8UL * 1024;
  base::Duration head_within = std::chrono::seconds(2);
  base::Duration answer_within = std::chrono::seconds(5);
};

// The admin port: cpp-httplib with bounds around it (http_socket.h), one thread
// that accepts and a few that answer. Knows HTTP, not what is answered.
class HttpPort {
 public:
  using Answer = std::function<Page(const Request&)>;  // on any of its threads

  // Listens, with SO_REUSEADDR alone; nobody is answered before start().
  // Port 0 takes a free one.
  static base::Result<std::unique_ptr<HttpPort>> open(const base::Endpoint& at,
                                                      HttpLimits limits,
                                                      Answer answer);
  ~HttpPort();  // as stop()
  HttpPort(const HttpPort&) = delete;
  HttpPort& operator=(const HttpPort&) = delete;

  const base::Endpoint& local() const { return local_; }
  void start();
  // Closes the port and all connections, and waits for its threads: for as long
  // as an answer that is being made takes. Once.
  void stop();

 private:
  class Impl;
  HttpPort();

  base::Endpoint local_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace waypost::admin_http

#endif  // WAYPOST_NAMESRV_ADMIN_HTTP_PORT_H_
