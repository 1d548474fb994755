#ifndef WAYPOST_WIRE_RPC_PROTOCOL_STREAM_H_
#define WAYPOST_WIRE_RPC_PROTOCOL_STREAM_H_

// The seam between an accepted connection and the protocol spoken on it. The
// service port speaks several, told apart by a connection's first byte.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/clock.h"
#include "wire/transport/connection.h"

namespace waypost::rpc {

class RemotingSession;
class ServerSession;

enum class Protocol : std::uint8_t {
  kNative,    // 'W', the preface
  kTls,       // 0x16, a ClientHello
  kRemoting,  // 0x00 to 0x15, a RocketMQ frame's big-endian length
  kUnknown,
};
Protocol sniff_protocol(std::byte first_byte);
std::string_view protocol_name(Protocol protocol);

// How long a peer may take to read the last frames before its connection is
// closed all the same.
inline constexpr base::Duration kFlushMax = std::chrono::seconds(1);

// One protocol on one accepted connection. Gets the connection's events;
// destroyed after on_closed.
class ProtocolStream {
 public:
  virtual ~ProtocolStream() = default;

  // As transport::ConnectionHandler::on_bytes, from the first byte on.
  virtual std::size_t on_bytes(std::span<const std::byte> bytes) = 0;
  virtual void on_closed(transport::CloseReason reason) = 0;

  // Whether a complete message has arrived: until then the connection is on
  // the clock of AcceptorOptions::first_frame_timeout.
  virtual bool established() const = 0;

  // For Acceptor::find and for_each; null while there is no native session.
  virtual ServerSession* session() = 0;

  // For Acceptor::find_remoting; null in other protocols.
  virtual RemotingSession* remoting() { return nullptr; }

  // Protocols whose idle connections are looked at: when bytes went either way
  // last, and the call when that is AcceptorOptions::remoting_idle ago.
  virtual base::Instant last_active() const { return {}; }
  virtual void on_idle() {}
};

}  // namespace waypost::rpc

#endif  // WAYPOST_WIRE_RPC_PROTOCOL_STREAM_H_
