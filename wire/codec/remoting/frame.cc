#include "wire/codec/remoting/frame.h"

#include "wire/codec/remoting/big_endian.h"

namespace waypost::remoting {
namespace {

constexpr std::size_t kLengthBytes = 4;

FrameScan refuse(FrameScan::Outcome outcome, std::string_view reason) {
  FrameScan scan;
  scan.outcome = outcome;
  scan.reason = reason;
  return scan;
}

}  // namespace

FrameScan scan_frame(std::span<const std::byte> bytes,
                     std::size_t frame_max_bytes) {
  FrameScan scan;
  if (bytes.size() < kLengthBytes) return scan;
  const std::string_view input(reinterpret_cast<const char*>(bytes.data()),
                               bytes.size());
  const std::size_t length = load_u32(input.data());
  if (length > INT32_MAX) {
    return refuse(FrameScan::Outcome::kMalformed, "a negative frame length");
  }
  if (length + kLengthBytes > frame_max_bytes) {
    scan = refuse(FrameScan::Outcome::kTooLarge,
                  "the frame is longer than the limit");
    scan.frame_bytes = length + kLengthBytes;
    return scan;
  }
  if (length < kFrameHeadBytes - kLengthBytes) {
    return refuse(FrameScan::Outcome::kMalformed,
                  "a frame without room for a header");
  }
  scan.frame_bytes = length + kLengthBytes;
  if (input.size() < kFrameHeadBytes) return scan;
  const auto kind = static_cast<unsigned char>(input[kLengthBytes]);
  if (kind > static_cast<unsigned>(Serialization::kBinary)) {
    return refuse(FrameScan::Outcome::kMalformed,
                  "an unknown header serialization");
  }
  const std::size_t header = load_u32(&input[kLengthBytes]) & 0xFFFFFFU;
  if (header == 0) {
    return refuse(FrameScan::Outcome::kMalformed, "an empty header");
  }
  if (header > scan.frame_bytes - kFrameHeadBytes) {
    return refuse(FrameScan::Outcome::kMalformed,
                  "the header is longer than its frame");
  }
  if (input.size() < scan.frame_bytes) return scan;
  scan.outcome = FrameScan::Outcome::kFrame;
  scan.frame.serialization = Serialization{kind};
  scan.frame.header = input.substr(kFrameHeadBytes, header);
  scan.frame.body = input.substr(kFrameHeadBytes + header,
                                 scan.frame_bytes - kFrameHeadBytes - header);
  return scan;
}

}  // namespace waypost::remoting
