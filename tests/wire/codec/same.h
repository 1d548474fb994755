#ifndef WAYPOST_TESTS_WIRE_CODEC_SAME_H_
#define WAYPOST_TESTS_WIRE_CODEC_SAME_H_

// The fields of each message as a tuple, for comparing. A field added to a
// message makes this stop compiling, until it is listed and so tested.

#include <span>
#include <string>
#include <tuple>

#include "wire/model/administration.h"
#include "wire/model/cluster.h"
#include "wire/model/held_registration.h"
#include "wire/model/operations.h"

namespace waypost::model {

inline auto fields(const HelloRequest& message) {
  const auto& [a, b, c, d] = message;
  return std::tie(a, b, c, d);
}
inline auto fields(const HelloReply& message) {
  const auto& [a, b, c, d, e, f, g] = message;
  return std::tie(a, b, c, d, e, f, g);
}
inline auto fields(const RegisterRequest& message) {
  const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m] = message;
  return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m);
}
inline auto fields(const RegisterReply& message) {
  const auto& [a, b, c] = message;
  return std::tie(a, b, c);
}
inline auto fields(const HeartbeatRequest& message) {
  const auto& [a, b, c] = message;
  return std::tie(a, b, c);
}
inline auto fields(const HeartbeatReply& message) {
  const auto& [a, b, c] = message;
  return std::tie(a, b, c);
}
inline auto fields(const VerdictRequest& message) {
  const auto& [a, b, c, d, e, f, g] = message;
  return std::tie(a, b, c, d, e, f, g);
}
inline auto fields(const VerdictReply& message) {
  const auto& [a, b] = message;
  return std::tie(a, b);
}
inline auto fields(const ObserveRequest& message) {
  const auto& [a, b, c, d, e] = message;
  return std::tie(a, b, c, d, e);
}
inline auto fields(const ObserveReply& message) {
  const auto& [a] = message;
  return std::tie(a);
}
inline auto fields(const UnregisterRequest& message) {
  const auto& [a, b, c] = message;
  return std::tie(a, b, c);
}
inline auto fields(const UnregisterReply& message) {
  const auto& [a] = message;
  return std::tie(a);
}
inline auto fields(const HandoverRequest& message) {
  const auto& [a, b, c] = message;
  return std::tie(a, b, c);
}
inline auto fields(const HandoverReply& message) {
  const auto& [a] = message;
  return std::tie(a);
}
inline bool operator==(const RouteQueryItem& left,
                       const RouteQueryItem& right) {
  const auto& [a, b] = left;
  return std::tie(a, b) == std::tie(right.topic, right.known);
}
inline auto fields(const RouteQueryRequest& message) {
  const auto& [a] = message;
  return std::tie(a);
}
inline bool operator==(const TopicError& left, const TopicError& right) {
  const auto& [a, b] = left;
  return std::tie(a, b) == std::tie(right.topic, right.error);
}
inline auto fields(const RouteQueryEnd& message) {
  const auto& [a, b, c, d, e] = message;
  return std::tie(a, b, c, d, e);
}
inline auto fields(const VersionedRoute& message) {
  const auto& [a, b] = message;
  return std::tie(a, b);
}
inline auto fields(const PageRequest& message) {
  const auto& [a, b, c] = message;
  return std::tie(a, b, c);
}
inline auto fields(const BrokerListing& message) {
  const auto& [a, b, c, d, e, f, g, h, i, j, k] = message;
  return std::tie(a, b, c, d, e, f, g, h, i, j, k);
}
inline bool operator==(const BrokerListing& left, const BrokerListing& right) {
  return fields(left) == fields(right);
}
inline auto fields(const BrokerPage& message) {
  const auto& [a, b] = message;
  return std::tie(a, b);
}
inline auto fields(const TopicListing& message) {
  const auto& [a, b, c, d] = message;
  return std::tie(a, b, c, d);
}
inline bool operator==(const TopicListing& left, const TopicListing& right) {
  return fields(left) == fields(right);
}
inline auto fields(const TopicPage& message) {
  const auto& [a, b] = message;
  return std::tie(a, b);
}
inline auto fields(const ClusterView& message) {
  const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = message;
  return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n);
}
inline auto fields(const ChangeReply& message) {
  const auto& [a] = message;
  return std::tie(a);
}
inline auto fields(const KvGetRequest& message) {
  const auto& [a, b] = message;
  return std::tie(a, b);
}
inline auto fields(const KvGetReply& message) {
  const auto& [a] = message;
  return std::tie(a);
}
inline auto fields(const KvListRequest& message) {
  const auto& [a, b, c] = message;
  return std::tie(a, b, c);
}
inline auto fields(const KvPage& message) {
  const auto& [a, b] = message;
  return std::tie(a, b);
}
inline auto fields(const KvPutRequest& message) {
  const auto& [a] = message;
  return std::tie(a);
}
inline auto fields(const KvDeleteRequest& message) {
  const auto& [a, b] = message;
  return std::tie(a, b);
}
inline auto fields(const OverridePage& message) {
  const auto& [a, b] = message;
  return std::tie(a, b);
}
inline auto fields(const SetOverrideRequest& message) {
  const auto& [a, b, c, d, e] = message;
  return std::tie(a, b, c, d, e);
}
inline auto fields(const ClearOverrideRequest& message) {
  const auto& [a] = message;
  return std::tie(a);
}
inline auto fields(const DeleteTopicRequest& message) {
  const auto& [a, b] = message;
  return std::tie(a, b);
}
inline auto fields(const DeleteTopicReply& message) {
  const auto& [a] = message;
  return std::tie(a);
}
inline auto fields(const SettingList& message) {
  const auto& [a] = message;
  return std::tie(a);
}
inline auto fields(const ChangeSettingRequest& message) {
  const auto& [a, b] = message;
  return std::tie(a, b);
}
// What has no comparison of its own.
inline bool operator==(const MemberListing& left, const MemberListing& right) {
  const auto& [a, b, c, d, e, f, g, h, i, j, k, l] = left;
  const auto& [p, q, r, s, t, u, v, w, x, y, z, o] = right;
  return std::tie(a, b, c, d, e, f, g, h, i, j, k, l) ==
         std::tie(p, q, r, s, t, u, v, w, x, y, z, o);
}
inline auto fields(const PeerAuth& message) {
  const auto& [a, b, c] = message;
  return std::tie(a, b, c);
}
inline auto fields(const PeerHeartbeat& message) {
  const auto& [a, b, c, d, e, f, g, h, i, j, k] = message;
  return std::tie(a, b, c, d, e, f, g, h, i, j, k);
}
inline auto fields(const HoldingsQuery& message) {
  const auto& [a] = message;
  return std::tie(a);
}
inline auto fields(const HoldingsPage& message) {
  const auto& [a, b, c, d] = message;
  return std::tie(a, b, c, d);
}
inline auto fields(const HoldingsChange& message) {
  const auto& [a, b, c] = message;
  return std::tie(a, b, c);
}
inline auto fields(const ContentQuery& message) {
  const auto& [a] = message;
  return std::tie(a);
}
inline auto fields(const HeldRegistration& message) {
  const auto& [a, b, c] = message;
  return std::tuple_cat(fields(a), std::tie(b, c));
}
inline auto fields(const PeerProbe& message) {
  const auto& [a, b, c] = message;
  return std::tie(a, b, c);
}
inline auto fields(const PeerProbeReply& message) {
  const auto& [a] = message;
  return std::tie(a);
}
inline auto fields(const HealMessage& message) {
  const auto& [a, b, c] = message;
  return std::tie(a, b, c);
}
inline auto fields(const HealStatusReply& message) {
  const auto& [a, b, c, d] = message;
  return std::tie(a, b, c, d);
}
inline auto fields(const ClusterMembers& message) {
  const auto& [a, b, c, d, e, f, g, h, i, j] = message;
  return std::tie(a, b, c, d, e, f, g, h, i, j);
}
inline auto fields(const PartitionList& message) {
  const auto& [a] = message;
  return std::tie(a);
}
inline auto fields(const ForgetPeerRequest& message) {
  const auto& [a, b] = message;
  return std::tie(a, b);
}
inline auto fields(const DrainNotice& message) {
  const auto& [a] = message;
  return std::tie(a);
}

}  // namespace waypost::model

namespace waypost::base {

inline auto fields(const Error& error) {
  const auto& [a, b, c] = error;
  return std::tie(a, b, c);
}

}  // namespace waypost::base

namespace waypost::codec {

template <typename Message>
bool same(const Message& left, const Message& right) {
  return fields(left) == fields(right);
}

inline std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

}  // namespace waypost::codec

#endif  // WAYPOST_TESTS_WIRE_CODEC_SAME_H_
