#include "namesrv/admin/http_port.h"

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

#include "namesrv/admin/http_socket.h"

namespace waypost::admin_http {
namespace {

// Of this thread, about the connection that it is about to process: it is one
// too many, and when it was accepted.
thread_local bool t_refuses = false;
thread_local SteadyTime t_accepted;

// The threads that answer. Tasks hold sockets that only running them closes, so
// what cannot wait is run at once, told to refuse.
class BoundedThreads final : public httplib::TaskQueue {
 public:
  BoundedThreads(std::size_t threads, std::size_t waiting_max)
      : waiting_max_(waiting_max) {
    for (std::size_t i = 0; i < threads; ++i) {
      threads_.emplace_back([this] { work(); });
    }
  }

  void enqueue(std::function<void()> task) override {
    {
      const std::lock_guard lock(mutex_);
      if (tasks_.size() < waiting_max_) {
        tasks_.push_back({std::move(task), std::chrono::steady_clock::now()});
        changed_.notify_one();
        return;
      }
    }
    refuse(task);
  }

  void shutdown() override {
    std::deque<Waiting> left;
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      left.swap(tasks_);
    }
    changed_.notify_all();
    for (const Waiting& each : left) refuse(each.task);
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  struct Waiting {
    std::function<void()> task;
    SteadyTime accepted;
  };

  static void refuse(const std::function<void()>& task) {
    t_refuses = true;
    task();
    t_refuses = false;
  }

  void work() {
    for (;;) {
      Waiting next;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
        if (tasks_.empty()) return;
        next = std::move(tasks_.front());
        tasks_.pop_front();
      }
      t_accepted = next.accepted;
      next.task();
    }
  }

  const std::size_t waiting_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Waiting> tasks_;  // guarded by mutex_
  bool stopping_ = false;      // guarded by mutex_
  std::vector<std::thread> threads_;
};

std::string plain_response(const char* status, const std::string& body) {
  return std::string("HTTP/1.1 ") + status +
         "\r\nContent-Type: text/plain\r\nConnection: close\r\n"
         "Content-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace

class HttpPort::Impl final : public httplib::Server {
 public:
  Impl(HttpLimits limits, Answer answer)
      : limits_(limits), answer_(std::move(answer)) {
    new_task_queue = [limits] {
      return new BoundedThreads(limits.threads, limits.waiting_max);
    };
    // The library's own would share the port with another process.
    set_socket_options([](socket_t socket) {
      const int on = 1;
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    });
    // All requests end here: the library's own routing compares regular
    // expressions, and reads bodies.
    set_pre_routing_handler(
        [this](const httplib::Request& request, httplib::Response& response) {
          respond(request, response);
          return HandlerResponse::Handled;
        });
  }
  ~Impl() override { end(); }

  void begin() {
    thread_ = std::thread([this] { listen_after_bind(); });
    // Before that stop() would be overheard.
    while (!is_running()) std::this_thread::yield();
  }

  void end() {
    if (!thread_.joinable()) {
      close_unused();
      return;
    }
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
      for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
    }
    stop();
    thread_.join();
  }

 private:
  // Was bound, and never listened.
  void close_unused() {
    const socket_t socket = svr_sock_.exchange(INVALID_SOCKET);
    if (socket != INVALID_SOCKET) ::close(socket);
  }

  bool process_and_close_socket(socket_t socket) override {
    const bool served = enter(socket) && process(socket);
    leave(socket);
    ::shutdown(socket, SHUT_WR);
    // What is unread would make the kernel take the response back.
    char unread[4096];
    while (::recv(socket, unread, sizeof unread, MSG_DONTWAIT) > 0) {
    }
    ::close(socket);
    return served;
  }

  bool process(socket_t socket) {
    const auto now = std::chrono::steady_clock::now();
    HttpSocket stream(socket, now + limits_.answer_within);
    if (t_refuses) {
      stream.send_all(
          plain_response("503 Service Unavailable", "too many connections\n"));
      return false;
    }
    // A crowd of silent ones is over for all of them at once.
    switch (stream.read_head(limits_.head_max_bytes,
                             t_accepted + limits_.head_within)) {
      case HttpSocket::Head::kClosed:
        return false;
      case HttpSocket::Head::kTooLarge:
        stream.send_all(plain_response("431 Request Header Fields Too Large",
                                       "the request is too large\n"));
        return false;
      case HttpSocket::Head::kRead:
        break;
    }
    if (stream.has_header("range:")) {
      stream.send_all(plain_response("416 Range Not Satisfiable",
                                     "parts of pages are not served\n"));
      return false;
    }
    bool closed = false;
    return process_request(stream, /*close_connection=*/true, closed, nullptr);
  }

  void respond(const httplib::Request& request, httplib::Response& response) {
    const Page page = answer_({request.method, request.path,
                               request.get_header_value("Authorization")});
    response.status = page.status;
    for (const auto& [name, value] : page.headers) {
      response.set_header(name.c_str(), value);
    }
    response.set_header("Cache-Control", "no-store");
    response.set_content(page.body, page.content_type.c_str());
  }

  bool enter(int socket) {
    const std::lock_guard lock(mutex_);
    sockets_.insert(socket);
    return !ending_;
  }
  void leave(int socket) {
    const std::lock_guard lock(mutex_);
    sockets_.erase(socket);
  }

  const HttpLimits limits_;
  const Answer answer_;
  std::mutex mutex_;
  std::set<int> sockets_;  // being processed; guarded by mutex_
  bool ending_ = false;    // guarded by mutex_
  std::thread thread_;     // accepts
};

HttpPort::HttpPort() = default;
HttpPort::~HttpPort() = default;

base::Result<std::unique_ptr<HttpPort>> HttpPort::open(const base::Endpoint& at,
                                                       HttpLimits limits,
                                                       Answer answer) {
  std::unique_ptr<HttpPort> port(new HttpPort);
  port->impl_ = std::make_unique<Impl>(limits, std::move(answer));
  port->local_ = at;
  errno = 0;
  bool bound = false;
  if (at.port == 0) {
    const int taken = port->impl_->bind_to_any_port(at.host);
    bound = taken > 0;
    if (bound) port->local_.port = static_cast<std::uint16_t>(taken);
  } else {
    bound = port->impl_->bind_to_port(at.host, at.port);
  }
  if (!bound) {
    return base::fail(base::ErrorCode::kUnavailable,
                      "admin-listen: cannot listen at " + at.to_string() +
                          (errno != 0 ? std::string(": ") + std::strerror(errno)
                                      : std::string()),
                      "is the port taken, is the address this machine's?");
  }
  return port;
}

void HttpPort::start() { impl_->begin(); }
void HttpPort::stop() { impl_->end(); }

}  // namespace waypost::admin_http
