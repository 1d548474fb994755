#include "benchmarks/peers/tcp_traffic.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace waypost::bench {
namespace {

constexpr std::uint32_t kEstablished = 1U << 1;  // TCP_ESTABLISHED

class DiagSocket {
 public:
  DiagSocket()
      : fd_(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG)) {}
  ~DiagSocket() {
    if (fd_ >= 0) close(fd_);
  }
  DiagSocket(const DiagSocket&) = delete;
  DiagSocket& operator=(const DiagSocket&) = delete;

  int fd() const { return fd_; }

 private:
  const int fd_;
};

base::Error failure(const char* what) {
  return {base::ErrorCode::kInternal,
          std::string(what) + ": " + std::strerror(errno),
          "the kernel must have INET_DIAG"};
}

void add(const nlmsghdr& message, const std::set<std::uint16_t>& ports,
         TcpTraffic& traffic) {
  const auto* found = reinterpret_cast<const inet_diag_msg*>(&message + 1);
  if (!ports.contains(ntohs(found->id.idiag_sport))) return;
  std::size_t left = message.nlmsg_len - sizeof message - sizeof *found;
  const auto* bytes = reinterpret_cast<const char*>(found + 1);
  while (left >= sizeof(rtattr)) {
    rtattr attribute{};
    std::memcpy(&attribute, bytes, sizeof attribute);
    if (attribute.rta_len < sizeof attribute || attribute.rta_len > left) break;
    if (attribute.rta_type == INET_DIAG_INFO) {
      tcp_info info{};
      std::memcpy(&info, bytes + sizeof attribute,
                  std::min<std::size_t>(attribute.rta_len - sizeof attribute,
                                        sizeof info));
      traffic.bytes += info.tcpi_bytes_acked + info.tcpi_bytes_received;
      traffic.segments += info.tcpi_data_segs_in + info.tcpi_data_segs_out;
      ++traffic.connections;
    }
    const std::size_t step = (attribute.rta_len + 3UL) & ~3UL;
    if (step >= left) break;
    bytes += step;
    left -= step;
  }
}

}  // namespace

base::Result<TcpTraffic> tcp_traffic_to(const std::set<std::uint16_t>& ports) {
  const DiagSocket diag;
  if (diag.fd() < 0) return tl::unexpected(failure("sock_diag"));
  struct {
    nlmsghdr head;
    inet_diag_req_v2 query;
  } request{};
  request.head.nlmsg_len = sizeof request;
  request.head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.query.sdiag_family = AF_INET;
  request.query.sdiag_protocol = IPPROTO_TCP;
  request.query.idiag_states = kEstablished;
  request.query.idiag_ext = 1U << (INET_DIAG_INFO - 1);
  if (send(diag.fd(), &request, sizeof request, 0) < 0) {
    return tl::unexpected(failure("sock_diag"));
  }
  TcpTraffic traffic;
  alignas(nlmsghdr) std::array<char, 64UL * 1024> buffer{};
  for (;;) {
    const ssize_t count = recv(diag.fd(), buffer.data(), buffer.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return tl::unexpected(failure("sock_diag"));
    auto left = static_cast<std::size_t>(count);
    std::size_t at = 0;
    while (left - at >= sizeof(nlmsghdr)) {
      const auto* message =
          reinterpret_cast<const nlmsghdr*>(buffer.data() + at);
      if (message->nlmsg_type == NLMSG_DONE) return traffic;
      if (message->nlmsg_type == NLMSG_ERROR) {
        return tl::unexpected(failure("sock_diag"));
      }
      if (message->nlmsg_len < sizeof(nlmsghdr)) break;
      add(*message, ports, traffic);
      at += (message->nlmsg_len + 3UL) & ~3UL;
      if (at >= left) break;
    }
  }
}

}  // namespace waypost::bench
