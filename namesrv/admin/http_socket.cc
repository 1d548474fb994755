#include "namesrv/admin/http_socket.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>

#include <poll.h>
#include <sys/socket.h>

namespace waypost::admin_http {
namespace {

constexpr std::string_view kEndOfHead = "\r\n\r\n";

bool again() { return errno == EAGAIN || errno == EINTR; }

}  // namespace

bool HttpSocket::wait(short events, SteadyTime until) const {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    pollfd waited{socket_, events, 0};
    const int ready = ::poll(
        &waited, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

HttpSocket::Head HttpSocket::read_head(std::size_t max_bytes,
                                       SteadyTime until) {
  std::array<char, 2048> piece{};
  for (;;) {
    if (!wait(POLLIN, until)) return Head::kClosed;
    const ssize_t got =
        ::recv(socket_, piece.data(), piece.size(), MSG_DONTWAIT);
    if (got < 0 && again()) continue;
    if (got <= 0) return Head::kClosed;
    // The end may lie across two pieces.
    const std::size_t from = head_.size() < 3 ? 0 : head_.size() - 3;
    head_.append(piece.data(), static_cast<std::size_t>(got));
    const std::size_t end = head_.find(kEndOfHead, from);
    const bool whole = end != std::string::npos;
    if (whole) head_.resize(end + kEndOfHead.size());
    if (head_.size() > max_bytes) return Head::kTooLarge;
    if (whole) return Head::kRead;
  }
}

bool HttpSocket::has_header(std::string_view name) const {
  std::size_t line = head_.find('\n');
  for (; line != std::string::npos; line = head_.find('\n', line + 1)) {
    const std::string_view rest = std::string_view(head_).substr(line + 1);
    if (rest.size() < name.size()) return false;
    const bool equal = std::equal(
        name.begin(), name.end(), rest.begin(), [](char want, char is) {
          return want == std::tolower(static_cast<unsigned char>(is));
        });
    if (equal) return true;
  }
  return false;
}

ssize_t HttpSocket::read(char* data, std::size_t size) {
  const std::size_t given = std::min(size, head_.size() - taken_);
  head_.copy(data, given, taken_);
  taken_ += given;
  return static_cast<ssize_t>(given);
}

ssize_t HttpSocket::write(const char* data, std::size_t size) {
  std::size_t sent = 0;
  while (sent < size && !failed_) {
    const ssize_t now =
        ::send(socket_, data + sent, size - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (now >= 0) {
      sent += static_cast<std::size_t>(now);
    } else if (!again() || !wait(POLLOUT, deadline_)) {
      failed_ = true;
    }
  }
  return failed_ ? -1 : static_cast<ssize_t>(sent);
}

// Nobody is told of addresses.
void HttpSocket::get_remote_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

void HttpSocket::get_local_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

}  // namespace waypost::admin_http
