#ifndef WAYPOST_NAMESRV_ADMIN_HTTP_SOCKET_H_
#define WAYPOST_NAMESRV_ADMIN_HTTP_SOCKET_H_

// One accepted connection of the admin port, as cpp-httplib wants to see it.
// That library reads headers without end, for as long as bytes keep coming, and
// takes Range headers and bodies apart in ways that a stranger can make
// expensive. So the head of a request is read here, whole, within a size and a
// time, and the library sees that and nothing else: no body ever is read.

#include <chrono>
#include <string>
#include <string_view>

#include <httplib.h>

namespace waypost::admin_http {

using SteadyTime = std::chrono::steady_clock::time_point;

class HttpSocket final : public httplib::Stream {
 public:
  // Does not own the socket.
  HttpSocket(int socket, SteadyTime deadline)
      : socket_(socket), deadline_(deadline) {}

  enum class Head { kRead, kTooLarge, kClosed };
  // Waits for all of a request's head, until `until` at most; takes what is
  // there in any case.
  Head read_head(std::size_t max_bytes, SteadyTime until);
  // REQUIRES: kRead. By its name in lower case.
  bool has_header(std::string_view name) const;

  // Sends a whole response and nothing after it.
  void send_all(std::string_view response) {
    write(response.data(), response.size());
  }

  // httplib::Stream. Reads from the head; writes until the deadline.
  bool is_readable() const override { return true; }
  bool is_writable() const override { return !failed_; }
  ssize_t read(char* data, std::size_t size) override;
  ssize_t write(const char* data, std::size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return socket_; }

 private:
  bool wait(short events, SteadyTime until) const;

  const int socket_;
  const SteadyTime deadline_;
  std::string head_;
  std::size_t taken_ = 0;  // of the head
  bool failed_ = false;
};

}  // namespace waypost::admin_http

#endif  // WAYPOST_NAMESRV_ADMIN_HTTP_SOCKET_H_
