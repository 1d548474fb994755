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
#include "wire/model/administration.h"
#include "wire/model/operations.h"

namespace waypost::codec {

using Bytes = std::span<const std::byte>;

// A small verified FlatBuffer can refer to one big string a million times, so
// what is copied out is bounded by a multiple of what came in: the sizes of all
// list elements and the bytes of all texts, and 1 KiB on top. No text may be
// longer than 64 KiB, no value of the key-value configuration than 256 KiB.
struct DecodeLimits {
  std::size_t expansion = 4;             // decoded bytes per payload byte
  std::size_t elements_max = 1'000'000;  // list elements in all
};

std::string encode(const model::HelloRequest& message);
std::string encode(const model::HelloReply& message);
std::string encode(const model::RegisterRequest& message);
std::string encode(const model::RegisterReply& message);
std::string encode(const model::HeartbeatRequest& message);
std::string encode(const model::HeartbeatReply& message);
std::string encode(const model::VerdictRequest& message);
std::string encode(const model::VerdictReply& message);
std::string encode(const model::ObserveRequest& message);
std::string encode(const model::ObserveReply& message);
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
std::string encode(const model::ChangeReply& message);
std::string encode(const model::KvGetRequest& message);
std::string encode(const model::KvGetReply& message);
std::string encode(const model::KvListRequest& message);
std::string encode(const model::KvPage& message);
std::string encode(const model::KvPutRequest& message);
std::string encode(const model::KvDeleteRequest& message);
std::string encode(const model::OverridePage& message);
std::string encode(const model::SetOverrideRequest& message);
std::string encode(const model::ClearOverrideRequest& message);
std::string encode(const model::DeleteTopicRequest& message);
std::string encode(const model::DeleteTopicReply& message);
std::string encode(const model::SettingList& message);
std::string encode(const model::ChangeSettingRequest& message);
std::string encode(const base::Error& error);

// decode<model::RegisterRequest>(payload): for each type that encode takes.
// kMalformed: no valid FlatBuffer, or a required field is missing (the error
// names it). kInvalidArgument: a value that means nothing, such as an unknown
// enumeration, port 0 or a negative duration. kTooLarge: above the limits.
// Names are not judged.
template <typename Message>
base::Result<Message> decode(Bytes payload, const DecodeLimits& limits = {});

template <>
base::Result<model::HelloRequest> decode(Bytes payload,
                                         const DecodeLimits& limits);
template <>
base::Result<model::HelloReply> decode(Bytes payload,
                                       const DecodeLimits& limits);
template <>
base::Result<model::RegisterRequest> decode(Bytes payload,
                                            const DecodeLimits& limits);
template <>
base::Result<model::RegisterReply> decode(Bytes payload,
                                          const DecodeLimits& limits);
template <>
base::Result<model::HeartbeatRequest> decode(Bytes payload,
                                             const DecodeLimits& limits);
template <>
base::Result<model::HeartbeatReply> decode(Bytes payload,
                                           const DecodeLimits& limits);
template <>
base::Result<model::VerdictRequest> decode(Bytes payload,
                                           const DecodeLimits& limits);
template <>
base::Result<model::VerdictReply> decode(Bytes payload,
                                         const DecodeLimits& limits);
template <>
base::Result<model::ObserveRequest> decode(Bytes payload,
                                           const DecodeLimits& limits);
template <>
base::Result<model::ObserveReply> decode(Bytes payload,
                                         const DecodeLimits& limits);
template <>
base::Result<model::UnregisterRequest> decode(Bytes payload,
                                              const DecodeLimits& limits);
template <>
base::Result<model::UnregisterReply> decode(Bytes payload,
                                            const DecodeLimits& limits);
template <>
base::Result<model::HandoverRequest> decode(Bytes payload,
                                            const DecodeLimits& limits);
template <>
base::Result<model::HandoverReply> decode(Bytes payload,
                                          const DecodeLimits& limits);
template <>
base::Result<model::RouteQueryRequest> decode(Bytes payload,
                                              const DecodeLimits& limits);
template <>
base::Result<model::RouteQueryEnd> decode(Bytes payload,
                                          const DecodeLimits& limits);
template <>
base::Result<model::VersionedRoute> decode(Bytes payload,
                                           const DecodeLimits& limits);
template <>
base::Result<model::PageRequest> decode(Bytes payload,
                                        const DecodeLimits& limits);
template <>
base::Result<model::BrokerPage> decode(Bytes payload,
                                       const DecodeLimits& limits);
template <>
base::Result<model::TopicPage> decode(Bytes payload,
                                      const DecodeLimits& limits);
template <>
base::Result<model::ClusterView> decode(Bytes payload,
                                        const DecodeLimits& limits);
template <>
base::Result<model::DrainNotice> decode(Bytes payload,
                                        const DecodeLimits& limits);
template <>
base::Result<model::ChangeReply> decode(Bytes payload,
                                        const DecodeLimits& limits);
template <>
base::Result<model::KvGetRequest> decode(Bytes payload,
                                         const DecodeLimits& limits);
template <>
base::Result<model::KvGetReply> decode(Bytes payload,
                                       const DecodeLimits& limits);
template <>
base::Result<model::KvListRequest> decode(Bytes payload,
                                          const DecodeLimits& limits);
template <>
base::Result<model::KvPage> decode(Bytes payload, const DecodeLimits& limits);
template <>
base::Result<model::KvPutRequest> decode(Bytes payload,
                                         const DecodeLimits& limits);
template <>
base::Result<model::KvDeleteRequest> decode(Bytes payload,
                                            const DecodeLimits& limits);
template <>
base::Result<model::OverridePage> decode(Bytes payload,
                                         const DecodeLimits& limits);
template <>
base::Result<model::SetOverrideRequest> decode(Bytes payload,
                                               const DecodeLimits& limits);
template <>
base::Result<model::ClearOverrideRequest> decode(Bytes payload,
                                                 const DecodeLimits& limits);
template <>
base::Result<model::DeleteTopicRequest> decode(Bytes payload,
                                               const DecodeLimits& limits);
template <>
base::Result<model::DeleteTopicReply> decode(Bytes payload,
                                             const DecodeLimits& limits);
template <>
base::Result<model::SettingList> decode(Bytes payload,
                                        const DecodeLimits& limits);
template <>
base::Result<model::ChangeSettingRequest> decode(Bytes payload,
                                                 const DecodeLimits& limits);
template <>
base::Result<base::Error> decode(Bytes payload, const DecodeLimits& limits);

// The hot path: walks a verified query without copying. Calls
// `visit(topic name, known digest)` for each item; the name is valid during
// the call. On an error nothing has been visited.
class RouteQueryVisitor {
 public:
  virtual ~RouteQueryVisitor() = default;
  virtual void visit(std::string_view topic, const model::Digest& known) = 0;
};
base::Status visit_route_query(Bytes payload, RouteQueryVisitor& visitor,
                               const DecodeLimits& limits = {});

}  // namespace waypost::codec

#endif  // WAYPOST_WIRE_CODEC_NATIVE_H_
