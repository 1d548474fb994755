#ifndef WAYPOST_NAMESRV_SERVER_IO_THREAD_H_
#define WAYPOST_NAMESRV_SERVER_IO_THREAD_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <thread>

#include "base/byte_budget.h"
#include "base/endpoint.h"
#include "base/error.h"
#include "base/log.h"
#include "namesrv/handlers/native/native_context.h"
#include "namesrv/server/settings.h"
#include "wire/rpc/acceptor.h"
#include "wire/transport/loop.h"

namespace waypost::server {

// One thread with one loop, which accepts and serves connections. Several share
// one port through SO_REUSEPORT. Order: make, listen, start; later drain, stop.
// Called from the thread that made it.
class IoThread {
 public:
  IoThread(std::size_t number, const ServerSettings& settings,
           service::NameService& service, service::PublishedTable& table,
           base::ByteBudget& input_budget, base::ByteBudget& decode_budget,
           std::function<void(std::function<void()>)> run_on_decode_thread,
           base::Logger logger);
  ~IoThread();
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  base::Status listen(const base::Endpoint& endpoint);
  const base::Endpoint& local() const { return acceptor_->local(); }
  void start();

  // Stops listening and tells every native connection to move on.
  void drain(const std::string& reason);
  // Calls back on the loop's thread with the clients that are still there.
  void count_clients(std::function<void(std::size_t)> told);
  // Calls back on the loop's thread once all input that waits has been read.
  void after_input_processed(std::function<void()> done);

  // Closes everything and waits for the thread.
  void stop();

 private:
  std::unique_ptr<transport::Loop> loop_;
  // The loop's thread, once started.
  std::unique_ptr<handlers::NativeContext> context_;
  std::unique_ptr<rpc::Acceptor> acceptor_;
  std::thread thread_;
};

}  // namespace waypost::server

#endif  // WAYPOST_NAMESRV_SERVER_IO_THREAD_H_
