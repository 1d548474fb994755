#ifndef WAYPOST_WIRE_RPC_REMOTING_STREAM_H_
#define WAYPOST_WIRE_RPC_REMOTING_STREAM_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/clock.h"
#include "base/log.h"
#include "wire/rpc/large_frame_gate.h"
#include "wire/rpc/log_throttle.h"
#include "wire/rpc/protocol_stream.h"
#include "wire/rpc/remoting_session.h"
#include "wire/rpc/request_gate.h"

namespace waypost::rpc {

// The remoting protocol on an accepted connection, as far as frames go
// (wire/codec/remoting/frame.h). As the Java server: what cannot be a frame, or
// is one above the limit, closes the connection without an answer. What a frame
// says is the handler's business.
class RemotingStream final : public ProtocolStream,
                             public RemotingSession,
                             private LargeFrameGate::Waiter {
 public:
  // Larger frames would begin like a TLS connection.
  static constexpr std::size_t kFrameMaxLimit = 256UL * 1024 * 1024;

  // Shared by all connections of an acceptor.
  struct Settings {
    const base::Clock& clock;
    std::size_t frame_max_bytes = remoting::kFrameMaxBytesDefault;
    RemotingFactory factory{};
    base::Logger logger{};
    LogThrottle refusals{};
    LargeFrameGate large_frames;
  };

  // Connection and settings must outlive the stream.
  RemotingStream(std::uint64_t id, transport::Connection& connection,
                 Settings& settings);

  std::size_t on_bytes(std::span<const std::byte> bytes) override;
  void on_closed(transport::CloseReason reason) override;
  bool established() const override { return established_; }
  ServerSession* session() override { return nullptr; }
  RemotingSession* remoting() override { return this; }
  base::Instant last_active() const override { return last_active_; }
  void on_idle() override;

  void write(std::string_view frames) override;
  void refuse(std::string_view why, std::string_view detail) override;
  void close() override;
  void expect(bool alone) override;
  void settle() override;
  const base::Endpoint& peer() const override { return connection_.peer(); }
  std::uint64_t id() const override { return id_; }

 private:
  // Hands out one frame; false when there is none.
  bool take_frame(std::span<const std::byte> bytes, std::size_t& used);
  void hand_out(const remoting::FrameScan& scan);
  void wait_for_turn(std::size_t frame_bytes);
  void on_turn() override;
  void end_large_work();
  void warn_and_close(std::string_view why, std::string_view detail);

  const std::uint64_t id_;
  transport::Connection& connection_;
  Settings& settings_;
  RequestGate gate_;
  bool established_ = false;
  bool ending_ = false;
  bool peer_at_fault_ = false;
  bool has_turn_ = false;       // to read a large frame
  bool handing_large_ = false;  // while the handler gets one
  bool large_at_work_ = false;  // until it is settled
  base::Instant last_active_;
  std::unique_ptr<RemotingHandler> handler_;
};

}  // namespace waypost::rpc

#endif  // WAYPOST_WIRE_RPC_REMOTING_STREAM_H_
