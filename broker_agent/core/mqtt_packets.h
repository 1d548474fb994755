#ifndef WAYPOST_BROKER_AGENT_CORE_MQTT_PACKETS_H_
#define WAYPOST_BROKER_AGENT_CORE_MQTT_PACKETS_H_

// The few MQTT 3.1.1 packets that a health probe speaks (OASIS standard of 29
// October 2014, sections 2.2, 3.1, 3.2, 3.12 and 3.13). Pure.

#include <cstdint>
#include <string>
#include <string_view>

namespace waypost::agent::mqtt {

// CONNECT with a clean session and no will, user or password. `client_id` has
// at most 23 letters and digits, which every server must accept.
std::string encode_connect(std::string_view client_id,
                           std::uint16_t keep_alive_seconds);
std::string encode_pingreq();

inline constexpr std::uint8_t kConnack = 2;
inline constexpr std::uint8_t kPublish = 3;
inline constexpr std::uint8_t kPingresp = 13;

// A look at the front of what a server sent.
struct PacketScan {
  enum class Outcome : std::uint8_t { kPacket, kNeedMore, kMalformed };
  Outcome outcome = Outcome::kNeedMore;
  std::uint8_t type = 0;  // the upper half of the first byte
  std::string_view body;  // into the scanned bytes
  std::size_t consumed = 0;
};
// A probe subscribes to nothing, so but for CONNACK and PINGRESP only PUBLISH
// may come, from servers that subscribe every client to something. All else,
// and what is longer than 64 KiB, is malformed here.
PacketScan scan_packet(std::string_view bytes);

// What a CONNACK's return code says about the broker.
struct ConnectOutcome {
  bool alive = false;    // it answers and serves
  bool session = false;  // and keeps the connection
  std::string detail;    // of a refusal
};
ConnectOutcome read_connack(std::string_view body);

}  // namespace waypost::agent::mqtt

#endif  // WAYPOST_BROKER_AGENT_CORE_MQTT_PACKETS_H_
