#include "wire/codec/frame.h"

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstring>

#include "base/assert.h"

namespace waypost::codec {
namespace {

constexpr std::string_view kMagic = "WPST";
constexpr std::size_t kFlagsOffset = 6;
constexpr std::size_t kCorrelationIdOffset = 8;

// The header is read for every request: numbers are copied as they are.
static_assert(std::endian::native == std::endian::little,
              "a big-endian host must swap the header's numbers");

template <std::unsigned_integral T>
void store(T value, char* out) {
  std::memcpy(out, &value, sizeof(T));
}

template <std::unsigned_integral T>
T load(const std::byte* in) {
  T value = 0;
  std::memcpy(&value, in, sizeof(T));
  return value;
}

void store_header(const FrameHeader& header, char* out) {
  store(header.payload_bytes, out);
  store(static_cast<std::uint16_t>(header.kind), out + 4);
  store(header.flags, out + kFlagsOffset);
  store(header.correlation_id, out + kCorrelationIdOffset);
}

}  // namespace

std::string frame_kind_name(FrameKind kind) {
  switch (kind) {
    case FrameKind::kError:
      return "error";
    case FrameKind::kHello:
      return "hello";
    case FrameKind::kPing:
      return "ping";
    case FrameKind::kDrainNotice:
      return "drain-notice";
    case FrameKind::kRegister:
      return "register";
    case FrameKind::kHeartbeat:
      return "heartbeat";
    case FrameKind::kVerdict:
      return "verdict";
    case FrameKind::kUnregister:
      return "unregister";
    case FrameKind::kHandover:
      return "handover";
    case FrameKind::kObserve:
      return "observe";
    case FrameKind::kQueryRoutes:
      return "query-routes";
    case FrameKind::kRoute:
      return "route";
    case FrameKind::kWatchRoutes:
      return "watch-routes";
    case FrameKind::kListBrokers:
      return "list-brokers";
    case FrameKind::kListTopics:
      return "list-topics";
    case FrameKind::kClusterView:
      return "cluster-view";
    case FrameKind::kKvGet:
      return "kv-get";
    case FrameKind::kKvList:
      return "kv-list";
    case FrameKind::kKvPut:
      return "kv-put";
    case FrameKind::kKvDelete:
      return "kv-delete";
    case FrameKind::kListOverrides:
      return "list-overrides";
    case FrameKind::kSetOverride:
      return "set-override";
    case FrameKind::kClearOverride:
      return "clear-override";
    case FrameKind::kDeleteTopic:
      return "delete-topic";
    case FrameKind::kListSettings:
      return "list-settings";
    case FrameKind::kChangeSetting:
      return "change-setting";
    case FrameKind::kPeerAuth:
      return "peer-auth";
    case FrameKind::kPeerHeartbeat:
      return "peer-heartbeat";
    case FrameKind::kPeerProbe:
      return "peer-probe";
    case FrameKind::kPeerHeal:
      return "peer-heal";
    case FrameKind::kPeerHealStatus:
      return "peer-heal-status";
    case FrameKind::kHoldings:
      return "holdings";
    case FrameKind::kHoldingsChange:
      return "holdings-change";
    case FrameKind::kHeldRegistrations:
      return "held-registrations";
    case FrameKind::kClusterMembers:
      return "cluster-members";
    case FrameKind::kListPartitions:
      return "list-partitions";
    case FrameKind::kClearPartitions:
      return "clear-partitions";
    case FrameKind::kForgetPeer:
      return "forget-peer";
  }
  return "kind-" + std::to_string(static_cast<std::uint16_t>(kind));
}

Preface encode_preface() {
  Preface preface{};
  std::transform(kMagic.begin(), kMagic.end(), preface.begin(),
                 [](char letter) { return static_cast<std::byte>(letter); });
  preface[kMagic.size()] = std::byte{kProtocolVersion};
  return preface;
}

base::Status check_preface(std::span<const std::byte> bytes) {
  WAYPOST_ASSERT(bytes.size() >= kPrefaceBytes);
  if (std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0) {
    return base::fail(base::ErrorCode::kMalformed,
                      "the connection does not open with 'WPST'",
                      "is this a Waypost client?");
  }
  const auto version = std::to_integer<unsigned>(bytes[4]);
  if (version != kProtocolVersion) {
    return base::fail(base::ErrorCode::kUnsupported,
                      "protocol version " + std::to_string(version) +
                          " is not spoken here; supported: " +
                          std::to_string(kProtocolVersion),
                      "use a client of the same protocol version");
  }
  const bool plain = std::all_of(bytes.begin() + 5, bytes.begin() + 8,
                                 [](std::byte b) { return b == std::byte{0}; });
  if (!plain) {
    return base::fail(base::ErrorCode::kUnsupported,
                      "the preface has flags that version " +
                          std::to_string(kProtocolVersion) + " does not know",
                      "send zeros after the version");
  }
  return {};
}

std::array<std::byte, kFrameHeaderBytes> encode_frame_header(
    const FrameHeader& header) {
  std::array<char, kFrameHeaderBytes> chars;
  store_header(header, chars.data());
  std::array<std::byte, kFrameHeaderBytes> bytes;
  std::memcpy(bytes.data(), chars.data(), bytes.size());
  return bytes;
}

FrameHeader decode_frame_header(const std::byte* bytes) {
  FrameHeader header;
  header.payload_bytes = load<std::uint32_t>(bytes);
  header.kind = FrameKind{load<std::uint16_t>(bytes + 4)};
  header.flags = load<std::uint16_t>(bytes + 6);
  header.correlation_id = load<std::uint64_t>(bytes + kCorrelationIdOffset);
  return header;
}

FrameScan scan_frame(std::span<const std::byte> bytes,
                     std::size_t payload_max_bytes) {
  FrameScan scan;
  if (bytes.size() < kFrameHeaderBytes) return scan;
  scan.frame.header = decode_frame_header(bytes.data());
  const std::size_t payload_bytes = scan.frame.header.payload_bytes;
  if (payload_bytes % 8 != 0) {
    scan.outcome = FrameScan::Outcome::kMalformed;
    return scan;
  }
  if (payload_bytes > payload_max_bytes) {
    scan.outcome = FrameScan::Outcome::kTooLarge;
    return scan;
  }
  if (bytes.size() - kFrameHeaderBytes < payload_bytes) return scan;
  scan.outcome = FrameScan::Outcome::kFrame;
  scan.frame.payload = bytes.subspan(kFrameHeaderBytes, payload_bytes);
  scan.consumed = kFrameHeaderBytes + payload_bytes;
  return scan;
}

void patch_flags(char* frame, std::uint16_t flags) {
  store(flags, frame + kFlagsOffset);
}

void patch_correlation_id(char* frame, std::uint64_t correlation_id) {
  store(correlation_id, frame + kCorrelationIdOffset);
}

FrameBytes make_frame(FrameKind kind, std::uint16_t flags,
                      std::uint64_t correlation_id, std::string_view payload) {
  const std::size_t padded = (payload.size() + 7) / 8 * 8;
  FrameBytes frame;
  frame.reserve(kFrameHeaderBytes + padded);
  frame.resize(kFrameHeaderBytes);
  store_header(
      {static_cast<std::uint32_t>(padded), kind, flags, correlation_id},
      frame.data());
  frame += payload;
  frame.resize(kFrameHeaderBytes + padded, '\0');
  return frame;
}

}  // namespace waypost::codec
