#include "client_sdk/core/http_message.h"

#include <string>

#include <doctest/doctest.h>

#include "client_sdk/core/address_list.h"

namespace waypost::client {
namespace {

// --- URLs ---

TEST_CASE("a URL is a server and a path, with the usual defaults") {
  const auto check = [](const char* text, const char* host, int port,
                        const char* path) {
    CAPTURE(text);
    const auto url = parse_http_url(text);
    REQUIRE(url);
    CHECK(url->server.host == host);
    CHECK(url->server.port == port);
    CHECK(url->path == path);
  };
  check("http://jmenv.example:8080/rocketmq/nsaddr", "jmenv.example", 8080,
        "/rocketmq/nsaddr");
  check("http://10.0.0.1", "10.0.0.1", 80, "/");
  check("http://host?unit=a", "host", 80, "/?unit=a");
  check("http://host/path?nofix=1&a=b", "host", 80, "/path?nofix=1&a=b");
  check("http://[::1]:8080/x", "::1", 8080, "/x");
  check("http://[::1]/x", "::1", 80, "/x");
}

TEST_CASE("what is no URL for us says why") {
  for (const char* text :
       {"", "host:80", "https://host/x", "http://", "http:///x",
        "http://host:0/x", "http://host:99999/x", "http://ho st/x",
        "http://host/a\r\nEvil: header", "ftp://host/x"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_http_url(text));
  }
  CHECK(parse_http_url("https://h").error().message.find("https") !=
        std::string::npos);
}

TEST_CASE("the request asks once and names its host") {
  const auto url = parse_http_url("http://host:8080/a?b=c");
  const std::string request = http_get_request(*url);
  CHECK(request.starts_with("GET /a?b=c HTTP/1.0\r\nHost: host:8080\r\n"));
  CHECK(request.ends_with("\r\n\r\n"));
}

// --- Answers ---

std::string body_of(const std::string& bytes, bool closed = false) {
  const auto body = read_http_answer(bytes, closed);
  if (!body) return "(incomplete)";
  return *body ? **body : "(error) " + body->error().message;
}

// The same whether bytes come one by one or at once.
std::string body_in_pieces(const std::string& bytes, bool closed) {
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto early = read_http_answer(bytes.substr(0, size), false);
    if (early) return *early ? **early : "(error)";
  }
  return body_of(bytes, closed);
}

TEST_CASE("a body ends with its length, its last chunk, or the connection") {
  CHECK(body_in_pieces("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcd",
                       false) == "abcd");
  CHECK(body_in_pieces("HTTP/1.1 200\r\ncontent-length:0\r\n\r\n", false) ==
        "");
  CHECK(body_in_pieces("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n",
                       false) == "abc0123456789");
  const std::string until_close = "HTTP/1.0 200 OK\r\nServer: x\r\n\r\nabc";
  CHECK(body_of(until_close) == "(incomplete)");
  CHECK(body_of(until_close, true) == "abc");
}

TEST_CASE("anything but 200 is an error that says what it was") {
  CHECK(body_of("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            .find("404 Not Found") != std::string::npos);
  CHECK(body_of("HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n").find("302") !=
        std::string::npos);
}

TEST_CASE("what is cut off, foreign or too large is an error, never a body") {
  const auto is_error = [](const std::string& bytes) {
    const auto body = read_http_answer(bytes, true);
    return body && !*body;
  };
  CHECK(is_error(""));
  CHECK(is_error("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n"));
  CHECK(is_error("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc"));
  CHECK(is_error("HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\nabcd"));
  CHECK(is_error("HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n"));
  CHECK(
      is_error("HTTP/1.1 200 OK\r\nContent-Length: "
               "99999999999999999999999\r\n\r\n"));
  CHECK(is_error("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc"));
  CHECK(
      is_error("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
               "xyz\r\nabc"));
  CHECK(
      is_error("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
               "fffffffffff\r\nabc"));
  CHECK(
      is_error("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
               "3\r\nabc\r\n"));
  CHECK(is_error("SSH-2.0-OpenSSH\r\n\r\n"));
  CHECK(is_error("HTTP/1.1\r\n\r\n"));
  CHECK(is_error("HTTP/1.1 2x0 OK\r\n\r\n"));
  CHECK(is_error("HTTP/1.1 200 OK\r\n\r\n" +
                 std::string(kHttpAnswerMaxBytes, 'x')));
}

// --- Lists ---

std::string list(const base::Result<std::vector<base::Endpoint>>& read) {
  if (!read) return "(error)";
  std::string text;
  for (const auto& each : *read) {
    text += (text.empty() ? "" : " ") + each.to_string();
  }
  return text;
}

TEST_CASE("an address server answers in one line") {
  CHECK(list(read_address_answer("10.0.0.1:9876;10.0.0.2:9876\n")) ==
        "10.0.0.1:9876 10.0.0.2:9876");
  CHECK(list(read_address_answer("\r\n  ns.example:9876 \r\nmore\r\n")) ==
        "ns.example:9876");
  CHECK(list(read_address_answer("10.0.0.1:9876;10.0.0.1:9876")) ==
        "10.0.0.1:9876");
  CHECK(list(read_address_answer("")) == "(error)");
  CHECK(list(read_address_answer("<html>\n<body>")) == "(error)");
  CHECK(list(read_address_answer("10.0.0.1:9876;nonsense")) == "(error)");
}

TEST_CASE("a list of thousands is refused, and costs nothing") {
  std::string text;
  for (std::size_t i = 0; i < kListedAddressesMax; ++i) {
    text += "n" + std::to_string(i) + ":1;";
  }
  CHECK(read_address_answer(text)->size() == kListedAddressesMax);
  CHECK(read_address_answer(text + "n0:1;n1:1")->size() == kListedAddressesMax);
  for (std::size_t i = 0; text.size() < kHttpAnswerMaxBytes; ++i) {
    text += "m" + std::to_string(i) + ":1;";
  }
  for (const auto& read :
       {read_address_answer(text), read_address_file(text)}) {
    REQUIRE_FALSE(read);
    CHECK(read.error().code == base::ErrorCode::kTooLarge);
    CHECK(read.error().message == "more than 64 addresses");
  }
}

TEST_CASE("a file has addresses on lines, and comments") {
  CHECK(list(read_address_file("# ours\n10.0.0.1:9876 # first\r\n\n"
                               "[::1]:9876, ns.example:9876;\n")) ==
        "10.0.0.1:9876 [::1]:9876 ns.example:9876");
  CHECK(list(read_address_file("# nothing\n")) == "(error)");
  CHECK(list(read_address_file("10.0.0.1:98765\n")) == "(error)");
}

}  // namespace
}  // namespace waypost::client
