#include "wire/codec/frame.h"

#include <cstring>
#include <vector>

#include <doctest/doctest.h>

namespace waypost::codec {
namespace {

std::vector<std::byte> bytes_of(std::string_view text) {
  std::vector<std::byte> bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

TEST_CASE("the preface is WPST, version 1 and zeros") {
  const Preface preface = encode_preface();
  CHECK(std::memcmp(preface.data(), "WPST\x01\0\0\0", 8) == 0);
  CHECK(check_preface(preface));
}

TEST_CASE("another magic is malformed, another version names the supported") {
  Preface preface = encode_preface();
  preface[3] = std::byte{'X'};
  CHECK(check_preface(preface).error().code == base::ErrorCode::kMalformed);

  preface = encode_preface();
  preface[4] = std::byte{2};
  const auto status = check_preface(preface);
  CHECK(status.error().code == base::ErrorCode::kUnsupported);
  CHECK(status.error().message ==
        "protocol version 2 is not spoken here; supported: 1");

  for (const std::size_t reserved : {5U, 6U, 7U}) {
    preface = encode_preface();
    preface[reserved] = std::byte{1};
    CHECK(check_preface(preface).error().code == base::ErrorCode::kUnsupported);
  }
}

TEST_CASE("a header's bytes are little-endian at their offsets") {
  const auto bytes = encode_frame_header(
      {0x04030208, FrameKind::kQueryRoutes, 0x0201, 0x8877665544332211U});
  const char* expected =
      "\x08\x02\x03\x04\x20\x00\x01\x02\x11\x22\x33\x44\x55\x66\x77\x88";
  CHECK(std::memcmp(bytes.data(), expected, bytes.size()) == 0);

  const FrameHeader header = decode_frame_header(bytes.data());
  CHECK(header.payload_bytes == 0x04030208);
  CHECK(header.kind == FrameKind::kQueryRoutes);
  CHECK(header.flags == 0x0201);
  CHECK(header.correlation_id == 0x8877665544332211U);
}

TEST_CASE("a frame's payload is padded to 8 with zeros") {
  for (std::size_t size = 0; size <= 17; ++size) {
    const std::string payload(size, 'x');
    const FrameBytes frame =
        make_frame(FrameKind::kPing, kFlagReply, 7, payload);
    CHECK(frame.size() % 8 == 0);
    CHECK(frame.size() < kFrameHeaderBytes + size + 8);
    CHECK(frame.substr(kFrameHeaderBytes, size) == payload);
    CHECK(frame.find_first_not_of('\0', kFrameHeaderBytes + size) ==
          std::string::npos);
    const auto bytes = bytes_of(frame);
    const FrameScan scan = scan_frame(bytes, 64);
    CHECK(scan.outcome == FrameScan::Outcome::kFrame);
    CHECK(scan.consumed == frame.size());
    CHECK(scan.frame.header.is_reply());
    CHECK_FALSE(scan.frame.header.has_more());
  }
}

TEST_CASE("a frame encoded once answers many correlation ids") {
  FrameBytes frame = make_frame(FrameKind::kRoute, 3, 1, "payload.");
  patch_correlation_id(frame.data(), 0xffeeddccbbaa9988U);
  CHECK(frame ==
        make_frame(FrameKind::kRoute, 3, 0xffeeddccbbaa9988U, "payload."));
}

TEST_CASE("every cut of a frame needs more, and a frame ends where it ends") {
  const std::string two = make_frame(FrameKind::kHello, 0, 1, "first...") +
                          make_frame(FrameKind::kPing, 0, 2, "second..");
  const auto bytes = bytes_of(two);
  const std::size_t first = kFrameHeaderBytes + 8;
  for (std::size_t cut = 0; cut < first; ++cut) {
    const auto scan = scan_frame({bytes.data(), cut}, 64);
    CHECK(scan.outcome == FrameScan::Outcome::kNeedMore);
    CHECK(scan.consumed == 0);
  }
  const auto scan = scan_frame(bytes, 64);
  CHECK(scan.consumed == first);
  CHECK(scan.frame.header.correlation_id == 1);
  CHECK(std::memcmp(scan.frame.payload.data(), "first...", 8) == 0);
  CHECK(scan.frame.payload.size() == 8);
}

TEST_CASE("a length above the limit or off the grid is told from the header") {
  const auto outcome = [](std::uint32_t payload_bytes) {
    const auto header =
        encode_frame_header({payload_bytes, FrameKind::kRegister, 0, 9});
    const auto scan = scan_frame(header, 64);
    CHECK(scan.frame.header.correlation_id == 9);
    return scan.outcome;
  };
  CHECK(outcome(64) == FrameScan::Outcome::kNeedMore);
  CHECK(outcome(72) == FrameScan::Outcome::kTooLarge);
  CHECK(outcome(0xfffffff8U) == FrameScan::Outcome::kTooLarge);
  CHECK(outcome(12) == FrameScan::Outcome::kMalformed);
  CHECK(outcome(0xffffffffU) == FrameScan::Outcome::kMalformed);
}

TEST_CASE("kinds have names, unknown ones their number") {
  CHECK(frame_kind_name(FrameKind::kQueryRoutes) == "query-routes");
  CHECK(frame_kind_name(FrameKind{4711}) == "kind-4711");
}

}  // namespace
}  // namespace waypost::codec
