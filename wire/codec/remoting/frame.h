#ifndef WAYPOST_WIRE_CODEC_REMOTING_FRAME_H_
#define WAYPOST_WIRE_CODEC_REMOTING_FRAME_H_

// The outer layer of RocketMQ's remoting protocol, the same in both
// directions, all numbers big-endian:
//
//   offset 0  i32  total length: what follows these four bytes
//          4  u8   how the header is written: 0 JSON, 1 binary
//          5  u24  header length
//          8       header, then the body up to the total length

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace waypost::remoting {

// A frame's size with its length field, as the Java server counts it.
inline constexpr std::size_t kFrameMaxBytesDefault = 16 * 1024 * 1024;

// Length field, serialization and header length.
inline constexpr std::size_t kFrameHeadBytes = 8;

// How a header is written; a response follows its request.
enum class Serialization : std::uint8_t { kJson = 0, kBinary = 1 };

// One received frame, valid as long as the bytes it came from.
struct FrameView {
  Serialization serialization = Serialization::kJson;
  std::string_view header;
  std::string_view body;
};

// A look at the front of the received bytes.
struct FrameScan {
  enum class Outcome : std::uint8_t {
    kFrame,      // `frame` is set; its first `frame_bytes` bytes belong to it
    kNeedMore,   // incomplete: keep the bytes
    kTooLarge,   // longer than the limit: close the connection
    kMalformed,  // not this protocol: close the connection
  };
  Outcome outcome = Outcome::kNeedMore;
  FrameView frame;
  // With its length field, as soon as that has arrived; 0 before.
  std::size_t frame_bytes = 0;
  // For kTooLarge and kMalformed, static: "header length 5000 is above ...".
  std::string_view reason;
};

// A frame that can only turn out wrong is refused as soon as its first bytes
// tell. An empty header is refused: no header decodes from nothing.
FrameScan scan_frame(std::span<const std::byte> bytes,
                     std::size_t frame_max_bytes);

}  // namespace waypost::remoting

#endif  // WAYPOST_WIRE_CODEC_REMOTING_FRAME_H_
