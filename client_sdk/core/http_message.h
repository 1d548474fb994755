#ifndef WAYPOST_CLIENT_SDK_CORE_HTTP_MESSAGE_H_
#define WAYPOST_CLIENT_SDK_CORE_HTTP_MESSAGE_H_

// As much of HTTP as asking an address server takes: one GET without
// redirections, its answer's status and body. Bytes in, values out.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/endpoint.h"
#include "base/error.h"

namespace waypost::client {

struct HttpUrl {
  base::Endpoint server;
  std::string path;  // with the query, begins with '/'

  std::string to_string() const;
};

// "http://host[:port][/path[?query]]". The error says what is wrong; https is
// refused by name.
base::Result<HttpUrl> parse_http_url(std::string_view text);

// The whole request. The server is asked to close after its answer.
std::string http_get_request(const HttpUrl& url);

inline constexpr std::size_t kHttpAnswerMaxBytes = 256UL * 1024;

// The body of an answer with status 200, from all bytes received so far; the
// error tells any other status, and what is not HTTP or too large. Nothing:
// incomplete. `closed`: no more bytes will come.
std::optional<base::Result<std::string>> read_http_answer(
    std::string_view bytes, bool closed);

}  // namespace waypost::client

#endif  // WAYPOST_CLIENT_SDK_CORE_HTTP_MESSAGE_H_
