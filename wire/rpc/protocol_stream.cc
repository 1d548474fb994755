#include "wire/rpc/protocol_stream.h"

namespace waypost::rpc {

Protocol sniff_protocol(std::byte first_byte) {
  constexpr unsigned kTlsHandshake = 0x16;
  const auto byte = std::to_integer<unsigned>(first_byte);
  if (byte == 'W') return Protocol::kNative;
  if (byte == kTlsHandshake) return Protocol::kTls;
  return byte < kTlsHandshake ? Protocol::kRemoting : Protocol::kUnknown;
}

std::string_view protocol_name(Protocol protocol) {
  switch (protocol) {
    case Protocol::kNative:
      return "native";
    case Protocol::kTls:
      return "TLS";
    case Protocol::kRemoting:
      return "RocketMQ remoting";
    case Protocol::kUnknown:
      break;
  }
  return "unknown";
}

}  // namespace waypost::rpc
