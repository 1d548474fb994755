#ifndef WAYPOST_WIRE_CODEC_PEER_PAYLOAD_H_
#define WAYPOST_WIRE_CODEC_PEER_PAYLOAD_H_

// What the files of the peer messages share; no header of ours includes this
// one.

#include <vector>

#include "wire/codec/payload.h"
#include "wire/model/peer_messages.h"

namespace waypost::codec {

using TextOffset = flatbuffers::Offset<flatbuffers::String>;
using TextList = flatbuffers::Vector<TextOffset>;

flatbuffers::Offset<wire::PeerInfo> write_peer(Writer& writer,
                                               const model::PeerInfo& info);
model::PeerInfo read_peer(const wire::PeerInfo* in, Reader& reader,
                          std::string_view field);

flatbuffers::Offset<TextList> write_names(
    Writer& writer, const std::vector<model::PeerName>& names);
std::vector<model::PeerName> read_names(const TextList* in, Reader& reader,
                                        std::string_view field);
flatbuffers::Offset<TextList> write_texts(
    Writer& writer, const std::vector<std::string>& texts);
std::vector<std::string> read_texts(const TextList* in, Reader& reader,
                                    std::string_view field);
std::vector<base::Endpoint> read_endpoints(
    const flatbuffers::Vector<flatbuffers::Offset<wire::Endpoint>>* in,
    Reader& reader, std::string_view field);

inline wire::Digest to_wire(const model::SetDigest& digest) {
  return {digest.low, digest.high};
}
inline model::SetDigest set_digest(const wire::Digest* digest) {
  if (digest == nullptr) return {};
  return {digest->low(), digest->high()};
}

}  // namespace waypost::codec

#endif  // WAYPOST_WIRE_CODEC_PEER_PAYLOAD_H_
