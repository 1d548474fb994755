#ifndef WAYPOST_NAMESRV_SERVER_IO_THREAD_H_
#define WAYPOST_NAMESRV_SERVER_IO_THREAD_H_

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/endpoint.h"
#include "base/error.h"
#include "namesrv/server/service_port.h"
#include "namesrv/server/settings.h"
#include "wire/transport/loop.h"

namespace waypost::server {

// One thread with one loop, which accepts and serves connections. Several share
// one port through SO_REUSEPORT. Order: make, listen, start; later drain, stop.
// Called from the thread that made it.
class IoThread {
 public:
  IoThread(std::size_t number, const ServerSettings& settings,
           ServicePort::Shared shared);
  ~IoThread();
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  base::Status listen(const base::Endpoint& endpoint);
  const base::Endpoint& local() const { return port_->local(); }
  void start();

  // Stops listening and tells every native connection to move on.
  void drain(const std::string& reason);
  // Closes the port and its connections, and opens it again at the same
  // address; what went wrong with that is told on the loop's thread.
  void pause();
  void resume(std::function<void(base::Status)> done);
  // Connections on the service port; any thread.
  std::size_t connection_count() const { return connections_.load(); }
  // Calls back on the loop's thread with the clients that are still there.
  void count_clients(std::function<void(std::size_t)> told);
  // Calls back on the loop's thread once all input that waits has been read.
  void after_input_processed(std::function<void()> done);

  // Closes everything and waits for the thread.
  void stop();

 private:
  std::unique_ptr<transport::Loop> loop_;
  // The loop's thread, once started.
  std::unique_ptr<ServicePort> port_;
  std::atomic<std::size_t> connections_{0};
  std::thread thread_;
};

}  // namespace waypost::server

#endif  // WAYPOST_NAMESRV_SERVER_IO_THREAD_H_
