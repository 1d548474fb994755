#ifndef WAYPOST_WIRE_CODEC_PEER_H_
#define WAYPOST_WIRE_CODEC_PEER_H_

// The messages of the cluster port, as native.h has those of the service port:
// the same rules for encode and decode.

#include <string>

#include "wire/codec/native.h"
#include "wire/model/cluster.h"
#include "wire/model/held_registration.h"
#include "wire/model/peer_messages.h"

namespace waypost::codec {

std::string encode(const model::PeerAuth& message);
std::string encode(const model::PeerHeartbeat& message);
std::string encode(const model::PeerProbe& message);
std::string encode(const model::PeerProbeReply& message);
std::string encode(const model::HealMessage& message);
std::string encode(const model::HealStatusReply& message);
std::string encode(const model::HoldingsQuery& message);
std::string encode(const model::HoldingsPage& message);
std::string encode(const model::HoldingsChange& message);
std::string encode(const model::ContentQuery& message);
std::string encode(const model::HeldRegistration& message);
std::string encode(const model::ClusterMembers& message);
std::string encode(const model::PartitionList& message);
std::string encode(const model::ForgetPeerRequest& message);

template <>
base::Result<model::PeerAuth> decode(Bytes payload, const DecodeLimits& limits);
template <>
base::Result<model::PeerHeartbeat> decode(Bytes payload,
                                          const DecodeLimits& limits);
template <>
base::Result<model::PeerProbe> decode(Bytes payload,
                                      const DecodeLimits& limits);
template <>
base::Result<model::PeerProbeReply> decode(Bytes payload,
                                           const DecodeLimits& limits);
template <>
base::Result<model::HealMessage> decode(Bytes payload,
                                        const DecodeLimits& limits);
template <>
base::Result<model::HealStatusReply> decode(Bytes payload,
                                            const DecodeLimits& limits);
template <>
base::Result<model::HoldingsQuery> decode(Bytes payload,
                                          const DecodeLimits& limits);
template <>
base::Result<model::HoldingsPage> decode(Bytes payload,
                                         const DecodeLimits& limits);
template <>
base::Result<model::HoldingsChange> decode(Bytes payload,
                                           const DecodeLimits& limits);
template <>
base::Result<model::ContentQuery> decode(Bytes payload,
                                         const DecodeLimits& limits);
template <>
base::Result<model::HeldRegistration> decode(Bytes payload,
                                             const DecodeLimits& limits);
template <>
base::Result<model::ClusterMembers> decode(Bytes payload,
                                           const DecodeLimits& limits);
template <>
base::Result<model::PartitionList> decode(Bytes payload,
                                          const DecodeLimits& limits);
template <>
base::Result<model::ForgetPeerRequest> decode(Bytes payload,
                                              const DecodeLimits& limits);

}  // namespace waypost::codec

#endif  // WAYPOST_WIRE_CODEC_PEER_H_
