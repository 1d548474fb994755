#include "tests/wire/transport/raw_peer.h"

#include <array>
#include <cerrno>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire/transport/socket_address.h"

namespace waypost::transport::test {
namespace {

int open_socket(int family = AF_INET) {
  const int descriptor = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(descriptor >= 0);
  return descriptor;
}

void do_not_wait(int descriptor) {
  REQUIRE(fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0);
}

SocketAddress address_of(const base::Endpoint& endpoint) {
  const auto address = SocketAddress::parse(endpoint.host, endpoint.port);
  REQUIRE(address.has_value());
  return *address;
}

int bound_socket(const std::string& host, std::uint16_t port) {
  const auto address = address_of({host, port});
  const int descriptor = open_socket(address.family());
  REQUIRE(::bind(descriptor, address.get(), address.size()) == 0);
  return descriptor;
}

}  // namespace

RawPeer::RawPeer(const base::Endpoint& endpoint, int receive_buffer) {
  const auto address = address_of(endpoint);
  descriptor_ = open_socket(address.family());
  if (receive_buffer != 0) {
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &receive_buffer,
               sizeof receive_buffer);
  }
  REQUIRE(::connect(descriptor_, address.get(), address.size()) == 0);
  const int yes = 1;
  setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  do_not_wait(descriptor_);
}

RawPeer::RawPeer() : descriptor_(open_socket()) { do_not_wait(descriptor_); }

RawPeer::~RawPeer() { close(); }

void RawPeer::connect(const base::Endpoint& endpoint) {
  const auto address = address_of(endpoint);
  static_cast<void>(::connect(descriptor_, address.get(), address.size()));
}

void RawPeer::send(std::string_view bytes) {
  REQUIRE(send_some(bytes) == bytes.size());
}

std::size_t RawPeer::send_some(std::string_view bytes) {
  const ssize_t sent =
      ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  return sent > 0 ? static_cast<std::size_t>(sent) : 0;
}

std::string RawPeer::receive() {
  std::string all;
  std::array<char, 65536> part{};
  for (;;) {
    const ssize_t count = ::recv(descriptor_, part.data(), part.size(), 0);
    if (count <= 0) return all;
    all.append(part.data(), static_cast<std::size_t>(count));
  }
}

bool RawPeer::ended() {
  std::array<char, 65536> part{};
  for (;;) {
    const ssize_t count = ::recv(descriptor_, part.data(), part.size(), 0);
    if (count == 0) return true;
    if (count < 0) return errno != EAGAIN && errno != EWOULDBLOCK;
  }
}

void RawPeer::finish_sending() {
  REQUIRE(::shutdown(descriptor_, SHUT_WR) == 0);
}

void RawPeer::close() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

void RawPeer::reset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

unsigned RawPeer::data_segments_received() {
  tcp_info info{};
  socklen_t size = sizeof info;
  REQUIRE(getsockopt(descriptor_, IPPROTO_TCP, TCP_INFO, &info, &size) == 0);
  return info.tcpi_data_segs_in;
}

HungListener::HungListener(const std::string& host, std::uint16_t port)
    : descriptor_(bound_socket(host, port)) {
  REQUIRE(::listen(descriptor_, 0) == 0);
  endpoint_ = SocketAddress::local_of(descriptor_);
  const auto address = address_of(endpoint_);
  for (int& each : waiting_) {
    each = open_socket(address.family());
    do_not_wait(each);
    static_cast<void>(::connect(each, address.get(), address.size()));
  }
}

HungListener::~HungListener() {
  for (const int each : waiting_) ::close(each);
  ::close(descriptor_);
}

ClosedPort::ClosedPort(const std::string& host)
    : descriptor_(bound_socket(host, 0)),
      endpoint_(SocketAddress::local_of(descriptor_)) {}

ClosedPort::~ClosedPort() { ::close(descriptor_); }

}  // namespace waypost::transport::test
