#include "tests/support/raw_client.h"

#include <array>
#include <cerrno>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace waypost::support {
namespace {

constexpr std::size_t kPayloadMaxBytes = 256 * 1024 * 1024;

Milliseconds left(const Stopwatch& watch, Milliseconds limit) {
  return std::max(limit - watch.elapsed(), Milliseconds(0));
}

}  // namespace

RawClient::RawClient(const base::Endpoint& endpoint, Options options) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(endpoint.port);
  if (::inet_pton(AF_INET, endpoint.host.c_str(), &address.sin_addr) != 1) {
    return;
  }
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (options.receive_buffer_bytes > 0) {
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &options.receive_buffer_bytes,
                 sizeof options.receive_buffer_bytes);
  }
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address),
                sizeof address) != 0) {
    close();
  }
}

RawClient::~RawClient() { close(); }

RawClient::RawClient(RawClient&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      input_(std::move(other.input_)) {}

RawClient& RawClient::operator=(RawClient&& other) noexcept {
  std::swap(socket_, other.socket_);
  std::swap(input_, other.input_);
  return *this;
}

void RawClient::close() {
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

void RawClient::reset() {
  const linger at_once{1, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

bool RawClient::wait_for(short events, Milliseconds limit) const {
  pollfd waiting{socket_, events, 0};
  return ::poll(&waiting, 1, static_cast<int>(limit.count())) > 0;
}

std::size_t RawClient::send_some(std::string_view bytes) {
  const auto sent =
      ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

bool RawClient::send(std::string_view bytes, Milliseconds limit) {
  const Stopwatch watch;
  while (!bytes.empty()) {
    if (!wait_for(POLLOUT, left(watch, limit))) return false;
    const auto sent = ::send(socket_, bytes.data(), bytes.size(),
                             MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN) return false;
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool RawClient::send_preface() {
  const codec::Preface preface = codec::encode_preface();
  return send({reinterpret_cast<const char*>(preface.data()), preface.size()});
}

int RawClient::receive(Milliseconds limit) {
  if (socket_ < 0) return 0;
  if (!wait_for(POLLIN, limit)) return -1;
  std::array<char, 65536> chunk;
  const auto count = ::recv(socket_, chunk.data(), chunk.size(), MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return -1;
  if (count <= 0) return 0;
  input_.append(chunk.data(), static_cast<std::size_t>(count));
  return static_cast<int>(count);
}

std::optional<RawFrame> RawClient::read_frame(Milliseconds limit) {
  const Stopwatch watch;
  for (;;) {
    const auto scan =
        codec::scan_frame(std::as_bytes(std::span(input_)), kPayloadMaxBytes);
    if (scan.outcome == codec::FrameScan::Outcome::kFrame) {
      const auto payload = scan.frame.payload;
      RawFrame frame{
          scan.frame.header,
          {reinterpret_cast<const char*>(payload.data()), payload.size()}};
      input_.erase(0, scan.consumed);
      return frame;
    }
    if (scan.outcome != codec::FrameScan::Outcome::kNeedMore) return {};
    const Milliseconds rest = left(watch, limit);
    if (receive(rest) == 0 || rest == Milliseconds(0)) return {};
  }
}

std::optional<RemotingAnswer> RawClient::read_answer(Milliseconds limit) {
  const Stopwatch watch;
  for (;;) {
    if (auto answer = take_answer(input_)) return answer;
    const Milliseconds rest = left(watch, limit);
    if (receive(rest) == 0 || rest == Milliseconds(0)) return {};
  }
}

bool RawClient::wait_closed(Milliseconds limit) {
  const Stopwatch watch;
  for (;;) {
    const Milliseconds rest = left(watch, limit);
    if (receive(rest) == 0) return true;
    if (rest == Milliseconds(0)) return false;
    input_.clear();
  }
}

std::string RawClient::read_to_end(Milliseconds limit) {
  const Stopwatch watch;
  for (;;) {
    const Milliseconds rest = left(watch, limit);
    if (receive(rest) == 0 || rest == Milliseconds(0)) {
      return std::exchange(input_, {});
    }
  }
}

}  // namespace waypost::support
