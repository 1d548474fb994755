#ifndef WAYPOST_WIRE_CODEC_NATIVE_H_
#define WAYPOST_WIRE_CODEC_NATIVE_H_

// FlatBuffers payloads <-> plain values, one pair of functions per message.
// encode_* returns a complete frame's payload (padded to 8). decode_* verifies
// the buffer and copies it out within budgets (see DecodeLimits): whatever the
// bytes, it returns a value or an error, and takes no more memory than the
// budget. FlatBuffers itself is not visible here.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "wire/model/operations.h"

namespace waypost::codec {

using Bytes = std::span<const std::byte>;

// A small verified FlatBuffer can refer to one big string a million times, so
// what is copied out is bounded by a multiple of what came in.
struct DecodeLimits {
  std::size_t expansion = 4;             // decoded bytes per payload byte
  std::size_t elements_max = 1'000'000;  // tables and vector elements in all
};

std::string encode(const model::HelloRequest& message);
std::string encode(const model::HelloReply& message);
std::string encode(const model::RegisterRequest& message);
std::string encode(const model::RegisterReply& message);
std::string encode(const model::HeartbeatRequest& message);
std::string encode(const model::HeartbeatReply& message);
std::string encode(const model::VerdictRequest& message);
std::string encode(const model::VerdictReply& message);
std::string encode(const model::UnregisterRequest& message);
std::string encode(const model::UnregisterReply& message);
std::string encode(const model::HandoverRequest& message);
std::string encode(const model::HandoverReply& message);
std::string encode(const model::RouteQueryRequest& message);
std::string encode(const model::RouteQueryEnd& message);
std::string encode(const model::VersionedRoute& message);
std::string encode(const model::PageRequest& message);
std::string encode(const model::BrokerPage& message);
std::string encode(const model::TopicPage& message);
std::string encode(const model::ClusterView& message);
std::string encode(const model::DrainNotice& message);
std::string encode(const base::Error& error);

// decode<model::RegisterRequest>(payload, limits); instantiated for each type
// that encode takes.
template <typename Message>
base::Result<Message> decode(Bytes payload, const DecodeLimits& limits = {});

// The hot path: walks a verified query without copying. Calls
// `visit(topic name, known digest)` for each item; the name is valid during
// the call.
class RouteQueryVisitor {
 public:
  virtual ~RouteQueryVisitor() = default;
  virtual void visit(std::string_view topic, const model::Digest& known) = 0;
};
base::Status visit_route_query(Bytes payload, RouteQueryVisitor& visitor,
                               const DecodeLimits& limits = {});

}  // namespace waypost::codec

#endif  // WAYPOST_WIRE_CODEC_NATIVE_H_
