#include "wire/transport/socket_address.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <uv.h>

#include "wire/transport/loop.h"

namespace waypost::transport {
namespace {

base::Endpoint v4_endpoint(const in_addr& address, in_port_t port) {
  std::array<char, INET_ADDRSTRLEN> text{};
  uv_inet_ntop(AF_INET, &address, text.data(), text.size());
  return {text.data(), ntohs(port)};
}

base::Endpoint v6_endpoint(const sockaddr_in6& address) {
  if (IN6_IS_ADDR_V4MAPPED(&address.sin6_addr)) {
    in_addr v4{};
    std::memcpy(&v4, &address.sin6_addr.s6_addr[12], sizeof v4);
    return v4_endpoint(v4, address.sin6_port);
  }
  std::array<char, INET6_ADDRSTRLEN + 1 + UV_IF_NAMESIZE> text{};
  uv_inet_ntop(AF_INET6, &address.sin6_addr, text.data(), text.size());
  base::Endpoint endpoint{text.data(), ntohs(address.sin6_port)};
  if (address.sin6_scope_id != 0) {
    std::array<char, UV_IF_NAMESIZE> name{};
    std::size_t size = name.size();
    if (uv_if_indextoname(address.sin6_scope_id, name.data(), &size) == 0) {
      endpoint.host += "%" + std::string(name.data());
    }
  }
  return endpoint;
}

template <typename Function>
base::Endpoint name_of(int descriptor, Function function) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (function(descriptor, reinterpret_cast<sockaddr*>(&storage), &size) != 0) {
    return {};
  }
  return SocketAddress::to_endpoint(storage);
}

}  // namespace

std::optional<SocketAddress> SocketAddress::parse(
    const std::string& numeric_host, std::uint16_t port) {
  SocketAddress address;
  auto* const v4 = reinterpret_cast<sockaddr_in*>(&address.storage_);
  if (uv_ip4_addr(numeric_host.c_str(), port, v4) == 0) return address;
  auto* const v6 = reinterpret_cast<sockaddr_in6*>(&address.storage_);
  if (uv_ip6_addr(numeric_host.c_str(), port, v6) == 0) return address;
  return std::nullopt;
}

base::Result<SocketAddress> SocketAddress::of_this_host(
    const base::Endpoint& endpoint) {
  if (auto numeric = parse(endpoint.host, endpoint.port)) return *numeric;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int status =
      getaddrinfo(endpoint.host.c_str(), nullptr, &hints, &found);
  if (status != 0) {
    return base::fail(
        base::ErrorCode::kInvalidArgument,
        "listen on " + endpoint.to_string() + ": " + gai_strerror(status),
        "give a numeric address of this host, such as "
        "0.0.0.0 for all of them");
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> list(found,
                                                                &freeaddrinfo);
  SocketAddress address;
  std::memcpy(&address.storage_, list->ai_addr, list->ai_addrlen);
  // sin_port and sin6_port are at the same place.
  reinterpret_cast<sockaddr_in*>(&address.storage_)->sin_port =
      htons(endpoint.port);
  return address;
}

base::Endpoint SocketAddress::local_of(int descriptor) {
  return name_of(descriptor, getsockname);
}

base::Endpoint SocketAddress::peer_of(int descriptor) {
  return name_of(descriptor, getpeername);
}

base::Endpoint SocketAddress::to_endpoint(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    return v4_endpoint(v4.sin_addr, v4.sin_port);
  }
  if (address.ss_family == AF_INET6) {
    return v6_endpoint(reinterpret_cast<const sockaddr_in6&>(address));
  }
  return {};
}

socklen_t SocketAddress::size() const {
  return storage_.ss_family == AF_INET6 ? sizeof(sockaddr_in6)
                                        : sizeof(sockaddr_in);
}

bool is_local_address(const std::string& numeric_host) {
  const auto wanted = SocketAddress::parse(numeric_host, 0);
  if (!wanted) return false;
  const std::string host = wanted->endpoint().host;
  // All of 127/8 is this host, though the interface names one address only.
  if (host.starts_with("127.") || host == "::1") return true;
  ifaddrs* found = nullptr;
  if (getifaddrs(&found) != 0) return false;
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> list(found,
                                                              &freeifaddrs);
  // Without a scope "fe80::1" means the address of any interface.
  const auto without_scope = [](const std::string& text) {
    return text.substr(0, text.find('%'));
  };
  for (const ifaddrs* each = list.get(); each != nullptr;
       each = each->ifa_next) {
    if (each->ifa_addr == nullptr) continue;
    sockaddr_storage storage{};
    const auto family = each->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    std::memcpy(&storage, each->ifa_addr,
                family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
    const std::string own = SocketAddress::to_endpoint(storage).host;
    if (own == host || without_scope(own) == host) return true;
  }
  return false;
}

}  // namespace waypost::transport
