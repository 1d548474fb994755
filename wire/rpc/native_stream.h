#ifndef WAYPOST_WIRE_RPC_NATIVE_STREAM_H_
#define WAYPOST_WIRE_RPC_NATIVE_STREAM_H_

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "wire/rpc/acceptor.h"
#include "wire/rpc/log_throttle.h"
#include "wire/rpc/protocol_stream.h"
#include "wire/rpc/request_gate.h"
#include "wire/rpc/session.h"

namespace waypost::rpc {

// The native protocol on an accepted connection: preface, then requests to the
// handler that the factory makes once the preface is right. After refuse() or
// close() no more requests are handed out and nothing more is written.
//
// The path of a request takes no memory: frames are found in the connection's
// buffer, answers are written straight to the connection, which sends what was
// written for one read in one piece.
class NativeStream final : public ProtocolStream, public ServerSession {
 public:
  // Shared by all connections of an acceptor.
  struct Settings {
    const base::Clock& clock;
    std::size_t payload_max_bytes = codec::kPayloadMaxBytesDefault;
    SessionFactory factory;
    base::Logger logger{};
    LogThrottle refusals{};
    std::string scratch{};  // for frames put together

    // Logs that a peer was refused, but not every time when there are many.
    void log_refusal(std::string_view why, const base::Endpoint& peer,
                     std::string_view detail);
  };

  // Connection and settings must outlive the stream.
  NativeStream(std::uint64_t id, transport::Connection& connection,
               Settings& settings);

  std::size_t on_bytes(std::span<const std::byte> bytes) override;
  void on_closed(transport::CloseReason reason) override;
  bool established() const override { return established_; }
  ServerSession* session() override { return handler_ ? this : nullptr; }

  void reply(codec::FrameKind kind, std::uint16_t flags,
             std::uint64_t correlation_id, std::string_view payload) override;
  void write_frames(std::string_view frames) override;
  void reply_error(std::uint64_t correlation_id,
                   const base::Error& error) override;
  void refuse(std::uint64_t correlation_id, const base::Error& error) override;
  void push(codec::FrameKind kind, std::string_view payload) override;
  void expect(bool alone) override { gate_.expect(alone); }
  void settle() override { gate_.settle(); }
  std::size_t unsent_bytes() const override;
  void close() override;
  const base::Endpoint& peer() const override { return connection_.peer(); }
  std::uint64_t id() const override { return id_; }

 private:
  // Hands out one frame; false when there is none.
  bool take_frame(std::span<const std::byte> bytes, std::size_t& used);
  bool accept_preface(std::span<const std::byte> bytes);
  void on_request(const codec::FrameView& frame);
  void refuse_length(const codec::FrameScan& scan);

  const std::uint64_t id_;
  transport::Connection& connection_;
  Settings& settings_;
  RequestGate gate_;
  bool preface_seen_ = false;
  bool established_ = false;
  bool ending_ = false;
  std::unique_ptr<SessionHandler> handler_;
};

}  // namespace waypost::rpc

#endif  // WAYPOST_WIRE_RPC_NATIVE_STREAM_H_
