#include "namesrv/etcd/http_response.h"

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

namespace waypost::etcd {
namespace {

constexpr const char* kWithLength =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    "content-length:  5 \r\n\r\nhello";
// As etcd 3.4 writes an error, trailers and all.
constexpr const char* kChunked =
    "HTTP/1.1 404 Not Found\r\nTrailer: Grpc-Trailer-Content-Type\r\n"
    "Transfer-Encoding: chunked\r\n\r\n"
    "6\r\n{\"erro\r\na;x=y\r\nr\":\"none\"}\r\n0\r\n"
    "Grpc-Trailer-Content-Type: application/grpc\r\n\r\n";

base::Result<bool> feed_in_pieces(HttpReader& reader, const std::string& text,
                                  std::size_t piece) {
  base::Result<bool> whole = false;
  for (std::size_t at = 0; at < text.size() && whole && !*whole; at += piece) {
    whole = reader.feed(std::string_view(text).substr(at, piece));
  }
  return whole;
}

TEST_CASE("an answer is the same in whatever pieces it comes") {
  for (std::size_t piece = 1; piece < 200; piece = piece * 2 + 1) {
    HttpReader plain;
    CHECK(feed_in_pieces(plain, kWithLength, piece).value());
    CHECK(plain.response().status == 200);
    CHECK(plain.response().body == "hello");
    HttpReader chunked;
    CHECK(feed_in_pieces(chunked, kChunked, piece).value());
    CHECK(chunked.response().status == 404);
    CHECK(chunked.response().body == "{\"error\":\"none\"}");
  }
}

TEST_CASE("an answer without a length ends with its connection") {
  HttpReader reader;
  CHECK_FALSE(reader.feed("HTTP/1.0 200 OK\r\n\r\nall").value());
  CHECK_FALSE(reader.feed(" of it").value());
  CHECK(reader.end().value());
  CHECK(reader.response().body == "all of it");
  HttpReader none;
  CHECK(none.feed("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").value());
}

TEST_CASE("an answer that breaks off is none") {
  for (const std::string whole : {kWithLength, kChunked}) {
    const auto end = whole.find("\r\n0\r\n");
    const std::size_t last = std::min(end, whole.size() - 1);
    for (std::size_t size = 0; size <= last; ++size) {
      HttpReader reader;
      CHECK_FALSE(reader.feed(whole.substr(0, size)).value());
      CHECK(reader.end().error().code == base::ErrorCode::kUnavailable);
    }
  }
}

TEST_CASE("what is no answer is refused in words") {
  for (const char* text :
       {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n",
        "HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        "ffffffffffffffffff\r\n"}) {
    CAPTURE(text);
    HttpReader reader;
    CHECK(reader.feed(text).error().code == base::ErrorCode::kMalformed);
  }
}

TEST_CASE("an answer without end is dropped at the limit") {
  const auto swallowed = [](const std::string& head, const std::string& more) {
    HttpReader reader;
    auto whole = reader.feed(head);
    std::size_t bytes = head.size();
    while (whole && bytes < 10'000'000) {
      whole = reader.feed(more);
      bytes += more.size();
    }
    CHECK(whole.error().code == base::ErrorCode::kTooLarge);
    return bytes;
  };
  const std::string much(4096, 'x');
  CHECK(swallowed("HTTP/1.1 200 OK\r\n", much) < 32'768);
  CHECK(swallowed("HTTP/1.1 200 OK\r\n\r\n", much) < 80'000);
  CHECK(swallowed("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", much) <
        80'000);
  CHECK(swallowed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                  "1000\r\n" + much + "\r\n") < 80'000);
}

TEST_CASE("a request says where it ends") {
  CHECK(post_request({"::1", 2379}, {"/v3/kv/txn", "{}", ""}) ==
        "POST /v3/kv/txn HTTP/1.1\r\nHost: [::1]:2379\r\n"
        "Content-Type: application/json\r\nContent-Length: 2\r\n"
        "Connection: close\r\n\r\n{}");
  CHECK(post_request({"h", 1}, {"/", "", "abc.7"})
            .find("\r\nAuthorization: abc.7\r\n") != std::string::npos);
}

}  // namespace
}  // namespace waypost::etcd
