#ifndef WAYPOST_WIRE_RPC_REMOTING_SESSION_H_
#define WAYPOST_WIRE_RPC_REMOTING_SESSION_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "base/endpoint.h"
#include "wire/codec/remoting/frame.h"
#include "wire/transport/connection.h"

namespace waypost::rpc {

// The server's side of one connection that speaks RocketMQ's remoting protocol:
// finds frames, hands them to the handler, writes what it says. Loop thread
// only.
class RemotingSession {
 public:
  virtual ~RemotingSession() = default;

  // Writes whole frames. What is written for the frames of one read goes out in
  // one piece.
  virtual void write(std::string_view frames) = 0;

  // The peer breaks the protocol: no more frames are handed out; what was
  // written is sent, then the connection is closed. `why` goes to the log, as a
  // warning, with `detail`. The handler hears that the peer closed: this end is
  // its doing.
  virtual void refuse(std::string_view why, std::string_view detail) = 0;

  // The same without a word, and as our own doing.
  virtual void close() = 0;

  // The frame handed out last is answered later: each is followed by one
  // settle(), also when nothing is written for it. `alone`: no further frame is
  // handed out before that.
  virtual void expect(bool alone) = 0;
  virtual void settle() = 0;

  virtual const base::Endpoint& peer() const = 0;

  // Names the session for as long as it lives (Acceptor::find_remoting).
  virtual std::uint64_t id() const = 0;
};

// What is done with such a connection; one object for each, destroyed after
// on_closed.
class RemotingHandler {
 public:
  virtual ~RemotingHandler() = default;

  // One frame, its header not yet looked at. Valid during the call.
  virtual void on_frame(const remoting::FrameView& frame) = 0;

  // Nothing was read or written for AcceptorOptions::remoting_idle. Told again
  // after as much again where the handler does not close.
  virtual void on_idle() = 0;

  virtual void on_closed(transport::CloseReason reason) = 0;
};

// Makes the handler of a new connection, never null; the session outlives it.
using RemotingFactory =
    std::function<std::unique_ptr<RemotingHandler>(RemotingSession& session)>;

}  // namespace waypost::rpc

#endif  // WAYPOST_WIRE_RPC_REMOTING_SESSION_H_
