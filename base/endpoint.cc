#include "base/endpoint.h"

#include <algorithm>
#include <charconv>

namespace waypost::base {
namespace {

tl::unexpected<Error> bad_endpoint(std::string_view text,
                                   std::string_view why) {
  return fail(
      ErrorCode::kInvalidArgument,
      "'" + std::string(text) + "' is not an address: " + std::string(why),
      "write host:port, or [address]:port for IPv6");
}

}  // namespace

std::string Endpoint::to_string() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Endpoint> parse_endpoint(std::string_view text) {
  Endpoint endpoint;
  std::string_view port_text;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return bad_endpoint(text, "no ']'");
    endpoint.host = text.substr(1, close - 1);
    if (endpoint.host.find(':') == std::string::npos) {
      return bad_endpoint(text, "brackets are for IPv6 addresses");
    }
    if (text.substr(close + 1, 1) != ":") return bad_endpoint(text, "no port");
    port_text = text.substr(close + 2);
  } else {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return bad_endpoint(text, "no port");
    if (text.find(':', colon + 1) != std::string_view::npos) {
      return bad_endpoint(text, "an IPv6 address needs brackets");
    }
    endpoint.host = text.substr(0, colon);
    port_text = text.substr(colon + 1);
  }
  if (endpoint.host.empty()) return bad_endpoint(text, "no host");
  if (endpoint.host.size() > 253) return bad_endpoint(text, "host too long");
  const bool printable =
      std::all_of(endpoint.host.begin(), endpoint.host.end(),
                  [](char c) { return c > ' ' && c < 0x7f && c != '/'; });
  if (!printable) return bad_endpoint(text, "a character no host name has");
  const auto [end, error] = std::from_chars(
      port_text.data(), port_text.data() + port_text.size(), endpoint.port);
  if (error != std::errc{} || end != port_text.data() + port_text.size()) {
    return bad_endpoint(text, "the port must be a number from 0 to 65535");
  }
  return endpoint;
}

Result<std::vector<Endpoint>> parse_endpoints(std::string_view text) {
  std::vector<Endpoint> endpoints;
  while (!text.empty()) {
    const auto cut = text.find_first_of(",;");
    const std::string_view word = text.substr(0, cut);
    text = cut == std::string_view::npos ? std::string_view{}
                                         : text.substr(cut + 1);
    if (word.empty()) continue;
    auto endpoint = parse_endpoint(word);
    if (!endpoint) return tl::unexpected(endpoint.error());
    if (std::find(endpoints.begin(), endpoints.end(), *endpoint) !=
        endpoints.end()) {
      return fail(ErrorCode::kInvalidArgument,
                  "address " + endpoint->to_string() + " is listed twice");
    }
    endpoints.push_back(std::move(*endpoint));
  }
  if (endpoints.empty()) {
    return fail(ErrorCode::kInvalidArgument, "the list of addresses is empty",
                "write host:port[,host:port...]");
  }
  return endpoints;
}

}  // namespace waypost::base
