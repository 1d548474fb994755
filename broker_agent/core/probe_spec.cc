#include "broker_agent/core/probe_spec.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace waypost::agent {
namespace {

using base::ErrorCode;
using base::Result;

constexpr std::size_t kExchangeMaxBytes = 1024;

tl::unexpected<base::Error> bad(std::string_view text, std::string_view why,
                                const std::string& advice = {}) {
  return base::fail(
      ErrorCode::kInvalidArgument,
      "probe '" + std::string(text) + "': " + std::string(why),
      advice.empty() ? "allowed are " + std::string(kProbeKinds) : advice);
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Reads escapes up to the end or an unescaped '/', where `text` then begins.
std::optional<std::string> unescape(std::string_view& text) {
  std::string bytes;
  while (!text.empty() && text.front() != '/') {
    const char c = text.front();
    text.remove_prefix(1);
    if (c != '\\') {
      bytes += c;
      continue;
    }
    if (text.empty()) return std::nullopt;
    const char escape = text.front();
    text.remove_prefix(1);
    switch (escape) {
      case 'r':
        bytes += '\r';
        break;
      case 'n':
        bytes += '\n';
        break;
      case 't':
        bytes += '\t';
        break;
      case '0':
        bytes += '\0';
        break;
      case '\\':
      case '/':
        bytes += escape;
        break;
      case 'x': {
        if (text.size() < 2) return std::nullopt;
        const int high = hex_digit(text[0]);
        const int low = hex_digit(text[1]);
        if (high < 0 || low < 0) return std::nullopt;
        bytes += static_cast<char>(high * 16 + low);
        text.remove_prefix(2);
        break;
      }
      default:
        return std::nullopt;
    }
  }
  return bytes;
}

// Takes "@HOST:PORT" from the front of `rest`, if it is there.
Result<base::Endpoint> take_address(std::string_view& rest,
                                    const base::Endpoint& broker) {
  if (rest.empty() || rest.front() != '@') return broker;
  rest.remove_prefix(1);
  const std::size_t host_end =
      rest.starts_with('[') ? rest.find("]:") : rest.find(':');
  if (host_end == std::string_view::npos) return base::parse_endpoint(rest);
  const std::size_t port =
      rest.find(':', host_end + (rest.starts_with('[') ? 1 : 0)) + 1;
  const std::size_t end = std::min(rest.find(':', port), rest.size());
  auto address = base::parse_endpoint(rest.substr(0, end));
  rest.remove_prefix(end);
  return address;
}

base::Status fill_exchange(std::string_view text, std::string_view rest,
                           ProbeSpec& spec) {
  const std::string advice =
      "write tcp-exchange:SEND/EXPECT with the escapes \\r \\n \\t \\0 \\\\ "
      "\\/ and \\xHH";
  if (!rest.starts_with(':'))
    return bad(text, "SEND/EXPECT is missing", advice);
  rest.remove_prefix(1);
  const auto send = unescape(rest);
  if (!send) return bad(text, "SEND has a wrong escape", advice);
  if (rest.empty()) return bad(text, "'/' and EXPECT are missing", advice);
  rest.remove_prefix(1);
  const auto expect = unescape(rest);
  if (!expect) return bad(text, "EXPECT has a wrong escape", advice);
  if (!rest.empty()) {
    return bad(text, "a third part follows EXPECT", "write \\/ for a slash");
  }
  if (expect->empty()) {
    return bad(text, "EXPECT is empty and any hang would pass", advice);
  }
  if (send->size() > kExchangeMaxBytes || expect->size() > kExchangeMaxBytes) {
    return bad(text, "SEND or EXPECT is longer than 1024 bytes", advice);
  }
  spec.send = *send;
  spec.expect = *expect;
  return {};
}

base::Status fill_http(std::string_view text, std::string_view rest,
                       ProbeSpec& spec) {
  const std::string advice = "write http://HOST[:PORT]/PATH or http:/PATH";
  constexpr std::string_view kScheme = "http://";
  // "http://x" as a whole is the URL; "http:" may also stand before one.
  if (text.starts_with(kScheme)) {
    rest = text;
  } else if (rest.starts_with(':')) {
    rest.remove_prefix(1);
  }
  if (rest.starts_with("https:")) {
    return bad(text, "https is not supported",
               "use command: with a program that speaks TLS");
  }
  const bool visible = std::all_of(rest.begin(), rest.end(),
                                   [](char c) { return c > ' ' && c < 0x7f; });
  if (!visible) return bad(text, "the URL has a blank or control byte", advice);
  if (rest.starts_with(kScheme)) {
    rest.remove_prefix(kScheme.size());
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    std::string host(rest.substr(0, slash));
    rest.remove_prefix(slash);
    const bool has_port =
        host.ends_with(']') ? false : host.find(':') != std::string::npos;
    if (!has_port) host += ":80";
    const auto address = base::parse_endpoint(host);
    if (!address) return bad(text, address.error().message, advice);
    spec.address = *address;
    if (rest.empty()) rest = "/";
  }
  if (!rest.starts_with('/')) return bad(text, "no URL", advice);
  spec.send = std::string(rest);
  return {};
}

base::Status fill_command(std::string_view text, std::string_view rest,
                          ProbeSpec& spec) {
  if (rest.starts_with(':')) rest.remove_prefix(1);
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (const char c : rest) {
    if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else {
        word += c;
      }
    } else if (c == '\'' || c == '"') {
      quote = c;
      in_word = true;
    } else if (c == ' ' || c == '\t') {
      if (in_word) spec.command.push_back(std::exchange(word, {}));
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (quote != 0) return bad(text, "a quote is not closed", "close it");
  if (in_word) spec.command.push_back(word);
  if (spec.command.empty() || spec.command.front().empty()) {
    return bad(text, "no program", "write command:PROGRAM ARGS...");
  }
  return {};
}

}  // namespace

Result<ProbeSpec> parse_probe(std::string_view text,
                              const base::Endpoint& broker) {
  const std::size_t end = std::min(text.find_first_of(":@"), text.size());
  const std::string_view kind = text.substr(0, end);
  std::string_view rest = text.substr(end);
  ProbeSpec spec;
  spec.name = std::string(kind);
  spec.address = broker;
  base::Status filled;
  if (kind == "http") {
    spec.kind = ProbeKind::kHttp;
    filled = fill_http(text, rest, spec);
  } else if (kind == "command") {
    spec.kind = ProbeKind::kCommand;
    filled = fill_command(text, rest, spec);
  } else if (kind == "tcp" || kind == "mqtt" || kind == "rocketmq" ||
             kind == "tcp-exchange") {
    const auto address = take_address(rest, broker);
    if (!address) return bad(text, address.error().message);
    spec.address = *address;
    if (kind == "tcp-exchange") {
      spec.kind = ProbeKind::kTcpExchange;
      filled = fill_exchange(text, rest, spec);
    } else {
      spec.kind = kind == "tcp"    ? ProbeKind::kTcp
                  : kind == "mqtt" ? ProbeKind::kMqtt
                                   : ProbeKind::kRocketmq;
      if (!rest.empty()) {
        filled = bad(text, "takes no argument",
                     "write " + spec.name + " or " + spec.name + "@HOST:PORT");
      }
    }
  } else {
    return bad(text, "unknown kind");
  }
  if (!filled) return tl::unexpected(filled.error());
  if (spec.kind != ProbeKind::kCommand && spec.address.port == 0) {
    return bad(text, "port 0 cannot be probed", "name the port");
  }
  return spec;
}

}  // namespace waypost::agent
