#include "wire/rpc/protocol_stream.h"

namespace waypost::rpc {

Protocol sniff_protocol(std::byte first_byte) {
  switch (std::to_integer<unsigned>(first_byte)) {
    case 'W':
      return Protocol::kNative;
    case 0x16:
      return Protocol::kTls;
    case 0x00:
    case 0x01:
      return Protocol::kRemoting;
    default:
      return Protocol::kUnknown;
  }
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
