#ifndef WAYPOST_BASE_ENDPOINT_H_
#define WAYPOST_BASE_ENDPOINT_H_

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace waypost::base {

// Where to connect to or listen on: a host name, an IPv4 or an IPv6 address
// (kept without brackets), and a port.
struct Endpoint {
  std::string host;
  std::uint16_t port = 0;

  // "host:port", "[v6]:port".
  std::string to_string() const;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

// Reads "host:port" or "[v6]:port". The error names the text and what is
// wrong with it. Port 0 is accepted (listen on a free port).
Result<Endpoint> parse_endpoint(std::string_view text);

// Reads a list separated by ',' or ';'. An empty list is an error, and so is
// an endpoint that appears twice.
Result<std::vector<Endpoint>> parse_endpoints(std::string_view text);

}  // namespace waypost::base

template <>
struct std::hash<waypost::base::Endpoint> {
  std::size_t operator()(
      const waypost::base::Endpoint& endpoint) const noexcept {
    return std::hash<std::string>{}(endpoint.host) * 31 + endpoint.port;
  }
};

#endif  // WAYPOST_BASE_ENDPOINT_H_
