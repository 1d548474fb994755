// The admin port against whoever connects: real sockets on loopback.

#include "namesrv/admin/http_port.h"

#include <atomic>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/raw_client.h"

namespace waypost::admin_http {
namespace {

using namespace std::chrono_literals;
using support::RawClient;
using support::scaled;

struct Port {
  explicit Port(HttpLimits limits = {}) {
    auto opened = HttpPort::open(
        {"127.0.0.1", 0}, limits, [this](const Request& request) {
          ++answered;
          last = request;
          const bool large = request.path == "/large";
          return Page{200,
                      "text/plain",
                      large ? std::string(32UL * 1024 * 1024, 'x') : "hello\n",
                      {{"X-Ours", "yes"}}};
        });
    REQUIRE(opened.has_value());
    port = std::move(*opened);
    REQUIRE(port->local().port != 0);
    port->start();
  }

  RawClient connect() const { return RawClient(port->local()); }
  // All that comes back until the port closes the connection.
  std::string ask(std::string_view request) const {
    RawClient client = connect();
    REQUIRE(client.connected());
    client.send(request);
    return client.read_to_end();
  }

  std::atomic<int> answered{0};
  Request last;  // one connection at a time, where it is looked at
  std::unique_ptr<HttpPort> port;
};

constexpr const char* kGet = "GET /livez HTTP/1.1\r\n\r\n";

TEST_CASE("a request is answered and the connection closed") {
  Port port;
  const std::string answer = port.ask(
      "GET /v1/cluster?x=1 HTTP/1.1\r\nauthorization: Bearer abc\r\n\r\n"
      "GET /livez HTTP/1.1\r\n\r\n");
  CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(answer.find("\r\nConnection: close\r\n") != std::string::npos);
  CHECK(answer.find("\r\nX-Ours: yes\r\n") != std::string::npos);
  CHECK(answer.ends_with("\r\n\r\nhello\n"));
  CHECK(port.answered == 1);
  CHECK(port.last.method == "GET");
  CHECK(port.last.path == "/v1/cluster");
  CHECK(port.last.authorization == "Bearer abc");
  const std::string head = port.ask("HEAD /livez HTTP/1.0\r\n\r\n");
  CHECK(head.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(head.ends_with("\r\n\r\n"));
}

TEST_CASE("a request in single bytes is a request") {
  Port port;
  RawClient client = port.connect();
  for (const char each : std::string_view(kGet)) {
    REQUIRE(client.send(std::string_view(&each, 1)));
  }
  CHECK(client.read_to_end().ends_with("hello\n"));
}

TEST_CASE("what is no request, or too large a one, is refused") {
  Port port;
  CHECK(port.ask("\x16\x03\x01 nothing of HTTP\r\n\r\n")
            .starts_with("HTTP/1.1 400"));
  CHECK(port.ask("GET /livez HTTP/9.9\r\n\r\n").starts_with("HTTP/1.1 400"));
  CHECK(port.ask("GET /livez HTTP/1.1\r\nA: " + std::string(9000, 'x') +
                 "\r\n\r\n")
            .starts_with("HTTP/1.1 431"));
  // Without an end: no more than the limit is ever taken.
  CHECK(port.ask("GET /" + std::string(3'000'000, 'x'))
            .starts_with("HTTP/1.1 431"));
  std::string headers = "GET /livez HTTP/1.1\r\n";
  for (int i = 0; i < 2000; ++i) headers += "A: b\r\n";
  CHECK(port.ask(headers + "\r\n").starts_with("HTTP/1.1 431"));
  // A thousand times the page, asked for in one line.
  std::string ranges = "GET /livez HTTP/1.1\r\nRANGE: bytes=0-";
  for (int i = 0; i < 1000; ++i) ranges += ",0-";
  CHECK(port.ask(ranges + "\r\n\r\n").starts_with("HTTP/1.1 416"));
  CHECK(port.answered == 0);
  // Bodies are not read, whatever their head promises.
  const std::string post = port.ask(
      "POST /livez HTTP/1.1\r\nContent-Length: 9999999999\r\n"
      "Transfer-Encoding: chunked\r\nContent-Encoding: br\r\n\r\nfffffff\r\n");
  CHECK(post.starts_with("HTTP/1.1 200"));
  CHECK(port.last.method == "POST");
  CHECK(port.ask(kGet).ends_with("hello\n"));
}

TEST_CASE("a crowd of silent connections holds up nobody for long") {
  HttpLimits limits;
  limits.threads = 2;
  limits.waiting_max = 60;
  limits.head_within = 500ms;
  Port port(limits);
  std::vector<RawClient> silent;
  for (int i = 0; i < 50; ++i) {
    silent.push_back(port.connect());
    silent.back().send("GET /li");
  }
  const support::Stopwatch watch;
  CHECK(port.ask(kGet).ends_with("hello\n"));
  // Two by two, one after another, they would take 12 s.
  CHECK(watch.elapsed() < 8s);
  for (RawClient& each : silent) CHECK(each.wait_closed());
  CHECK(port.answered == 1);
}

TEST_CASE("one connection too many is told so at once") {
  HttpLimits limits;
  limits.threads = 1;
  limits.waiting_max = 1;
  limits.head_within = 60s;
  Port port(limits);
  RawClient busy = port.connect();  // has the thread, or waits for it
  RawClient waiting = port.connect();
  std::string answer;
  // Until the first has the thread there is room for one more.
  std::vector<RawClient> more;
  CHECK(support::wait_until(scaled(10s), [&] {
    more.push_back(port.connect());
    answer = more.back().read_to_end(50ms);
    return !answer.empty();
  }));
  CHECK(answer.starts_with("HTTP/1.1 503"));
  CHECK(answer.ends_with("too many connections\n"));
}

TEST_CASE("who does not read its answer is left") {
  HttpLimits limits;
  limits.threads = 1;
  limits.answer_within = 200ms;
  Port port(limits);
  RawClient lazy(port.port->local(), {.receive_buffer_bytes = 4096});
  REQUIRE(lazy.send("GET /large HTTP/1.1\r\n\r\n"));
  CHECK(support::wait_until(scaled(10s), [&] { return port.answered == 1; }));
  const support::Stopwatch watch;
  CHECK(port.ask(kGet).ends_with("hello\n"));
  CHECK(watch.elapsed() < scaled(3000ms));
}

TEST_CASE("it stops in bounded time, whoever is connected") {
  HttpLimits limits;
  limits.threads = 2;
  limits.head_within = 60s;
  Port port(limits);
  std::vector<RawClient> silent;
  for (int i = 0; i < 5; ++i) silent.push_back(port.connect());
  const support::Stopwatch watch;
  port.port->stop();
  CHECK(watch.elapsed() < scaled(3000ms));
  for (RawClient& each : silent) CHECK(each.wait_closed());
  CHECK_FALSE(RawClient(port.port->local()).connected());
}

TEST_CASE("a port that is taken is told of, and freed when it never ran") {
  auto first = HttpPort::open({"127.0.0.1", 0}, {}, nullptr);
  REQUIRE(first.has_value());
  const base::Endpoint taken = (*first)->local();
  const auto second = HttpPort::open(taken, {}, nullptr);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().message.find(taken.to_string()) != std::string::npos);
  first->reset();
  CHECK(HttpPort::open(taken, {}, nullptr).has_value());
}

}  // namespace
}  // namespace waypost::admin_http
