#ifndef WAYPOST_NAMESRV_ETCD_HTTP_RESPONSE_H_
#define WAYPOST_NAMESRV_ETCD_HTTP_RESPONSE_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "base/endpoint.h"
#include "base/error.h"

namespace waypost::etcd {

struct HttpResponse {
  int status = 0;
  std::string body;
};

struct HttpLimits {
  std::size_t head_bytes_max = 16UL * 1024;
  // etcd answers what we ask in less than 1 KiB.
  std::size_t body_bytes_max = 64UL * 1024;
};

// A POST of JSON.
struct HttpRequest {
  std::string path;
  std::string body;
  std::string authorization;  // printable; empty: no such field
};

// It in HTTP/1.1 for a connection of its own.
std::string post_request(const base::Endpoint& host,
                         const HttpRequest& request);

// Puts one HTTP/1.x response together from bytes as they arrive (RFC 9112:
// Content-Length, chunked, or up to the end of the connection). Takes no more
// memory than the limits, whatever is said in the head.
class HttpReader {
 public:
  explicit HttpReader(HttpLimits limits = {}) : limits_(limits) {}

  // True once the response is whole; what follows it is left alone. kMalformed
  // or kTooLarge ends it: nothing may be fed after that.
  base::Result<bool> feed(std::string_view bytes);
  // The other side closed. True as above; kUnavailable: in the middle.
  base::Result<bool> end();

  const HttpResponse& response() const { return response_; }

 private:
  enum class Part { kHead, kBody, kChunkSize, kChunk, kChunkEnd, kDone };

  base::Result<bool> go_on();
  base::Status read_head(std::string_view head);
  base::Status read_field(std::string_view line);
  base::Result<bool> step();
  base::Status take_body(std::size_t count);

  HttpLimits limits_;
  HttpResponse response_;
  Part part_ = Part::kHead;
  std::string waiting_;  // not looked at yet
  bool chunked_ = false;
  bool length_known_ = false;
  std::size_t left_ = 0;  // of the body or of a chunk
};

}  // namespace waypost::etcd

#endif  // WAYPOST_NAMESRV_ETCD_HTTP_RESPONSE_H_
