#include "benchmarks/driver/wire_format.h"

#include <bit>
#include <charconv>
#include <cstring>
#include <string_view>

#include "base/assert.h"
#include "wire/codec/frame.h"
#include "wire/codec/remoting/big_endian.h"
#include "wire/codec/remoting/frame.h"

namespace waypost::bench {
namespace {

static_assert(std::endian::native == std::endian::little,
              "frame headers are read and written in place");

constexpr std::size_t kNativeIdOffset = 8;
constexpr std::size_t kBinaryOpaqueOffset = remoting::kFrameHeadBytes + 5;
constexpr std::size_t kDigits = 10;

// How every successful answer without ext fields begins, ours and Java's.
constexpr std::string_view kPlainSuccess =
    R"({"code":0,"flag":1,"language":"JAVA","opaque":)";
constexpr std::string_view kSuccess = R"({"code":0,)";
constexpr std::string_view kOpaque = R"("opaque":)";

template <typename T>
T load(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

AnswerFrame read_native(std::span<const char> frame) {
  const auto kind =
      static_cast<codec::FrameKind>(load<std::uint16_t>(frame.data() + 4));
  const auto flags = load<std::uint16_t>(frame.data() + 6);
  AnswerFrame answer;
  answer.bytes = frame.size();
  answer.id = load<std::uint64_t>(frame.data() + kNativeIdOffset);
  answer.error = kind == codec::FrameKind::kError;
  answer.last = answer.error || (flags & codec::kFlagMore) == 0;
  return answer;
}

// Where a JSON header's opaque begins; 0 when it has none.
std::size_t opaque_offset(std::string_view header) {
  if (header.starts_with(kPlainSuccess)) return kPlainSuccess.size();
  const std::size_t at = header.find(kOpaque);
  return at == std::string_view::npos ? 0 : at + kOpaque.size();
}

AnswerFrame read_json(std::string_view header) {
  AnswerFrame answer;
  answer.error = !header.starts_with(kSuccess);
  const std::size_t at = opaque_offset(header);
  if (at > 0) {
    std::from_chars(header.data() + at, header.data() + header.size(),
                    answer.id);
  }
  return answer;
}

AnswerFrame read_binary(std::string_view header) {
  AnswerFrame answer;
  if (header.size() < 9) return answer;
  answer.error = remoting::load_i16(header.data()) != 0;
  answer.id = remoting::load_u32(header.data() + 5);
  return answer;
}

base::Result<std::optional<AnswerFrame>> take_remoting(
    std::span<const char> bytes) {
  const remoting::FrameScan scan = remoting::scan_frame(
      std::as_bytes(bytes), 4 * remoting::kFrameMaxBytesDefault);
  using Outcome = remoting::FrameScan::Outcome;
  if (scan.outcome == Outcome::kNeedMore) return std::nullopt;
  if (scan.outcome != Outcome::kFrame) {
    return base::fail(base::ErrorCode::kMalformed,
                      "the server's answer: " + std::string(scan.reason));
  }
  AnswerFrame answer =
      scan.frame.serialization == remoting::Serialization::kJson
          ? read_json(scan.frame.header)
          : read_binary(scan.frame.header);
  answer.bytes = scan.frame_bytes;
  return answer;
}

}  // namespace

std::size_t request_id_bytes(WireFormat format) {
  switch (format) {
    case WireFormat::kNative:
      return sizeof(std::uint64_t);
    case WireFormat::kRemoting:
      return kDigits;
    case WireFormat::kRemotingBinary:
      return sizeof(std::uint32_t);
  }
  return 0;
}

std::optional<std::size_t> find_request_id(WireFormat format,
                                           const std::string& frame) {
  if (format == WireFormat::kNative) return kNativeIdOffset;
  const remoting::FrameScan scan =
      remoting::scan_frame(std::as_bytes(std::span(frame)), frame.size());
  if (scan.outcome != remoting::FrameScan::Outcome::kFrame) {
    return std::nullopt;
  }
  if (format == WireFormat::kRemotingBinary) return kBinaryOpaqueOffset;
  const std::size_t at = opaque_offset(scan.frame.header);
  if (at == 0) return std::nullopt;
  const std::string_view digits = scan.frame.header.substr(at, kDigits + 1);
  if (digits.find_first_not_of("0123456789") != kDigits) return std::nullopt;
  return remoting::kFrameHeadBytes + at;
}

void put_request_id(WireFormat format, char* at, RequestId id) {
  switch (format) {
    case WireFormat::kNative: {
      const std::uint64_t wide = id;
      std::memcpy(at, &wide, sizeof wide);
      return;
    }
    case WireFormat::kRemoting: {
      const auto end = std::to_chars(at, at + kDigits, id);
      WAYPOST_ASSERT(end.ptr == at + kDigits);
      return;
    }
    case WireFormat::kRemotingBinary:
      remoting::store_u32(at, id);
      return;
  }
}

base::Result<std::optional<AnswerFrame>> take_answer_frame(
    WireFormat format, std::span<const char> bytes) {
  if (format != WireFormat::kNative) return take_remoting(bytes);
  if (bytes.size() < codec::kFrameHeaderBytes) return std::nullopt;
  const std::size_t size =
      codec::kFrameHeaderBytes + load<std::uint32_t>(bytes.data());
  if (bytes.size() < size) return std::nullopt;
  return read_native(bytes.first(size));
}

}  // namespace waypost::bench
