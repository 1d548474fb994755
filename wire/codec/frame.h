#ifndef WAYPOST_WIRE_CODEC_FRAME_H_
#define WAYPOST_WIRE_CODEC_FRAME_H_

// The native protocol's outer layer. A connection opens with an 8-byte preface
// from the client:
//
//   offset 0  4 bytes  'W' 'P' 'S' 'T'
//          4  u8       version, 1
//          5  u8       flags, 0
//          6  u16      reserved, 0
//
// After it, in both directions, frames: a 16-byte little-endian header
//
//   offset 0  u32  payload length, a multiple of 8
//          4  u16  kind
//          6  u16  flags
//          8  u64  correlation id
//
// and the payload, one FlatBuffer padded to 8 with zeros. docs/protocol.md
// tells it to writers of other clients.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace waypost::codec {

inline constexpr std::size_t kPrefaceBytes = 8;
inline constexpr std::size_t kFrameHeaderBytes = 16;
inline constexpr std::uint8_t kProtocolVersion = 1;
inline constexpr std::size_t kPayloadMaxBytesDefault = 16 * 1024 * 1024;

// Numbers travel: never renumber, only add. A reply has its request's kind and
// kFlagReply, but for kRoute and kError.
enum class FrameKind : std::uint16_t {
  kError = 1,
  kHello = 2,
  kPing = 3,
  kDrainNotice = 4,  // pushed, correlation id 0
  kRegister = 16,
  kHeartbeat = 17,
  kVerdict = 18,
  kUnregister = 19,
  kHandover = 20,
  kObserve = 21,
  kQueryRoutes = 32,  // answered by kRoute frames, then kQueryRoutes (END)
  kRoute = 33,
  kWatchRoutes = 34,  // answered as kQueryRoutes; later kRoute, kWatchRoutes
                      // are pushed
  kListBrokers = 48,
  kListTopics = 49,
  kClusterView = 50,
  kKvGet = 64,
  kKvList = 65,
  kKvPut = 66,
  kKvDelete = 67,
  kListOverrides = 72,
  kSetOverride = 73,
  kClearOverride = 74,
  kDeleteTopic = 80,
  kListSettings = 88,
  kChangeSetting = 89,
  // Cluster port only.
  kPeerAuth = 128,
  kPeerHeartbeat = 129,
  kPeerProbe = 130,
  kPeerHeal = 131,
  kPeerHealStatus = 132,
  kHoldings = 133,  // answered by pages
  kHoldingsChange = 134,
  kHeldRegistrations = 135,  // answered by one frame each, then an empty one
  kClusterMembers = 144,
  kListPartitions = 145,
  kClearPartitions = 146,
  kForgetPeer = 147,
};
std::string frame_kind_name(FrameKind kind);

inline constexpr std::uint16_t kFlagReply = 1;  // from server to client
inline constexpr std::uint16_t kFlagMore = 2;   // more frames of this answer

struct FrameHeader {
  std::uint32_t payload_bytes = 0;
  FrameKind kind = FrameKind::kError;
  std::uint16_t flags = 0;
  std::uint64_t correlation_id = 0;

  bool is_reply() const { return (flags & kFlagReply) != 0; }
  bool has_more() const { return (flags & kFlagMore) != 0; }
};

// One received frame; the payload is valid as long as the bytes it came from.
struct FrameView {
  FrameHeader header;
  std::span<const std::byte> payload;  // 8-aligned when the input was
};

using Preface = std::array<std::byte, kPrefaceBytes>;
Preface encode_preface();

// Checks the first 8 bytes of a connection.
base::Status check_preface(std::span<const std::byte> bytes);

std::array<std::byte, kFrameHeaderBytes> encode_frame_header(
    const FrameHeader& header);
FrameHeader decode_frame_header(const std::byte* bytes);

// A look at the front of the received bytes.
struct FrameScan {
  enum class Outcome : std::uint8_t {
    kFrame,      // `frame` is set; `consumed` bytes belong to it
    kNeedMore,   // incomplete: keep the bytes
    kTooLarge,   // the payload's length is above the limit
    kMalformed,  // the payload's length is no multiple of 8
  };
  Outcome outcome = Outcome::kNeedMore;
  FrameView frame;  // for kTooLarge and kMalformed only the header is set
  std::size_t consumed = 0;
};
FrameScan scan_frame(std::span<const std::byte> bytes,
                     std::size_t payload_max_bytes);

// A whole frame ready to send: header, payload, padding. The correlation id can
// be patched, so that a frame encoded once can answer many requests; so can the
// flags.
using FrameBytes = std::string;
void patch_flags(char* frame, std::uint16_t flags);
void patch_correlation_id(char* frame, std::uint64_t correlation_id);
FrameBytes make_frame(FrameKind kind, std::uint16_t flags,
                      std::uint64_t correlation_id, std::string_view payload);

}  // namespace waypost::codec

#endif  // WAYPOST_WIRE_CODEC_FRAME_H_
