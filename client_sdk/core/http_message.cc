#include "client_sdk/core/http_message.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace waypost::client {
namespace {

using base::ErrorCode;
using Body = base::Result<std::string>;

constexpr std::string_view kScheme = "http://";
constexpr std::string_view kLineEnd = "\r\n";

tl::unexpected<base::Error> malformed(const std::string& what) {
  return base::fail(ErrorCode::kMalformed, "the HTTP answer " + what);
}

bool same_letters(std::string_view one, std::string_view other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](char a, char b) {
                      return std::tolower(static_cast<unsigned char>(a)) ==
                             std::tolower(static_cast<unsigned char>(b));
                    });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
    text.remove_suffix(1);
  }
  return text;
}

std::optional<std::size_t> parse_size(std::string_view text, int base) {
  std::size_t size = 0;
  const auto read =
      std::from_chars(text.data(), text.data() + text.size(), size, base);
  const bool all = read.ptr == text.data() + text.size();
  if (text.empty() || read.ec != std::errc() || !all) return std::nullopt;
  return size;
}

struct Head {
  int status = 0;
  std::string reason;
  bool chunked = false;
  std::optional<std::size_t> length;
};

base::Result<Head> parse_head(std::string_view text) {
  Head head;
  const auto end = text.find(kLineEnd);
  const std::string_view line = text.substr(0, end);
  // "HTTP/1.1 200 OK"
  const auto status =
      line.size() < 12 ? std::nullopt : parse_size(line.substr(9, 3), 10);
  if (!line.starts_with("HTTP/1.") || line[8] != ' ' || !status) {
    return malformed("does not begin as one");
  }
  head.status = static_cast<int>(*status);
  head.reason = std::string(trimmed(line.substr(12)));
  text = end == std::string_view::npos ? std::string_view()
                                       : text.substr(end + kLineEnd.size());
  while (!text.empty()) {
    const auto stop = std::min(text.find(kLineEnd), text.size());
    const std::string_view field = text.substr(0, stop);
    text.remove_prefix(std::min(stop + kLineEnd.size(), text.size()));
    const auto colon = field.find(':');
    if (colon == std::string_view::npos) continue;
    const auto name = field.substr(0, colon);
    const auto value = trimmed(field.substr(colon + 1));
    if (same_letters(name, "content-length")) {
      head.length = parse_size(value, 10);
      if (!head.length) return malformed("has no usable length");
    } else if (same_letters(name, "transfer-encoding")) {
      head.chunked = same_letters(value, "chunked");
      if (!head.chunked) return malformed("is encoded in a way not known here");
    }
  }
  return head;
}

std::optional<Body> read_chunks(std::string_view bytes) {
  std::string body;
  for (;;) {
    const auto end = bytes.find(kLineEnd);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = bytes.substr(0, end);
    const auto size = parse_size(trimmed(line.substr(0, line.find(';'))), 16);
    if (!size) return malformed("has a chunk of no length");
    bytes.remove_prefix(end + kLineEnd.size());
    if (*size == 0) return body;
    if (*size > kHttpAnswerMaxBytes) return malformed("is too large");
    if (bytes.size() < *size + kLineEnd.size()) return std::nullopt;
    body += bytes.substr(0, *size);
    bytes.remove_prefix(*size + kLineEnd.size());
  }
}

std::optional<Body> read_body(const Head& head, std::string_view bytes,
                              bool closed) {
  if (head.chunked) return read_chunks(bytes);
  if (!head.length) {
    if (!closed) return std::nullopt;
    return std::string(bytes);
  }
  if (*head.length > kHttpAnswerMaxBytes) return malformed("is too large");
  if (bytes.size() < *head.length) return std::nullopt;
  return std::string(bytes.substr(0, *head.length));
}

}  // namespace

std::string HttpUrl::to_string() const {
  return std::string(kScheme) + server.to_string() + path;
}

base::Result<HttpUrl> parse_http_url(std::string_view text) {
  const auto refuse = [&](const std::string& why) {
    return base::fail(ErrorCode::kInvalidArgument,
                      "'" + std::string(text) + "': " + why,
                      "write it as http://host:port/path");
  };
  if (text.starts_with("https://")) return refuse("https is not supported");
  if (!text.starts_with(kScheme)) return refuse("does not begin with http://");
  const bool odd = std::any_of(text.begin(), text.end(), [](char each) {
    return static_cast<unsigned char>(each) <= ' ' || each == '\x7f';
  });
  if (odd) return refuse("has blanks or control characters");
  const std::string_view rest = text.substr(kScheme.size());
  const auto slash = std::min(rest.find_first_of("/?"), rest.size());
  std::string server(rest.substr(0, slash));
  const auto bracket = server.rfind(']');
  const auto colon = server.rfind(':');
  const bool has_port = colon != std::string::npos &&
                        (bracket == std::string::npos || colon > bracket);
  if (!has_port) server += ":80";
  const auto endpoint = base::parse_endpoint(server);
  if (!endpoint || endpoint->port == 0) return refuse("names no server");
  HttpUrl url{*endpoint, std::string(rest.substr(slash))};
  if (!url.path.starts_with('/')) url.path.insert(0, "/");
  return url;
}

// Of version 1.0, so that a server has little reason to send chunks.
std::string http_get_request(const HttpUrl& url) {
  return "GET " + url.path + " HTTP/1.0\r\nHost: " + url.server.to_string() +
         "\r\nUser-Agent: waypost\r\nAccept: */*\r\n"
         "Connection: close\r\n\r\n";
}

std::optional<base::Result<std::string>> read_http_answer(
    std::string_view bytes, bool closed) {
  if (bytes.size() > kHttpAnswerMaxBytes) return malformed("is too large");
  const auto head_end = bytes.find("\r\n\r\n");
  if (head_end == std::string_view::npos) {
    if (closed) return malformed("ends in its head");
    return std::nullopt;
  }
  const auto head = parse_head(bytes.substr(0, head_end));
  if (!head) return Body(tl::unexpected(head.error()));
  if (head->status != 200) {
    return base::fail(ErrorCode::kUnavailable,
                      "the HTTP server answered " +
                          std::to_string(head->status) +
                          (head->reason.empty() ? "" : " " + head->reason));
  }
  auto body = read_body(*head, bytes.substr(head_end + 4), closed);
  if (!body && closed) return malformed("ends in its body");
  return body;
}

}  // namespace waypost::client
