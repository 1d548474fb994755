#ifndef WAYPOST_WIRE_RPC_ACCEPTED_CONNECTION_H_
#define WAYPOST_WIRE_RPC_ACCEPTED_CONNECTION_H_

#include <cstdint>
#include <memory>

#include "wire/rpc/native_stream.h"
#include "wire/rpc/protocol_stream.h"
#include "wire/rpc/remoting_stream.h"
#include "wire/transport/connection.h"

namespace waypost::rpc {

// One accepted connection: looks at the first byte, then hands everything to
// the stream of that protocol. Loop thread only.
class AcceptedConnection final : public transport::ConnectionHandler {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    // The connection speaks a protocol whose idle connections are looked at.
    virtual void watch_idle(std::uint64_t id) = 0;
    // It has ended; destroys the object.
    virtual void forget(std::uint64_t id) = 0;
  };

  // What all connections of an acceptor share.
  struct Protocols {
    NativeStream::Settings native;
    RemotingStream::Settings remoting;  // without a factory: not spoken
  };

  // Owner and protocols must outlive it.
  AcceptedConnection(std::uint64_t id,
                     std::unique_ptr<transport::Connection> connection,
                     Owner& owner, Protocols& protocols);
  ~AcceptedConnection() override;
  AcceptedConnection(const AcceptedConnection&) = delete;
  AcceptedConnection& operator=(const AcceptedConnection&) = delete;

  void start() { connection_->start(this); }

  // Sends an error frame without knowing what the peer speaks, and closes.
  void refuse(const base::Error& error);

  // Closes once what has been written is sent, or after a second.
  void close_after_flush();
  void close();

  bool established() const { return stream_ && stream_->established(); }
  ServerSession* session() { return stream_ ? stream_->session() : nullptr; }
  RemotingSession* remoting() {
    return stream_ ? stream_->remoting() : nullptr;
  }
  base::Instant last_active() const { return stream_->last_active(); }
  void on_idle() { stream_->on_idle(); }

  std::size_t on_bytes(std::span<const std::byte> bytes) override;
  void on_closed(transport::CloseReason reason,
                 const base::Error& error) override;

 private:
  // The stream for what the first byte announces; null after refusing it.
  std::unique_ptr<ProtocolStream> choose_stream(std::byte first_byte);

  const std::uint64_t id_;
  Owner& owner_;
  Protocols& protocols_;
  bool closed_ = false;
  // The stream refers to the connection.
  std::unique_ptr<transport::Connection> connection_;
  std::unique_ptr<ProtocolStream> stream_;
};

}  // namespace waypost::rpc

#endif  // WAYPOST_WIRE_RPC_ACCEPTED_CONNECTION_H_
