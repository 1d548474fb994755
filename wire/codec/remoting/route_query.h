#ifndef WAYPOST_WIRE_CODEC_REMOTING_ROUTE_QUERY_H_
#define WAYPOST_WIRE_CODEC_REMOTING_ROUTE_QUERY_H_

// The nameserver's hottest request, GET_ROUTEINFO_BY_TOPIC, read in place, and
// the head of its answer. Neither takes memory.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "wire/codec/remoting/frame.h"

namespace waypost::remoting {

struct RouteQuery {
  Serialization serialization = Serialization::kJson;
  std::int32_t opaque = 0;
  std::int32_t version = 0;  // of the client
  // Whether the client reads standard JSON: by its version, or because it says
  // so with acceptStandardJsonOnly.
  bool standard_json = false;
  bool oneway = false;  // gets no answer
  std::string_view topic;
  std::string_view zone_mode;  // ext field __ZONE_MODE; empty: absent
  std::string_view zone_name;  // ext field __ZONE_NAME; empty: absent
};

// Reads a route query in the shape in which clients write it: no escapes, no
// bytes beyond ASCII, each member once, ext fields all texts. The texts point
// into the frame. None: another request, or a shape that decode_header must
// look at. Whenever it reads a query, decode_header reads the same.
std::optional<RouteQuery> scan_route_query(const FrameView& frame);

// The front of a successful answer without ext fields and remark; the body
// follows. What encode_frame writes for such a response.
class AnswerHead {
 public:
  AnswerHead(Serialization serialization, std::int32_t opaque,
             std::size_t body_bytes);

  std::string_view bytes() const { return {bytes_.data(), size_}; }

 private:
  static constexpr std::size_t kSizeMax = 120;

  std::array<char, kSizeMax> bytes_;
  std::size_t size_ = 0;
};

}  // namespace waypost::remoting

#endif  // WAYPOST_WIRE_CODEC_REMOTING_ROUTE_QUERY_H_
