#include "wire/codec/remoting/frame.h"

#include <string>

#include <doctest/doctest.h>

#include "tests/wire/codec/remoting/recordings.h"

namespace waypost::remoting {
namespace {

using Outcome = FrameScan::Outcome;

std::string raw_frame(std::uint32_t length, std::uint32_t header_word,
                      std::string_view rest) {
  std::string bytes;
  for (const std::uint32_t word : {length, header_word}) {
    for (int shift = 24; shift >= 0; shift -= 8) {
      bytes.push_back(static_cast<char>(word >> shift));
    }
  }
  return bytes += rest;
}

FrameScan scan(std::string_view bytes,
               std::size_t frame_max_bytes = kFrameMaxBytesDefault) {
  return scan_frame(bytes_of(bytes), frame_max_bytes);
}

TEST_CASE("a frame is header and body, and what follows is left alone") {
  const std::string bytes =
      raw_frame(4 + 3 + 5, 0x01000003, "abchello") + "next frame";
  const FrameScan found = scan(bytes);
  REQUIRE(found.outcome == Outcome::kFrame);
  CHECK(found.frame.serialization == Serialization::kBinary);
  CHECK(found.frame.header == "abc");
  CHECK(found.frame.body == "hello");
  CHECK(found.frame_bytes == 16);
}

TEST_CASE("every shorter piece needs more, and tells the size once it can") {
  const std::string bytes = raw_frame(4 + 3 + 5, 3, "abchello");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const FrameScan found = scan(std::string_view(bytes).substr(0, size));
    CHECK(found.outcome == Outcome::kNeedMore);
    CHECK(found.frame_bytes == (size < 4 ? 0 : bytes.size()));
  }
}

TEST_CASE("the limit counts the length field") {
  const auto outcome = [](std::uint32_t length, std::size_t limit) {
    return scan(raw_frame(length, 1, ""), limit).outcome;
  };
  CHECK(outcome(kFrameMaxBytesDefault - 4, kFrameMaxBytesDefault) ==
        Outcome::kNeedMore);
  CHECK(outcome(kFrameMaxBytesDefault - 3, kFrameMaxBytesDefault) ==
        Outcome::kTooLarge);
  CHECK(outcome(kFrameMaxBytesDefault, 2 * kFrameMaxBytesDefault) ==
        Outcome::kNeedMore);
  CHECK(scan(raw_frame(100, 1, ""), 50).frame_bytes == 104);
  // The length alone is enough.
  CHECK(scan(raw_frame(0x7fffffff, 1, "").substr(0, 4)).outcome ==
        Outcome::kTooLarge);
}

TEST_CASE("what can be no frame is refused as soon as it shows") {
  const auto refusal = [](const std::string& bytes) {
    const FrameScan found = scan(bytes);
    CHECK(found.outcome == Outcome::kMalformed);
    return std::string(found.reason);
  };
  CHECK(refusal(raw_frame(0x80000000, 0, "").substr(0, 4)) ==
        "a negative frame length");
  CHECK(refusal(raw_frame(0xffffffff, 0, "")) == "a negative frame length");
  for (const std::uint32_t length : {0U, 1U, 3U}) {
    CHECK(refusal(raw_frame(length, 0, "").substr(0, 4)) ==
          "a frame without room for a header");
  }
  CHECK(refusal(raw_frame(4, 0, "")) == "an empty header");
  CHECK(refusal(raw_frame(100, 0, "")) == "an empty header");
  CHECK(refusal(raw_frame(100, 0x02000001, "")) ==
        "an unknown header serialization");
  CHECK(refusal(raw_frame(100, 0xff000001, "")) ==
        "an unknown header serialization");
  CHECK(refusal(raw_frame(100, 97, "")) ==
        "the header is longer than its "
        "frame");
  CHECK(scan(raw_frame(100, 96, "")).outcome == Outcome::kNeedMore);
}

}  // namespace
}  // namespace waypost::remoting
