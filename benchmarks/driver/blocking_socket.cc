#include "benchmarks/driver/blocking_socket.h"

#include <cerrno>
#include <chrono>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace waypost::bench {
namespace {

tl::unexpected<base::Error> system_failure(const std::string& what) {
  const bool late = errno == EAGAIN || errno == EWOULDBLOCK;
  return base::fail(
      late ? base::ErrorCode::kTimedOut : base::ErrorCode::kUnavailable,
      what + ": " + std::strerror(errno));
}

}  // namespace

base::Result<std::unique_ptr<BlockingSocket>> BlockingSocket::connect(
    const base::Endpoint& target, base::Duration deadline) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(target.port);
  if (inet_pton(AF_INET, target.host.c_str(), &address.sin_addr) != 1) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      "not a numeric IPv4 address: " + target.host);
  }
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return system_failure("socket");
  std::unique_ptr<BlockingSocket> client(new BlockingSocket(fd));
  const auto us =
      std::chrono::duration_cast<std::chrono::microseconds>(deadline).count();
  const timeval timeout{us / 1'000'000, us % 1'000'000};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address),
                sizeof address) != 0) {
    return system_failure("connect to " + target.to_string());
  }
  return client;
}

BlockingSocket::~BlockingSocket() { close(fd_); }

base::Status BlockingSocket::send_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_failure("send");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

base::Status BlockingSocket::receive_until(std::size_t size,
                                           std::string& bytes) {
  while (bytes.size() < size) {
    const std::size_t have = bytes.size();
    bytes.resize(size);
    const ssize_t count = recv(fd_, bytes.data() + have, size - have, 0);
    bytes.resize(have + static_cast<std::size_t>(count > 0 ? count : 0));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_failure("receive");
    if (count == 0) {
      return base::fail(base::ErrorCode::kUnavailable,
                        "the server closed the connection");
    }
  }
  return {};
}

}  // namespace waypost::bench
