#ifndef WAYPOST_BENCHMARKS_PEERS_TCP_TRAFFIC_H_
#define WAYPOST_BENCHMARKS_PEERS_TCP_TRAFFIC_H_

#include <cstdint>
#include <set>

#include "base/error.h"

namespace waypost::bench {

// What the kernel has counted on the open IPv4 connections that were made to
// one of these local ports of this machine (sock_diag(7), tcp_info): payload
// that was acknowledged, both ways, without heads of TCP and IP and without
// what was sent twice. Connections that have ended are not in it.
struct TcpTraffic {
  std::uint64_t bytes = 0;
  std::uint64_t segments = 0;  // with payload, both ways
  std::uint64_t connections = 0;
};

base::Result<TcpTraffic> tcp_traffic_to(const std::set<std::uint16_t>& ports);

}  // namespace waypost::bench

#endif  // WAYPOST_BENCHMARKS_PEERS_TCP_TRAFFIC_H_
