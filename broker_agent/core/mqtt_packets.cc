#include "broker_agent/core/mqtt_packets.h"

#include <algorithm>

namespace waypost::agent::mqtt {
namespace {

constexpr std::size_t kRemainingMaxBytes = 64 * 1024;

void add_u16(std::string& bytes, std::size_t number) {
  bytes += static_cast<char>((number >> 8U) & 0xffU);
  bytes += static_cast<char>(number & 0xffU);
}

}  // namespace

std::string encode_connect(std::string_view client_id,
                           std::uint16_t keep_alive_seconds) {
  client_id = client_id.substr(0, 23);
  std::string body;
  add_u16(body, 4);
  body += "MQTT";
  body += '\x04';  // protocol level of 3.1.1
  body += '\x02';  // clean session
  add_u16(body, keep_alive_seconds);
  add_u16(body, client_id.size());
  body += client_id;
  // At most 35 bytes: the remaining length takes one byte.
  std::string packet = "\x10";
  packet += static_cast<char>(body.size());
  return packet + body;
}

std::string encode_pingreq() { return std::string("\xc0\0", 2); }

PacketScan scan_packet(std::string_view bytes) {
  PacketScan scan;
  if (bytes.empty()) return scan;
  const auto first = static_cast<unsigned char>(bytes[0]);
  scan.type = static_cast<std::uint8_t>(first >> 4U);
  const bool asked_for = scan.type == kConnack || scan.type == kPingresp;
  if ((!asked_for && scan.type != kPublish) ||
      (asked_for && (first & 0x0fU) != 0)) {
    scan.outcome = PacketScan::Outcome::kMalformed;
    return scan;
  }
  std::size_t remaining = 0;
  std::size_t at = 1;
  for (unsigned shift = 0;; shift += 7) {
    if (at == bytes.size()) return scan;
    const auto byte = static_cast<unsigned char>(bytes[at++]);
    remaining |= static_cast<std::size_t>(byte & 0x7fU) << shift;
    if ((byte & 0x80U) == 0) break;
    if (shift == 21) {
      scan.outcome = PacketScan::Outcome::kMalformed;
      return scan;
    }
  }
  if (remaining > kRemainingMaxBytes) {
    scan.outcome = PacketScan::Outcome::kMalformed;
    return scan;
  }
  if (bytes.size() - at < remaining) return scan;
  scan.outcome = PacketScan::Outcome::kPacket;
  scan.body = bytes.substr(at, remaining);
  scan.consumed = at + remaining;
  return scan;
}

ConnectOutcome read_connack(std::string_view body) {
  if (body.size() != 2) return {false, false, "a CONNACK of wrong length"};
  switch (static_cast<unsigned char>(body[1])) {
    case 0:
      return {true, true, {}};
    case 1:
      return {false, false, "CONNACK: protocol 3.1.1 is refused"};
    case 2:
      return {false, false, "CONNACK: the client id is refused"};
    case 3:
      return {false, false, "CONNACK: server unavailable"};
    case 4:
    case 5:
      // It wants a login, which says that it is alive and well.
      return {true, false, {}};
    default:
      return {false, false,
              "CONNACK: unknown return code " +
                  std::to_string(static_cast<unsigned char>(body[1]))};
  }
}

}  // namespace waypost::agent::mqtt
